import { hash } from 'node:crypto';
import { isSealedBody } from '@sallyport/contracts';
import {
  createFrontier,
  hashLeaf,
  parseSignedCheckpoint,
  parseVerifierKey,
  verifyConsistency,
  verifyNote,
} from '@sallyport/merkle-log';
import type { Checkpoint, Frontier } from '@sallyport/merkle-log';
import { cosignaturesOf } from '../evidence.ts';
import type { EvidenceWitness } from '../evidence.ts';
import { openWith } from '../evidence-openings.ts';
import { decodeLeaf } from '../leaf.ts';
import type { Leaf } from '../leaf.ts';
import {
  hexOf,
  maxRangeEntries,
  maxRangeHeadCharacters,
  parseRangeEntry,
  parseRangeHead,
  rangeEnd,
} from './range-format.ts';
import type { RangeClaim, RangeEntry, RangeHead } from './range-format.ts';
import { sourceIdOf } from './source-opening.ts';

/** What is checked; a refusal names the first that fails. */
export type RangeCheck = 'form' | 'key' | 'signature' | 'sources' | 'entry' | 'claim' | 'tree';

export type RangeRefusal = { readonly ok: false; readonly check: RangeCheck; readonly reason: string };

/** An event of the claim whose content is in the file. */
export type RangeEvent = {
  readonly index: number;
  readonly receivedAtMs: number;
  readonly classUid: number;
  /** Undefined where the file does not name the source. */
  readonly source: string | undefined;
  readonly matches: boolean;
  /** As recorded; texts that were sealed for themselves and that nobody opens here read `[sealed]`. */
  readonly body: Uint8Array;
};

export type RangeCounts = {
  /** Leaves in the file; `blocks` of them are blocks' own. */
  readonly entries: number;
  readonly blocks: number;
  readonly claimed: number;
  /** Of the claimed: here with content, of these marked as fitting the query, and without content for each reason. */
  readonly shown: number;
  readonly matching: number;
  readonly unmatched: number;
  readonly erased: number;
  readonly withheld: number;
  /** Sources whose names the file does not give, with events that would belong to the claim but for their source. */
  readonly unnamedSources: number;
  readonly unnamedEvents: number;
};

export type VerifiedRange = {
  readonly ok: true;
  readonly origin: string;
  readonly treeSize: number;
  readonly from: number;
  readonly to: number;
  readonly claim: RangeClaim;
  readonly counts: RangeCounts;
  readonly verifierKey: string;
  readonly keyGiven: boolean;
  readonly witnesses: readonly EvidenceWitness[];
  readonly checkpoint: string;
};

export type RangeVerification = VerifiedRange | RangeRefusal;

/**
 * Checks range evidence line by line, in bounded memory: each body hashes into its leaf, all leaves of the range follow each
 * other without a gap and lead with the rest of the tree to the signed root, and no event that belongs to the claim is passed
 * over. The file is an attacker's. Never throws but what `onEvent` does. Events are handed over before the end says whether the
 * file verifies.
 */
export type RangeVerifier = {
  /** A line without its end. Undefined unless the file is refused already. */
  line(text: string): RangeRefusal | undefined;
  /** After the last line. */
  end(): RangeVerification;
};

type Reading = {
  readonly head: RangeHead;
  readonly checkpoint: Checkpoint;
  readonly witnesses: readonly EvidenceWitness[];
  readonly tree: Frontier;
  readonly names: ReadonlyMap<string, string>;
  readonly claimedIds: ReadonlySet<string>;
  readonly classes: ReadonlySet<number>;
};

class Refused extends Error {
  readonly check: RangeCheck;
  constructor(check: RangeCheck, reason: string) {
    super(reason);
    this.check = check;
  }
}

export function createRangeVerifier(options: {
  readonly verifierKey?: string;
  readonly onEvent?: (event: RangeEvent) => void;
}): RangeVerifier {
  let headLines: string[] = [];
  let headCharacters = 0;
  let reading: Reading | undefined;
  let refusal: RangeRefusal | undefined;
  let isEnded = false;
  /** Of the block at hand: its id, and how many events came. */
  let block: { readonly id: Uint8Array; events: number } | undefined;
  let firstMs: number | undefined;
  let lastMs = 0;
  const unnamed = new Set<string>();
  const counts = {
    entries: 0,
    blocks: 0,
    claimed: 0,
    shown: 0,
    matching: 0,
    unmatched: 0,
    erased: 0,
    withheld: 0,
    unnamedEvents: 0,
  };

  const readHeadLine = (text: string): void => {
    headLines.push(text);
    headCharacters += text.length + 1;
    if (headCharacters > maxRangeHeadCharacters) throw new Refused('form', 'The head of the file is too long');
    if (text !== '') return;
    reading = openHead(parseRangeHead(`${headLines.join('\n')}\n`), options.verifierKey);
    headLines = [];
  };

  const readEntry = (now: Reading, text: string): void => {
    const entry = parseRangeEntry(text);
    const leaf = decodeLeaf(entry.leaf);
    const index = now.tree.size;
    if (index >= now.head.to) throw new Refused('form', `The file goes on behind entry ${now.head.to - 1}`);
    if (leaf.receivedAtMs < lastMs) throw new Refused('claim', `Entry ${index} is older than the one before it`);
    firstMs ??= leaf.receivedAtMs;
    lastMs = leaf.receivedAtMs;
    followBlock(leaf, index);
    if ((leaf.kind === 'block') !== (entry.kind === 'block'))
      throw new Refused('entry', `Entry ${index} is not of the kind the file says`);
    if (leaf.kind === 'event') readEvent(now, entry, leaf, index);
    else counts.blocks += 1;
    counts.entries += 1;
    now.tree.append(hashLeaf(entry.leaf));
  };

  /** A block's own leaf follows its events and counts them: none of them can stand for another block's. */
  const followBlock = (leaf: Leaf, index: number): void => {
    if (block !== undefined && hexOf(block.id) !== hexOf(leaf.blockId))
      throw new Refused('entry', `Entry ${index} is of another block than the one before it`);
    block ??= { id: leaf.blockId, events: 0 };
    if (leaf.kind === 'event') {
      block.events += 1;
      return;
    }
    if (block.events !== leaf.eventCount)
      throw new Refused('entry', `The block of entry ${index} has ${leaf.eventCount} events, the file ${block.events}`);
    block = undefined;
  };

  const readEvent = (now: Reading, entry: RangeEntry, leaf: Leaf & { kind: 'event' }, index: number): void => {
    const { claim } = now.head;
    const id = hexOf(leaf.collectorId);
    const fitsButSource = fits(claim, now.classes, leaf, index);
    const isClaimed = fitsButSource && (claim.sources.length === 0 || now.claimedIds.has(id));
    if (fitsButSource && !now.names.has(id)) {
      unnamed.add(id);
      counts.unnamedEvents += 1;
    }
    if (isClaimed !== (entry.kind !== 'other'))
      throw new Refused(
        'claim',
        isClaimed
          ? `Entry ${index} belongs to what the file says it holds all of, and is passed over`
          : `Entry ${index} does not belong to what the file says it holds`,
      );
    if (!isClaimed) return;
    counts.claimed += 1;
    switch (entry.kind) {
      case 'content':
      case 'match': {
        if (entry.salt.length !== 32) throw new Refused('entry', `The salt of entry ${index} must have 32 bytes`);
        const bodyHash = hash('sha256', Buffer.concat([entry.salt, entry.body]), 'buffer');
        if (!bodyHash.equals(leaf.hash))
          throw new Refused('entry', `The event of entry ${index} is not the one its leaf commits to`);
        const opened = isSealedBody(entry.body) ? openWith(entry.body, entry.openings) : undefined;
        if (opened === undefined && (isSealedBody(entry.body) || entry.openings !== undefined))
          throw new Refused('entry', `The openings of entry ${index} are not what its event commits to`);
        const matches = entry.kind === 'match';
        if (matches && claim.query === undefined)
          throw new Refused('form', `Entry ${index} is marked as fitting a query, and there is none`);
        if (!matches && claim.query !== undefined && claim.bodies === 'matches')
          throw new Refused('form', `Entry ${index} does not fit the query, and its content is in the file`);
        counts.shown += 1;
        if (matches) counts.matching += 1;
        options.onEvent?.({
          index,
          receivedAtMs: leaf.receivedAtMs,
          classUid: leaf.classUid,
          source: now.names.get(id),
          matches,
          body: opened === undefined ? entry.body : Buffer.from(opened.text),
        });
        return;
      }
      case 'unmatched':
        if (claim.query === undefined || claim.bodies !== 'matches')
          throw new Refused('claim', `The content of entry ${index} is left out, and nothing says why it may be`);
        counts.unmatched += 1;
        return;
      case 'erased':
        counts.erased += 1;
        return;
      case 'withheld':
        counts.withheld += 1;
        break;
      case 'block':
      case 'other':
    }
  };

  const guarded = (work: () => void): void => {
    if (refusal !== undefined) return;
    try {
      work();
    } catch (error) {
      refusal = {
        ok: false,
        check: error instanceof Refused ? error.check : 'form',
        reason: error instanceof Error ? error.message : 'The file cannot be read',
      };
    }
  };

  return {
    line(text) {
      guarded(() => {
        if (isEnded) throw new Refused('form', 'The file goes on behind its end');
        if (reading === undefined) readHeadLine(text);
        else if (text === rangeEnd) isEnded = true;
        else readEntry(reading, text);
      });
      return refusal;
    },
    end() {
      let verified: VerifiedRange | undefined;
      guarded(() => {
        if (reading === undefined || !isEnded) throw new Refused('form', 'The file is cut short');
        const { head, checkpoint, tree, witnesses } = reading;
        if (tree.size !== head.to)
          throw new Refused('form', `The file ends before entry ${tree.size}, must hold all up to ${head.to}`);
        if (block !== undefined) throw new Refused('entry', 'The last block is cut short');
        requireTimeCovered(head, checkpoint.treeSize, { firstMs, lastMs });
        const { treeSize, root, origin } = checkpoint;
        const grown = verifyConsistency({
          oldSize: head.to,
          newSize: treeSize,
          oldRoot: tree.root(),
          newRoot: root,
          proof: head.proof,
        });
        if (!grown.ok)
          throw new Refused('tree', `The entries are not those the signed tree holds at these places: ${grown.reason}`);
        verified = {
          ok: true,
          origin,
          treeSize,
          from: head.from,
          to: head.to,
          claim: head.claim,
          counts: { ...counts, unnamedSources: unnamed.size },
          verifierKey: head.verifierKey,
          keyGiven: options.verifierKey !== undefined,
          witnesses,
          checkpoint: head.checkpoint,
        };
      });
      return refusal ?? verified ?? { ok: false, check: 'form', reason: 'The file cannot be read' };
    },
  };
}

/** All of a text at once. */
export function verifyRangeText(
  text: string,
  options: Parameters<typeof createRangeVerifier>[0] = {},
): RangeVerification {
  const verifier = createRangeVerifier(options);
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    if (end === -1) return { ok: false, check: 'form', reason: 'The last line does not end' };
    const refused = verifier.line(text.slice(at, end));
    if (refused !== undefined) return refused;
    at = end + 1;
  }
  return verifier.end();
}

function openHead(head: RangeHead, givenKey: string | undefined): Reading {
  const { claim } = head;
  if (givenKey !== undefined && givenKey.trim() !== head.verifierKey)
    throw new Refused('key', 'The file is signed by another log than the one whose key was given');
  const logKey = parseVerifierKey(head.verifierKey);
  const signed = verifyNote({ note: head.checkpoint, verifierKeys: [logKey] });
  if (!signed.ok) throw new Refused('signature', signed.reason);
  const { note, checkpoint } = parseSignedCheckpoint(head.checkpoint);
  const witnesses = cosignaturesOf(note, head.witnessKeys, logKey);
  if (typeof witnesses === 'string') throw new Refused('signature', witnesses);
  if (logKey.name !== checkpoint.origin) throw new Refused('key', `The key is not that of log "${checkpoint.origin}"`);
  if (head.from >= head.to || head.to > checkpoint.treeSize)
    throw new Refused('form', `The range must lie in the ${checkpoint.treeSize} entries of the checkpoint`);
  if (head.to - head.from > maxRangeEntries)
    throw new Refused('form', `The range has ${head.to - head.from} entries, must have at most ${maxRangeEntries}`);
  const { between } = claim;
  if (between.from < head.from || between.to > head.to || between.from >= between.to)
    throw new Refused('claim', 'The file says it holds more than its range');
  const names = new Map<string, string>();
  for (const source of [...claim.sources, ...claim.named]) {
    const id = hexOf(source.id);
    if (names.has(id)) throw new Refused('sources', `The id of source "${source.name}" stands in the file twice`);
    if (source.opening !== undefined && hexOf(sourceIdOf(source.name, source.opening)) !== id)
      throw new Refused('sources', `The id given for source "${source.name}" is not its own`);
    names.set(id, source.name);
  }
  const claimedNames = new Set(claim.sources.map(({ name }) => name));
  const hiding = claim.named.find(({ name }) => claimedNames.has(name));
  if (hiding !== undefined)
    throw new Refused('sources', `Source "${hiding.name}" has another id, whose events are passed over`);
  return {
    head,
    checkpoint,
    witnesses,
    // Throws unless there is one hash for each complete subtree before the range.
    tree: createFrontier(head.from, head.left),
    names,
    claimedIds: new Set(claim.sources.map(({ id }) => hexOf(id))),
    classes: new Set(claim.classes),
  };
}

function fits(
  claim: RangeClaim,
  classes: ReadonlySet<number>,
  leaf: Leaf & { readonly kind: 'event' },
  index: number,
): boolean {
  const { between, time } = claim;
  return (
    index >= between.from &&
    index < between.to &&
    leaf.receivedAtMs >= (time.fromMs ?? 0) &&
    leaf.receivedAtMs < (time.toMs ?? Number.POSITIVE_INFINITY) &&
    (classes.size === 0 || classes.has(leaf.classUid))
  );
}

/**
 * Ledger time never decreases, so an entry older than the time asked for before it, and a newer one after it (or the end of the
 * tree), show that none of it lies outside of the range. Without a time, only positions are claimed.
 */
function requireTimeCovered(
  { from, to, claim }: RangeHead,
  treeSize: number,
  seen: { readonly firstMs: number | undefined; readonly lastMs: number },
): void {
  const { fromMs, toMs } = claim.time;
  const asksTime = fromMs !== undefined || toMs !== undefined;
  if (!asksTime) return;
  const startsBefore = from === 0 || (fromMs !== undefined && (seen.firstMs ?? 0) < fromMs);
  const endsAfter = to === treeSize || (toMs !== undefined && seen.lastMs >= toMs);
  const coversPositions = claim.between.from === from && claim.between.to === to;
  if (!startsBefore || !endsAfter || !coversPositions)
    throw new Refused('claim', 'The range does not cover the whole of the time that the file says it does');
}

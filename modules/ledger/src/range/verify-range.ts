import { hash } from 'node:crypto';
import { isSealedBody } from '@sallyport/contracts';
import { hashLeaf, verifyConsistency } from '@sallyport/merkle-log';
import type { EvidenceWitness } from '../evidence.ts';
import { openWith } from '../evidence-openings.ts';
import { decodeLeaf } from '../leaf.ts';
import type { Leaf } from '../leaf.ts';
import { openRangeHead } from './open-range-head.ts';
import type { RangeReading } from './open-range-head.ts';
import { fitsClaim, requireTimeCovered } from './range-claim.ts';
import { hexOf, maxRangeHeadCharacters, parseRangeEntry, parseRangeHead, rangeEnd } from './range-format.ts';
import type { RangeClaim, RangeEntry } from './range-format.ts';
import { Refused } from './range-refusal.ts';
import type { RangeRefusal } from './range-refusal.ts';

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
  /**
   * Tokens that say when this checkpoint existed, not looked into here: `verifyTimeStampToken` (`@sallyport/ledger/time-stamp`)
   * checks them against `stamped`.
   */
  readonly timeStamps: readonly Uint8Array[];
  readonly stamped: string;
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

export function createRangeVerifier(options: {
  readonly verifierKey?: string;
  readonly onEvent?: (event: RangeEvent) => void;
}): RangeVerifier {
  let headLines: string[] = [];
  let headCharacters = 0;
  let reading: RangeReading | undefined;
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
    reading = openRangeHead(parseRangeHead(`${headLines.join('\n')}\n`), options.verifierKey);
    headLines = [];
  };

  const readEntry = (now: RangeReading, text: string): void => {
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

  const readEvent = (now: RangeReading, entry: RangeEntry, leaf: Leaf & { kind: 'event' }, index: number): void => {
    const { claim } = now.head;
    const id = hexOf(leaf.collectorId);
    const fitsButSource = fitsClaim(claim, now.classes, leaf, index);
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
          timeStamps: head.timeStamps,
          stamped: reading.stamped,
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

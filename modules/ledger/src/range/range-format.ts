import { formatOpeningList, parseOpeningList } from '../evidence-openings.ts';
import type { EvidenceOpenings } from '../evidence-openings.ts';
import { HASH_BYTES, MAX_TREE_SIZE } from '@sallyport/merkle-log';
import { idBytes } from '../leaf.ts';
import { LedgerError } from '../errors.ts';
import { openingBytes } from './source-opening.ts';

/** A source by name: the leaf holds its id. With `opening` (32 bytes) the id belongs to this name and no other. */
export type RangeSource = {
  readonly name: string;
  readonly id: Uint8Array;
  /** Undefined for ids of before openings: that it is this name's is the log's word. */
  readonly opening: Uint8Array | undefined;
};

/** Which events a file says it holds all of: those that fit every part. Empty lists mean any. */
export type RangeClaim = {
  /** Positions, half-open. */
  readonly between: { readonly from: number; readonly to: number };
  /** Ledger time of receipt, milliseconds, half-open. */
  readonly time: { readonly fromMs: number | undefined; readonly toMs: number | undefined };
  readonly classes: readonly number[];
  readonly sources: readonly RangeSource[];
  /** Other sources of the range whose names are given away, so that none of them can be one of `sources` under another id. */
  readonly named: readonly RangeSource[];
  /** What the server was asked for, and answered with marks on the events. No verifier can repeat it. */
  readonly query: string | undefined;
  /** `matches`: of claimed events that do not fit the query only the leaf is here. */
  readonly bodies: 'all' | 'matches';
};

export type RangeHead = {
  readonly verifierKey: string;
  readonly witnessKeys: readonly string[];
  /** RFC 3161 tokens about the text of the checkpoint, DER. */
  readonly timeStamps: readonly Uint8Array[];
  readonly checkpoint: string;
  /** Whole blocks, half-open: every leaf of them follows. */
  readonly from: number;
  readonly to: number;
  /** The complete subtrees before `from`, from left to right. */
  readonly left: readonly Uint8Array[];
  /** That the tree of the checkpoint only grew from that of `to` entries. */
  readonly proof: readonly Uint8Array[];
  readonly claim: RangeClaim;
};

/**
 * One line of the file after its head:
 * `block`: the last leaf of a block, which commits to its ciphertext · `other`: outside of the claim ·
 * `content` and `match` (it fits the query): with salt, body and, of sealed texts, openings · `unmatched`: it does not fit, and its content was left out ·
 * `erased`: its key was destroyed · `withheld`: whoever exported it may not read it.
 */
export type RangeEntry =
  | { readonly kind: 'block' | 'other' | 'unmatched' | 'erased' | 'withheld'; readonly leaf: Uint8Array }
  | {
      readonly kind: 'content' | 'match';
      readonly leaf: Uint8Array;
      readonly salt: Uint8Array;
      readonly body: Uint8Array;
      /** Of a body with sealed texts, what they say: one for each, or none at all. */
      readonly openings?: EvidenceOpenings | undefined;
    };

export const rangeFormat = 'sallyport-range-evidence@v1';
export const rangeEnd = 'end';
/** Leaves of one file. */
export const maxRangeEntries = 1_000_000;
const maxTimeStamps = 4;
export const maxRangeHeadCharacters = 16 * 1024 * 1024;

const signs = {
  block: 'b',
  other: 'o',
  content: 'e',
  match: 'm',
  unmatched: 'n',
  erased: 'x',
  withheld: 'w',
} as const;

/**
 * The head, as text: format · `key` vkey · `witness` vkey, none or more · `timestamp` token in base64, none to four · `checkpoint` base64 · `range` from to · `left` and
 * `proof`, hashes in base64 or `-` · `between` from to · `time` from to in milliseconds or `-` · `class` number, none or more ·
 * `source` and `named`, none or more: id in hexadecimal, opening in base64 or `-`, name in JSON · `query` in JSON or `-` · `bodies` · an empty line.
 */
export function formatRangeHead(head: RangeHead): string {
  const { claim } = head;
  const source = (label: string, { id, opening, name }: RangeSource): string =>
    `${label} ${hexOf(id)} ${opening === undefined ? '-' : base64(opening)} ${JSON.stringify(name)}`;
  return [
    rangeFormat,
    `key ${head.verifierKey}`,
    ...head.witnessKeys.map((key) => `witness ${key}`),
    ...head.timeStamps.map((token) => `timestamp ${base64(token)}`),
    `checkpoint ${base64(Buffer.from(head.checkpoint))}`,
    `range ${head.from} ${head.to}`,
    `left ${hashes(head.left)}`,
    `proof ${hashes(head.proof)}`,
    `between ${claim.between.from} ${claim.between.to}`,
    `time ${claim.time.fromMs ?? '-'} ${claim.time.toMs ?? '-'}`,
    ...claim.classes.map((classUid) => `class ${classUid}`),
    ...claim.sources.map((one) => source('source', one)),
    ...claim.named.map((one) => source('named', one)),
    `query ${claim.query === undefined ? '-' : JSON.stringify(claim.query)}`,
    `bodies ${claim.bodies}`,
    '\n',
  ].join('\n');
}

/** Reads what `formatRangeHead` writes, and nothing else. Throws `evidence_invalid`. */
export function parseRangeHead(text: string): RangeHead {
  const lines = text.split('\n');
  let at = 0;
  const isNext = (label: string): boolean => lines[at]?.startsWith(`${label} `) === true;
  const take = (label: string): string => {
    if (!isNext(label)) throw invalid(`line ${at + 1} must be "${label}" and its value`);
    at += 1;
    return lines[at - 1]?.slice(label.length + 1) ?? '';
  };
  const takeAll = <Value>(label: string, read: (value: string) => Value): Value[] => {
    const values: Value[] = [];
    while (isNext(label)) values.push(read(take(label)));
    return values;
  };
  if (lines[0] !== rangeFormat) throw invalid(`it must start with "${rangeFormat}"`);
  at = 1;
  const verifierKey = take('key');
  const witnessKeys = takeAll('witness', (value) => value);
  const timeStamps = takeAll('timestamp', (value) => Buffer.from(value, 'base64'));
  if (timeStamps.length > maxTimeStamps)
    throw invalid(`it has ${timeStamps.length} time-stamps, must have at most ${maxTimeStamps}`);
  const checkpoint = Buffer.from(take('checkpoint'), 'base64').toString();
  const [from, to] = twoIndexes(take('range'));
  const left = readHashes(take('left'));
  const proof = readHashes(take('proof'));
  const [first, past] = twoIndexes(take('between'));
  const [fromMs, toMs] = take('time')
    .split(' ')
    .map((value) => (value === '-' ? undefined : wholeNumber(value)));
  const classes = takeAll('class', wholeNumber);
  const sources = takeAll('source', readSource);
  const named = takeAll('named', readSource);
  const query = take('query');
  const bodies = take('bodies');
  const head: RangeHead = {
    verifierKey,
    witnessKeys,
    timeStamps,
    checkpoint,
    from,
    to,
    left,
    proof,
    claim: {
      between: { from: first, to: past },
      time: { fromMs, toMs },
      classes,
      sources,
      named,
      query: query === '-' ? undefined : readText(query),
      bodies: bodies === 'matches' ? 'matches' : 'all',
    },
  };
  if (formatRangeHead(head) !== text) throw invalid('its head is not written the one way there is');
  return head;
}

export function formatRangeEntry(entry: RangeEntry): string {
  const line = `${signs[entry.kind]} ${base64(entry.leaf)}`;
  if (!('body' in entry)) return line;
  const openings = formatOpeningList(entry.openings);
  return `${line} ${base64(entry.salt)} ${base64(entry.body)}${openings === '' ? '' : ` ${openings}`}`;
}

const kinds: ReadonlyMap<string, RangeEntry['kind']> = new Map(
  (['block', 'other', 'content', 'match', 'unmatched', 'erased', 'withheld'] as const).map((kind) => [
    signs[kind],
    kind,
  ]),
);

/** Reads what `formatRangeEntry` writes, and nothing else. Throws `evidence_invalid`. */
export function parseRangeEntry(line: string): RangeEntry {
  const [sign = '', leafText = '', saltText, bodyText, openingsText, ...rest] = line.split(' ');
  const kind = kinds.get(sign);
  const hasContent = kind === 'content' || kind === 'match';
  if (kind === undefined || rest.length > 0 || hasContent !== (bodyText !== undefined))
    throw invalid('a line is none of an entry');
  const leaf = Buffer.from(leafText, 'base64');
  const entry: RangeEntry = hasContent
    ? {
        kind,
        leaf,
        salt: Buffer.from(saltText ?? '', 'base64'),
        body: Buffer.from(bodyText ?? '', 'base64'),
        openings: openingsText === undefined ? undefined : parseOpeningList(openingsText),
      }
    : { kind, leaf };
  if (formatRangeEntry(entry) !== line) throw invalid('an entry is not written the one way there is');
  return entry;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function hashes(list: readonly Uint8Array[]): string {
  return list.length === 0 ? '-' : base64(Buffer.concat(list));
}

function readHashes(text: string): Uint8Array[] {
  if (text === '-') return [];
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % HASH_BYTES !== 0 || bytes.length > 128 * HASH_BYTES)
    throw invalid('a list of hashes must be some of 32 bytes each');
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text) || value > MAX_TREE_SIZE) throw invalid('a number must be a whole one');
  return value;
}

function twoIndexes(text: string): [number, number] {
  const [from = '', to = ''] = text.split(' ');
  return [wholeNumber(from), wholeNumber(to)];
}

function readSource(text: string): RangeSource {
  const [id = '', opening = ''] = text.split(' ', 2);
  if (!/^[0-9a-f]+$/.test(id) || id.length !== 2 * idBytes) throw invalid('the id of a source must be 16 bytes');
  const opened = opening === '-' ? undefined : Buffer.from(opening, 'base64');
  // A longer one could hold the beginning of another name.
  if (opened !== undefined && opened.length !== openingBytes)
    throw invalid(`the opening of a source must be ${openingBytes} bytes`);
  const name = readText(text.slice(id.length + opening.length + 2));
  // Written as UTF-8 for its id, half a character could be any other half.
  if (!name.isWellFormed()) throw invalid('the name of a source must be whole characters');
  return {
    id: Buffer.from(Array.from({ length: idBytes }, (_, at) => Number.parseInt(id.slice(at * 2, at * 2 + 2), 16))),
    opening: opened,
    name,
  };
}

function readText(json: string): string {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'string') throw invalid('a name must be a text');
  return value;
}

function invalid(reason: string): LedgerError {
  return new LedgerError('evidence_invalid', `Cannot read range evidence: ${reason}`);
}

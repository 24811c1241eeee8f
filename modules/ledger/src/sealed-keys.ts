import type { DatabaseSync } from 'node:sqlite';
import type { FoundBlock, IndexedBlock } from './indexed-block.ts';
import { openSealedTotals } from './sealed-totals.ts';

/** What one data key has sealed in one log. Bytes are those of the sealed blocks on the disk. */
export type SealedKey = {
  readonly dataKeyId: string;
  readonly events: number;
  readonly bytes: number;
  /** Ledger time of the first and the last of its blocks. */
  readonly firstMs: number;
  readonly lastMs: number;
};

/** Half-open, by index; the blocks' own entries are part of it, and not of `events`. */
export type SealedRange = { readonly from: number; readonly to: number; readonly events: number };

/** Which blocks each data key has sealed: what is gone once the key is destroyed. Part of the log's index, and as derived. */
export type SealedKeys = {
  /** Within the caller's transaction; gives the number of each key. */
  add(blocks: readonly IndexedBlock[]): ReadonlyMap<string, number>;
  /** Of an index from before keys were noted: reads them from the blocks, once. */
  fill(keyOf: (block: FoundBlock) => string): void;
  sealedKeys(): SealedKey[];
  /**
   * Neighbouring blocks are one range. Looks at some thousand blocks and tells in `next` where to go on, so that nothing else
   * waits for long.
   */
  sealedRanges(dataKeyId: string, from: number): { readonly ranges: SealedRange[]; readonly next: number | undefined };
};

const filledVersion = 1;
const blocksAtOnce = 10_000;
/** Blocks whose totals are in memory alone: so many are counted again at a start. */
const countedAtOnce = 1000;

export function openSealedKeys(database: DatabaseSync): SealedKeys {
  const columns = database.prepare("SELECT 1 FROM pragma_table_info('blocks') WHERE name = 'data_key'").get();
  if (columns === undefined) database.exec('ALTER TABLE blocks ADD COLUMN data_key INTEGER');
  const totals = openSealedTotals(database);
  const selectBlocks = database.prepare(
    'SELECT first, event_count, data_key FROM blocks WHERE first >= ? AND first <= ? ORDER BY first LIMIT ?',
  );
  const selectUnfilled = database.prepare(
    'SELECT first, event_count, received_at_ms, segment, offset, length FROM blocks WHERE first > ? AND data_key IS NULL ORDER BY first LIMIT ?',
  );
  const updateBlock = database.prepare('UPDATE blocks SET data_key = ? WHERE first = ?');
  let addedSinceWrite = 0;

  return {
    add(blocks) {
      const numbers = new Map<string, number>();
      for (const block of blocks) numbers.set(block.dataKeyId, totals.add(block));
      addedSinceWrite += blocks.length;
      const last = blocks.at(-1);
      if (last === undefined || addedSinceWrite < countedAtOnce) return numbers;
      totals.write(last.first + 1);
      addedSinceWrite = 0;
      return numbers;
    },
    fill(keyOf) {
      const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
      if (Number(version) >= filledVersion) return;
      for (let after = -1, more = true; more;) {
        const blocks = selectUnfilled.all(after, blocksAtOnce).map((row): FoundBlock => ({
          first: Number(row['first']),
          eventCount: Number(row['event_count']),
          receivedAtMs: Number(row['received_at_ms']),
          segment: Number(row['segment']),
          offset: Number(row['offset']),
          length: Number(row['length']),
        }));
        const keyed = blocks.map((block) => ({ ...block, dataKeyId: keyOf(block) }));
        database.exec('BEGIN');
        for (const block of keyed) updateBlock.run(totals.add(block), block.first);
        totals.write();
        database.exec('COMMIT');
        after = blocks.at(-1)?.first ?? after;
        more = blocks.length > 0;
      }
      database.exec(`PRAGMA user_version = ${filledVersion}`);
    },
    sealedKeys: () =>
      totals
        .all()
        .map(({ dataKeyId, events, bytes, firstMs, lastMs }) => ({ dataKeyId, events, bytes, firstMs, lastMs })),
    sealedRanges(dataKeyId, from) {
      const key = totals.of(dataKeyId);
      if (key === undefined) return { ranges: [], next: undefined };
      const rows = selectBlocks.all(Math.max(from, key.first), key.last, blocksAtOnce);
      const ranges: SealedRange[] = [];
      for (const row of rows) {
        if (row['data_key'] !== key.number) continue;
        const [first, events] = [Number(row['first']), Number(row['event_count'])];
        const before = ranges.at(-1);
        const to = first + events + 1;
        if (before?.to === first) ranges[ranges.length - 1] = { ...before, to, events: before.events + events };
        else ranges.push({ from: first, to, events });
      }
      const last = rows.length === blocksAtOnce ? rows.at(-1) : undefined;
      return { ranges, next: last === undefined ? undefined : Number(last['first']) + 1 };
    },
  };
}

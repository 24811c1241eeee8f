import type { DatabaseSync } from 'node:sqlite';
import type { FoundBlock, IndexedBlock } from './indexed-block.ts';

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

export function openSealedKeys(database: DatabaseSync): SealedKeys {
  database.exec(`
    CREATE TABLE IF NOT EXISTS sealing_keys (
      number INTEGER PRIMARY KEY, data_key TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, last INTEGER NOT NULL,
      events INTEGER NOT NULL, bytes INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;
  `);
  const columns = database.prepare("SELECT 1 FROM pragma_table_info('blocks') WHERE name = 'data_key'").get();
  if (columns === undefined) database.exec('ALTER TABLE blocks ADD COLUMN data_key INTEGER');
  const upsert = database.prepare(`
    INSERT INTO sealing_keys (data_key, first, last, events, bytes, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (data_key) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
      events = events + excluded.events, bytes = bytes + excluded.bytes,
      first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)
    RETURNING number`);
  const selectKeys = database.prepare('SELECT * FROM sealing_keys ORDER BY first');
  const selectKey = database.prepare('SELECT number, first, last FROM sealing_keys WHERE data_key = ?');
  const selectBlocks = database.prepare(
    'SELECT first, event_count, data_key FROM blocks WHERE first >= ? AND first <= ? ORDER BY first LIMIT ?',
  );
  const selectUnfilled = database.prepare(
    'SELECT first, event_count, received_at_ms, segment, offset, length FROM blocks WHERE first > ? AND data_key IS NULL ORDER BY first LIMIT ?',
  );
  const updateBlock = database.prepare('UPDATE blocks SET data_key = ? WHERE first = ?');

  const add: SealedKeys['add'] = (blocks) => {
    const added = new Map<string, Added>();
    for (const block of blocks) {
      const known = added.get(block.dataKeyId);
      added.set(block.dataKeyId, {
        first: Math.min(known?.first ?? block.first, block.first),
        last: Math.max(known?.last ?? block.first, block.first),
        events: (known?.events ?? 0) + block.eventCount,
        bytes: (known?.bytes ?? 0) + block.length,
        firstMs: Math.min(known?.firstMs ?? block.receivedAtMs, block.receivedAtMs),
        lastMs: Math.max(known?.lastMs ?? block.receivedAtMs, block.receivedAtMs),
      });
    }
    const numbers = new Map<string, number>();
    for (const [id, { first, last, events, bytes, firstMs, lastMs }] of added)
      numbers.set(id, Number(upsert.get(id, first, last, events, bytes, firstMs, lastMs)?.['number']));
    return numbers;
  };

  return {
    add,
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
        const numbers = add(keyed);
        for (const { first, dataKeyId } of keyed) updateBlock.run(numbers.get(dataKeyId) ?? null, first);
        database.exec('COMMIT');
        after = blocks.at(-1)?.first ?? after;
        more = blocks.length > 0;
      }
      database.exec(`PRAGMA user_version = ${filledVersion}`);
    },
    sealedKeys: () =>
      selectKeys.all().map((row) => ({
        dataKeyId: String(row['data_key']),
        events: Number(row['events']),
        bytes: Number(row['bytes']),
        firstMs: Number(row['first_ms']),
        lastMs: Number(row['last_ms']),
      })),
    sealedRanges(dataKeyId, from) {
      const key = selectKey.get(dataKeyId);
      if (key === undefined) return { ranges: [], next: undefined };
      const rows = selectBlocks.all(Math.max(from, Number(key['first'])), Number(key['last']), blocksAtOnce);
      const ranges: SealedRange[] = [];
      for (const row of rows) {
        if (row['data_key'] !== key['number']) continue;
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

type Added = Omit<SealedKey, 'dataKeyId'> & { readonly first: number; readonly last: number };

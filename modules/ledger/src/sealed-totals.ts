import type { DatabaseSync } from 'node:sqlite';
import type { IndexedBlock } from './indexed-block.ts';

/** What the blocks under one key come to. `first` and `last` are the first indexes of its first and last block. */
export type SealedTotal = {
  readonly number: number;
  readonly dataKeyId: string;
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
};

/**
 * Totals by data key. A key is written when its first block comes, in the same transaction; what it adds up to is counted in
 * memory and written now and then, with the place up to where it is counted: a start counts the blocks after that place again.
 */
export type SealedTotals = {
  /** Within the caller's transaction, before the blocks are; gives the number of a key. */
  add(block: Omit<IndexedBlock, 'segment' | 'offset'>): number;
  /** Within the caller's transaction: writes what was counted; a start goes on counting with the block at this index, or where it would have before. */
  write(countedBefore?: number): void;
  all(): SealedTotal[];
  of(dataKeyId: string): SealedTotal | undefined;
};

export function openSealedTotals(database: DatabaseSync): SealedTotals {
  database.exec(`
    CREATE TABLE IF NOT EXISTS sealing_keys (
      number INTEGER PRIMARY KEY, data_key TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, last INTEGER NOT NULL,
      events INTEGER NOT NULL, bytes INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS sealing_counted (id INTEGER PRIMARY KEY CHECK (id = 1), before INTEGER NOT NULL) STRICT;
    -- An index of before there was such a place has counted every block it holds.
    INSERT OR IGNORE INTO sealing_counted (id, before) SELECT 1, coalesce(max(first) + 1, 0) FROM blocks;
  `);
  const selectAll = database.prepare('SELECT * FROM sealing_keys ORDER BY first');
  const selectOne = database.prepare('SELECT * FROM sealing_keys WHERE data_key = ?');
  const insert = database.prepare(
    'INSERT INTO sealing_keys (data_key, first, last, events, bytes, first_ms, last_ms) VALUES (?, ?, ?, 0, 0, ?, ?) RETURNING number',
  );
  const update = database.prepare(
    'UPDATE sealing_keys SET first = ?, last = ?, events = ?, bytes = ?, first_ms = ?, last_ms = ? WHERE number = ?',
  );
  const updateCounted = database.prepare('UPDATE sealing_counted SET before = ? WHERE id = 1');

  /** Totals of keys that sealed something since the last write. */
  const counting = new Map<string, SealedTotal>();
  const stored = (dataKeyId: string): SealedTotal | undefined => {
    const row = selectOne.get(dataKeyId);
    return row === undefined ? undefined : totalOf(row);
  };
  const count = (total: SealedTotal, block: Omit<IndexedBlock, 'segment' | 'offset'>): void => {
    counting.set(block.dataKeyId, {
      ...total,
      first: Math.min(total.first, block.first),
      last: Math.max(total.last, block.first),
      events: total.events + block.eventCount,
      bytes: total.bytes + block.length,
      firstMs: Math.min(total.firstMs, block.receivedAtMs),
      lastMs: Math.max(total.lastMs, block.receivedAtMs),
    });
  };

  const uncounted = database
    .prepare(
      `SELECT blocks.first AS first, event_count, received_at_ms, length, sealing_keys.data_key AS data_key FROM blocks
       JOIN sealing_keys ON sealing_keys.number = blocks.data_key
       WHERE blocks.first >= (SELECT before FROM sealing_counted) ORDER BY blocks.first`,
    )
    .all();
  for (const row of uncounted) {
    const dataKeyId = String(row['data_key']);
    const total = counting.get(dataKeyId) ?? stored(dataKeyId);
    if (total === undefined) continue;
    count(total, {
      first: Number(row['first']),
      eventCount: Number(row['event_count']),
      receivedAtMs: Number(row['received_at_ms']),
      length: Number(row['length']),
      dataKeyId,
    });
  }

  return {
    add(block) {
      const { dataKeyId, first, receivedAtMs: atMs } = block;
      const known = counting.get(dataKeyId) ?? stored(dataKeyId);
      const number = known?.number ?? Number(insert.get(dataKeyId, first, first, atMs, atMs)?.['number']);
      count(
        known ?? { number, dataKeyId, first, last: first, events: 0, bytes: 0, firstMs: atMs, lastMs: atMs },
        block,
      );
      return number;
    },
    write(countedBefore) {
      for (const { first, last, events, bytes, firstMs, lastMs, number } of counting.values())
        update.run(first, last, events, bytes, firstMs, lastMs, number);
      if (countedBefore !== undefined) updateCounted.run(countedBefore);
      counting.clear();
    },
    all: () => selectAll.all().map((row) => counting.get(String(row['data_key'])) ?? totalOf(row)),
    of: (dataKeyId) => counting.get(dataKeyId) ?? stored(dataKeyId),
  };
}

function totalOf(row: Record<string, unknown>): SealedTotal {
  return {
    number: Number(row['number']),
    dataKeyId: String(row['data_key']),
    first: Number(row['first']),
    last: Number(row['last']),
    events: Number(row['events']),
    bytes: Number(row['bytes']),
    firstMs: Number(row['first_ms']),
    lastMs: Number(row['last_ms']),
  };
}

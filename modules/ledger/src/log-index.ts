import { DatabaseSync } from 'node:sqlite';
import { openBlockPlaces } from './pruning/block-places.ts';
import type { BlockPlaces } from './pruning/block-places.ts';
import type { FoundBlock, IndexedBlock } from './indexed-block.ts';
import { openSealedKeys } from './sealed-keys.ts';
import type { SealedKeys } from './sealed-keys.ts';

/** Sequences first … first+count-1 of a stream stand at the indexes index … */
export type IndexedRun = {
  readonly stream: Uint8Array;
  readonly first: number;
  readonly count: number;
  readonly index: number;
};

/**
 * Finds blocks by index and indexes by (stream, sequence). Derived from the segment files and rebuilt from them:
 * it is written after the sync that makes a block durable, so it is never ahead of them.
 * Synchronous SQLite, because the process that holds it does nothing else and must not share a thread pool.
 */
export type LogIndex = {
  lastBlock(): FoundBlock | undefined;
  blockAt(index: number): FoundBlock | undefined;
  /** Events (block leaves aside) with an index in [from, to). */
  countEvents(from: number, to: number): number;
  indexOf(stream: Uint8Array, sequence: number): number | undefined;
  /** One past the highest sequence of a stream, 0 when it has none. */
  nextSequence(stream: Uint8Array): number;
  add(blocks: readonly IndexedBlock[], runs: readonly IndexedRun[]): void;
  readonly sealedKeys: SealedKeys['sealedKeys'];
  readonly sealedRanges: SealedKeys['sealedRanges'];
  readonly fillKeys: SealedKeys['fill'];
  readonly places: BlockPlaces;
  treeState(): Uint8Array | undefined;
  saveTreeState(bytes: Uint8Array): void;
  close(): void;
};

const schema = `
  CREATE TABLE IF NOT EXISTS blocks (
    first INTEGER PRIMARY KEY, event_count INTEGER NOT NULL, events_before INTEGER NOT NULL, received_at_ms INTEGER NOT NULL,
    segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, data_key INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS runs (
    stream BLOB NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (stream, first)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tree_state (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL) STRICT;
`;

export function openLogIndex(file: string): LogIndex {
  const database = new DatabaseSync(file);
  // WAL with NORMAL: a crash may lose the newest commits, which the segment files give back, but never corrupts.
  // EXCLUSIVE: nobody else reads it, and without shared memory it opens on a full disk too.
  database.exec(
    `PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; ${schema}`,
  );
  const begin = database.prepare('BEGIN');
  const commit = database.prepare('COMMIT');
  const keys = openSealedKeys(database);
  const places = openBlockPlaces(database);
  const blockColumns =
    'first, event_count AS eventCount, received_at_ms AS receivedAtMs, segment, offset, length, events_before AS eventsBefore';
  const selectBlock = database.prepare(
    `SELECT ${blockColumns} FROM blocks WHERE first <= ? ORDER BY first DESC LIMIT 1`,
  );
  const selectRun = database.prepare(
    'SELECT first, count, position FROM runs WHERE stream = ? AND first <= ? ORDER BY first DESC LIMIT 1',
  );
  const insertBlock = database.prepare(
    'INSERT INTO blocks (first, event_count, events_before, received_at_ms, segment, offset, length, data_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertRun = database.prepare('INSERT OR IGNORE INTO runs (stream, first, count, position) VALUES (?, ?, ?, ?)');
  const selectTree = database.prepare('SELECT bytes FROM tree_state WHERE id = 1');
  const upsertTree = database.prepare(
    'INSERT INTO tree_state (id, bytes) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes',
  );

  const find = (index: number): (FoundBlock & { eventsBefore: number }) | undefined => {
    const row = selectBlock.get(index);
    if (row === undefined) return undefined;
    const number = (name: string): number => Number(row[name]);
    return {
      first: number('first'),
      eventCount: number('eventCount'),
      receivedAtMs: number('receivedAtMs'),
      segment: number('segment'),
      offset: number('offset'),
      length: number('length'),
      eventsBefore: number('eventsBefore'),
    };
  };
  const eventsBefore = (index: number): number => {
    const block = index <= 0 ? undefined : find(index - 1);
    return block === undefined ? 0 : block.eventsBefore + Math.min(index - block.first, block.eventCount);
  };
  const findRun = (
    stream: Uint8Array,
    sequence: number,
  ): { first: number; count: number; position: number } | undefined => {
    const row = selectRun.get(stream, sequence);
    return row === undefined
      ? undefined
      : { first: Number(row['first']), count: Number(row['count']), position: Number(row['position']) };
  };

  /** After the block added last: where the next begins, and the events before that. */
  let end = { next: -1, events: 0 };

  return {
    lastBlock: () => find(Number.MAX_SAFE_INTEGER),
    blockAt(index) {
      const block = find(index);
      return block === undefined || index > block.first + block.eventCount ? undefined : block;
    },
    countEvents: (from, to) => Math.max(0, eventsBefore(to) - eventsBefore(from)),
    indexOf(stream, sequence) {
      const run = findRun(stream, sequence);
      if (run === undefined || sequence >= run.first + run.count) return undefined;
      return run.position + (sequence - run.first);
    },
    nextSequence(stream) {
      const run = findRun(stream, Number.MAX_SAFE_INTEGER);
      return run === undefined ? 0 : run.first + run.count;
    },
    add(blocks, runs) {
      begin.run();
      const keyNumbers = keys.add(blocks);
      for (const block of blocks) {
        const before = end.next === block.first ? end.events : eventsBefore(block.first);
        insertBlock.run(
          block.first,
          block.eventCount,
          before,
          block.receivedAtMs,
          block.segment,
          block.offset,
          block.length,
          keyNumbers.get(block.dataKeyId) ?? null,
        );
        end = { next: block.first + block.eventCount + 1, events: before + block.eventCount };
      }
      for (const run of runs) insertRun.run(run.stream, run.first, run.count, run.index);
      commit.run();
    },
    sealedKeys: keys.sealedKeys,
    sealedRanges: keys.sealedRanges,
    fillKeys: keys.fill,
    places,
    treeState() {
      const bytes = selectTree.get()?.['bytes'];
      return bytes instanceof Uint8Array ? bytes : undefined;
    },
    saveTreeState: (bytes) => {
      upsertTree.run(bytes);
    },
    close: () => database.close(),
  };
}

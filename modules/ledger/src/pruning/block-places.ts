import type { DatabaseSync } from 'node:sqlite';

/** Where a block lies in the file of its segment. */
export type BlockPlace = {
  readonly first: number;
  readonly eventCount: number;
  readonly offset: number;
  readonly length: number;
};

/** Where blocks lie, by segment: part of the log's index, for files that are written anew with blocks that have become shorter. */
export type BlockPlaces = {
  inSegment(segment: number): BlockPlace[];
  /** Where the last block of each segment ends. */
  ends(): ReadonlyMap<number, number>;
  move(segment: number, places: readonly BlockPlace[]): void;
  /** Segments with blocks sealed under one of these keys. */
  segmentsUnder(dataKeyIds: readonly string[]): number[];
  /** The first block sealed under another key than these. */
  firstNotUnder(dataKeyIds: readonly string[]): number | undefined;
};

export function openBlockPlaces(database: DatabaseSync): BlockPlaces {
  const selectPlaces = database.prepare(
    'SELECT first, event_count, offset, length FROM blocks WHERE segment = ? ORDER BY first',
  );
  const selectEnds = database.prepare('SELECT segment, max(offset + length) AS end FROM blocks GROUP BY segment');
  const update = database.prepare('UPDATE blocks SET offset = ?, length = ? WHERE first = ? AND segment = ?');
  const under = 'SELECT number FROM sealing_keys WHERE data_key IN (SELECT value FROM json_each(?))';
  const selectSegments = database.prepare(
    `SELECT DISTINCT segment FROM blocks WHERE data_key IN (${under}) ORDER BY segment`,
  );
  const selectFirst = database.prepare(
    `SELECT min(first) AS first FROM blocks WHERE data_key IS NULL OR data_key NOT IN (${under})`,
  );
  return {
    inSegment: (segment) =>
      selectPlaces.all(segment).map((row) => ({
        first: Number(row['first']),
        eventCount: Number(row['event_count']),
        offset: Number(row['offset']),
        length: Number(row['length']),
      })),
    ends: () => new Map(selectEnds.all().map((row) => [Number(row['segment']), Number(row['end'])])),
    move(segment, places) {
      database.exec('BEGIN');
      for (const { first, offset, length } of places) update.run(offset, length, first, segment);
      database.exec('COMMIT');
    },
    segmentsUnder: (dataKeyIds) => selectSegments.all(JSON.stringify(dataKeyIds)).map((row) => Number(row['segment'])),
    firstNotUnder(dataKeyIds) {
      const first = selectFirst.get(JSON.stringify(dataKeyIds))?.['first'];
      return typeof first === 'number' ? first : undefined;
    },
  };
}

import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { placeConditions } from './filter-condition.ts';
import { numberIn, parseLines, textIn } from './result-lines.ts';
import type { EventFilter } from './search-request.ts';

/**
 * How many events of a time range were erased: their rows are there, with time and class, and say nothing more. Days without any,
 * which is nearly all, cost no question.
 */
export type ErasedRows = {
  /** Rows may have lost their content since: what is remembered is asked for again. */
  changed(): void;
  /**
   * What the filter asks for beside times and places is not looked at: nobody can tell any more whether an erased event fitted.
   * Nor when it claimed to have happened: with claimed times, all are counted.
   */
  count(filter: Pick<EventFilter, 'fromMs' | 'toMs' | 'timeField' | 'since' | 'through'>): Promise<number>;
};

const dayMs = 86_400_000;
const timeoutMs = 10_000;

export function createErasedRows(store: Pick<EventStore, 'query'>): ErasedRows {
  let days: Promise<ReadonlyMap<number, number>> | undefined;

  async function ask(sql: string, maxRows: number) {
    const limits = { lane: 'search', timeoutMs, maxRows, maxBytes: 8 * 1024 * 1024 } as const;
    return parseLines((await store.query({ sql, parameters: {}, ...limits })).lines);
  }
  async function readDays(): Promise<ReadonlyMap<number, number>> {
    const rows = await ask(
      `SELECT formatDateTime(received_at, '%F') AS day, count() AS count FROM ${eventsTable} WHERE erased = 1 GROUP BY day`,
      100_000,
    );
    return new Map(rows.map((row) => [Date.parse(`${textIn(row, 'day')}T00:00:00Z`), numberIn(row, 'count')]));
  }

  return {
    changed() {
      days = undefined;
    },
    async count({ fromMs: from, toMs: to, timeField, ...places }) {
      const [fromMs, toMs] = timeField === 'claimed' ? [undefined, undefined] : [from, to];
      const reading = (days ??= readDays());
      reading.catch(() => {
        // Asked again next time.
        if (days === reading) days = undefined;
      });
      const touched = [...(await reading)].filter(
        ([day]) => (fromMs === undefined || day + dayMs > fromMs) && (toMs === undefined || day < toMs),
      );
      if (touched.length === 0) return 0;
      const isWhole = ([day]: readonly [number, number]): boolean =>
        (fromMs === undefined || day >= fromMs) && (toMs === undefined || day + dayMs <= toMs);
      const placed = placeConditions(places);
      if (placed.length === 0 && touched.every(isWhole)) return touched.reduce((sum, [, count]) => sum + count, 0);
      const time = (ms: number): string => `fromUnixTimestamp64Milli(${Math.trunc(ms)}, 'UTC')`;
      const conditions = [
        'erased = 1',
        ...(fromMs === undefined ? [] : [`received_at >= ${time(Math.max(0, fromMs))}`]),
        ...(toMs === undefined ? [] : [`received_at < ${time(Math.min(Math.max(0, toMs), 253_402_300_799_999))}`]),
        ...placed,
      ];
      const [row] = await ask(`SELECT count() AS count FROM ${eventsTable} WHERE ${conditions.join(' AND ')}`, 1);
      return row === undefined ? 0 : numberIn(row, 'count');
    },
  };
}

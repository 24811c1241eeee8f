import type { JsonObject, Position } from '@sallyport/contracts';
import { rowCondition, type RowNeed } from '@sallyport/sigma-rules/sql';
import { boundsCondition, type ClosedBounds } from './bounds.ts';
import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { filterCondition } from './filter-condition.ts';
import { createQueryParameters, type QueryParameters } from './query-parameters.ts';
import { numberIn, parseLines, textIn } from './result-lines.ts';
import type { EventFilter } from './search-request.ts';
import type { Rebuilding } from './search.ts';

/** Positions [from, to) of one log, and how many events of the filter stand there with how many bytes. */
export type RowExtent = {
  readonly log: number;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly bytes: number;
};

export type ScannedRow = {
  readonly position: Position;
  readonly receivedAtMs: number;
  /** The event's JSON, as search has it. */
  readonly body: string;
};

export type CandidatePage = {
  /** In order of receipt. Every event that one of the rules matches is among them. */
  readonly rows: readonly ScannedRow[];
  /** Everything before this index was looked at. */
  readonly through: number;
  /** What was looked at: events of the filter up to `through`. */
  readonly lookedAt: number;
  readonly bytes: number;
};

/**
 * Reads what is kept from one end to the other, a bounded part at a time, giving way to searches. Erased events are not there.
 * Every call throws `EventSearchError`: `query_timeout` and `query_too_large` where the part was too long, `store_busy`,
 * `store_unavailable`.
 */
export type RowScan = {
  /** Where events of the filter stand now, a log each. What comes later is not in it. */
  extents(filter: EventFilter): Promise<readonly RowExtent[]>;
  /** What the rules whose `needs` are given may match; without needs, every event of the filter. */
  candidates(request: {
    readonly filter: EventFilter;
    readonly log: number;
    readonly from: number;
    readonly to: number;
    readonly needs: readonly RowNeed[] | undefined;
    readonly maxRows: number;
  }): Promise<CandidatePage>;
  /** While the store is being filled again, events are missing. */
  rebuilding(): Promise<Rebuilding | undefined>;
};

const timeoutMs = 30_000;
const maxBytes = 24 * 1024 * 1024;

export function createRowScan(store: Pick<EventStore, 'query'>): Omit<RowScan, 'rebuilding'> {
  async function ask(sql: string, parameters: QueryParameters, maxRows: number): Promise<JsonObject[]> {
    const { lines } = await store.query({
      sql,
      parameters: parameters.values,
      lane: 'hunt',
      timeoutMs,
      maxRows,
      maxBytes,
    });
    return parseLines(lines);
  }

  return {
    async extents(filter) {
      const parameters = createQueryParameters();
      const rows = await ask(
        `SELECT log, min(idx) AS first, max(idx) AS last, count() AS rows, sum(length(body)) AS bytes FROM ${eventsTable} WHERE ${filterCondition(filter, parameters)} AND erased = 0 GROUP BY log ORDER BY log LIMIT 1000`,
        parameters,
        1000,
      );
      return rows.map((found) => ({
        log: numberIn(found, 'log'),
        from: numberIn(found, 'first'),
        to: numberIn(found, 'last') + 1,
        rows: numberIn(found, 'rows'),
        bytes: numberIn(found, 'bytes'),
      }));
    },
    async candidates({ filter, log, from, to, needs, maxRows }) {
      const within = (end: number): ClosedBounds => ({ from: { log, index: from }, to: { log, index: end } });
      const where = (end: number, parameters: QueryParameters): string =>
        `${boundsCondition(within(end))} AND ${filterCondition(filter, parameters)} AND erased = 0`;
      const parameters = createQueryParameters();
      const condition =
        needs === undefined ? undefined : rowCondition(needs, 'body', (value) => parameters.text(value));
      const found = await ask(
        `SELECT idx, toUnixTimestamp64Milli(received_at) AS received, body FROM ${eventsTable} WHERE ${where(to, parameters)}${condition === undefined ? '' : ` AND ${condition}`} ORDER BY log, idx LIMIT ${maxRows + 1}`,
        parameters,
        maxRows + 1,
      );
      const rows = found.slice(0, maxRows).map((row) => ({
        position: { log, index: numberIn(row, 'idx') },
        receivedAtMs: numberIn(row, 'received'),
        body: textIn(row, 'body'),
      }));
      const last = rows.at(-1);
      const through = found.length > maxRows && last !== undefined ? last.position.index + 1 : to;
      const counting = createQueryParameters();
      const [counted] = await ask(
        `SELECT count() AS rows, sum(length(body)) AS bytes FROM ${eventsTable} WHERE ${where(through, counting)}`,
        counting,
        1,
      );
      return {
        rows,
        through,
        lookedAt: numberIn(counted ?? {}, 'rows'),
        bytes: numberIn(counted ?? {}, 'bytes'),
      };
    },
  };
}

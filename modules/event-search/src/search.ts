import { formatPosition, isJsonObject, type JsonObject, type Position } from '@sallyport/contracts';
import { remappedFrom, type ShownBy } from '@sallyport/ocsf';
import { codeOf } from '@sallyport/platform/errors';
import { boundsCondition } from './bounds.ts';
import { EventSearchError } from './errors.ts';
import type { EventStore } from './event-store.ts';
import { eventTable, type EventTable } from './event-table.ts';
import { eventsTable } from './events-table.ts';
import { fieldExpression } from './field-expression.ts';
import { filterCondition, timeColumn } from './filter-condition.ts';
import { createQueryParameters, type QueryParameters } from './query-parameters.ts';
import type { QueryStage } from './query-stages.ts';
import { numberIn, parseLines, textIn } from './result-lines.ts';
import { searchLimits, type EventFilter, type SearchRequest } from './search-request.ts';

export type FoundEvent = {
  readonly position: Position;
  readonly receivedAtMs: number;
  /** The OCSF event; undefined when its content was erased. */
  readonly event: JsonObject | undefined;
  /** Search knows this event by another mapping than it was sealed by. `event` is the one or the other, as `holds` says. */
  readonly remapped?: ShownBy & { readonly holds: 'remapped' | 'sealed' };
};

/** The store is being filled again: of what stands from `through` on, and before `until`, nothing is found yet. */
export type Rebuilding = { readonly through: Position; readonly until: Position };

/** What an answer cost: the engine's time. (It does not tell how many rows it looked at.) And what may be missing in it. */
export type Cost = {
  readonly elapsedMs: number;
  readonly rebuilding?: Rebuilding;
  /** Events of the time asked for whose content was erased, when there are any; whether they fitted nobody can tell. */
  readonly erased?: number;
};

export type SearchPage = Cost & {
  readonly events: readonly FoundEvent[];
  /** Hand it in as `after` for the next page; undefined on the last one. */
  readonly next: Position | undefined;
};

/** Every call throws `EventSearchError`: `query_invalid`, `query_timeout`, `query_too_large`, `store_busy`, `store_unavailable`. */
export type Search = {
  /** A page in order of receipt. Pages are stable: what arrives in between neither repeats nor hides an event. */
  search(request: SearchRequest): Promise<SearchPage>;
  count(filter: EventFilter): Promise<Cost & { readonly count: number }>;
  /** Events per interval, without the empty ones; bounds are multiples of the interval since 1970. Without an interval, a fitting one. */
  histogram(
    filter: EventFilter,
    intervalMs?: number,
  ): Promise<Cost & { readonly intervalMs: number; readonly buckets: readonly { fromMs: number; count: number }[] }>;
  /** The most frequent values of a field. */
  topValues(
    filter: EventFilter,
    field: string,
    limit: number,
  ): Promise<Cost & { readonly values: readonly { value: string; count: number }[] }>;
  /** What becomes of the events by the stage of a query. */
  table(filter: EventFilter, stage: QueryStage): Promise<Cost & EventTable>;
  /**
   * Which of these fields no event of the filter's time range has, so that an empty answer can say why. At most a few are looked
   * at, for a short time: a field that could not be told about is not among them.
   */
  absentFields(filter: EventFilter, fields: readonly string[]): Promise<readonly string[]>;
  /** Throws `event_not_found`. */
  event(position: Position): Promise<FoundEvent>;
};

const maxFieldsLookedFor = 4;
const fieldLookupMs = 1500;
const maxResultBytes = 24 * 1024 * 1024;
const row = 'log, idx, toUnixTimestamp64Milli(received_at) AS received, body';

export function createSearch(needs: { store: EventStore; timeoutMs: number }): Search {
  async function ask(
    sql: string,
    parameters: QueryParameters,
    limits: number | { maxRows: number; timeoutMs: number },
  ): Promise<Cost & { rows: JsonObject[] }> {
    const { maxRows, timeoutMs } =
      typeof limits === 'number' ? { maxRows: limits, timeoutMs: needs.timeoutMs } : limits;
    const { lines, elapsedMs } = await needs.store.query({
      sql,
      parameters: parameters.values,
      lane: 'search',
      timeoutMs,
      maxRows,
      maxBytes: maxResultBytes,
    });
    return { rows: parseLines(lines), elapsedMs };
  }

  /** The width of the time range, or of what fits when the range is open. */
  async function spanMs(filter: EventFilter): Promise<number> {
    if (filter.fromMs !== undefined && filter.toMs !== undefined) return filter.toMs - filter.fromMs;
    const parameters = createQueryParameters();
    const time = timeColumn(filter);
    const sql = `SELECT toUnixTimestamp64Milli(max(${time})) - toUnixTimestamp64Milli(min(${time})) AS span FROM ${eventsTable} WHERE ${filterCondition(filter, parameters)}`;
    return numberIn((await ask(sql, parameters, 1)).rows[0] ?? {}, 'span');
  }

  return {
    async search(request) {
      const limit = bounded('limit', request.limit ?? 100, searchLimits.maxEvents);
      const newest = request.sort !== 'oldest';
      const parameters = createQueryParameters();
      const condition = [
        filterCondition(request, parameters),
        ...(request.after === undefined ? [] : [pageCondition(request.after, newest)]),
      ].join(' AND ');
      const order = newest ? 'log DESC, idx DESC' : 'log, idx';
      const offset = request.offset ?? 0;
      if (offset !== 0) bounded('offset', offset, searchLimits.maxOffset);
      // Passing over rows reads their positions only; their bodies are most of the table.
      const passed =
        offset === 0
          ? { rows: [], elapsedMs: 0 }
          : await ask(
              `SELECT log, idx FROM ${eventsTable} WHERE ${condition} ORDER BY ${order} LIMIT 1 OFFSET ${offset - 1}`,
              parameters,
              1,
            );
      const [last] = passed.rows;
      if (offset !== 0 && last === undefined) return { events: [], next: undefined, elapsedMs: passed.elapsedMs };
      const start = last === undefined ? [] : [pageCondition(positionOf(last), newest)];
      const { rows, elapsedMs } = await ask(
        `SELECT ${row} FROM ${eventsTable} WHERE ${[condition, ...start].join(' AND ')} ORDER BY ${order} LIMIT ${limit + 1}`,
        parameters,
        limit + 1,
      );
      const events = rows.slice(0, limit).map(foundEvent);
      return {
        events,
        next: rows.length > limit ? events.at(-1)?.position : undefined,
        elapsedMs: passed.elapsedMs + elapsedMs,
      };
    },
    async count(filter) {
      const parameters = createQueryParameters();
      const { rows, ...cost } = await ask(
        `SELECT count() AS count FROM ${eventsTable} WHERE ${filterCondition(filter, parameters)}`,
        parameters,
        1,
      );
      return { count: numberIn(rows[0] ?? {}, 'count'), ...cost };
    },
    async histogram(filter, wantedMs) {
      const intervalMs = bounded('interval', wantedMs ?? chooseInterval(await spanMs(filter)), Number.MAX_SAFE_INTEGER);
      const parameters = createQueryParameters();
      const bucket = `intDiv(toUnixTimestamp64Milli(${timeColumn(filter)}), ${intervalMs}) * ${intervalMs}`;
      const { rows, ...cost } = await ask(
        `SELECT ${bucket} AS bucket, count() AS count FROM ${eventsTable} WHERE ${filterCondition(filter, parameters)} GROUP BY bucket ORDER BY bucket LIMIT ${searchLimits.maxBuckets + 1}`,
        parameters,
        searchLimits.maxBuckets + 1,
      );
      if (rows.length > searchLimits.maxBuckets) {
        throw new EventSearchError(
          'query_too_large',
          `Cannot draw the histogram: it has more than ${searchLimits.maxBuckets} intervals`,
          { hint: 'take a longer interval or a shorter time range' },
        );
      }
      return {
        buckets: rows.map((found) => ({ fromMs: numberIn(found, 'bucket'), count: numberIn(found, 'count') })),
        intervalMs,
        ...cost,
      };
    },
    async topValues(filter, field, limit) {
      bounded('limit', limit, searchLimits.maxEvents);
      const parameters = createQueryParameters();
      const expression = fieldExpression(field, parameters);
      const value = `ifNull(toString(${expression.sql}), '')`;
      const { rows, ...cost } = await ask(
        `SELECT ${value} AS found, count() AS count FROM ${eventsTable} WHERE ${filterCondition(filter, parameters)} GROUP BY found HAVING found != '' ORDER BY count DESC, found LIMIT ${limit}`,
        parameters,
        limit,
      );
      return {
        values: rows.map((found) => ({ value: textIn(found, 'found'), count: numberIn(found, 'count') })),
        ...cost,
      };
    },
    table: (filter, stage) =>
      eventTable({ ...needs, chooseSpanMs: async (asked) => chooseInterval(await spanMs(asked)) }, filter, stage),
    async absentFields({ fromMs, toMs, timeField, withoutOwn, sites }, fields) {
      const range: EventFilter = {
        ...(fromMs !== undefined && { fromMs }),
        ...(toMs !== undefined && { toMs }),
        ...(timeField !== undefined && { timeField }),
        ...(withoutOwn !== undefined && { withoutOwn }),
        // What another site has is not told by what is absent here.
        ...(sites !== undefined && { sites }),
      };
      const absent: string[] = [];
      for (const field of [...new Set(fields)].slice(0, maxFieldsLookedFor)) {
        const parameters = createQueryParameters();
        // The name of a field is a word of the text that the index knows: most events are passed over unread.
        const name = field.split('.').at(-1) ?? field;
        const condition = filterCondition({ ...range, text: name, where: [{ field, op: 'exists' }] }, parameters);
        try {
          const { rows } = await ask(`SELECT 1 AS found FROM ${eventsTable} WHERE ${condition} LIMIT 1`, parameters, {
            maxRows: 1,
            timeoutMs: Math.min(needs.timeoutMs, fieldLookupMs),
          });
          if (rows.length === 0) absent.push(field);
        } catch (error) {
          if (codeOf(error) === undefined) throw error;
        }
      }
      return absent;
    },
    async event(position) {
      const only = { from: position, to: { log: position.log, index: position.index + 1 } };
      const { rows } = await ask(
        `SELECT ${row} FROM ${eventsTable} WHERE ${boundsCondition(only)} LIMIT 1`,
        createQueryParameters(),
        1,
      );
      if (rows[0] === undefined) throw new EventSearchError('event_not_found', eventNotFoundMessage(position));
      return foundEvent(rows[0]);
    },
  };
}

/** The same for an event that is not there and one that the caller may not see. */
export function eventNotFoundMessage(position: Position): string {
  return `Cannot find event "${formatPosition(position)}": no such event was received, or it is not searchable yet`;
}

const roundIntervalsMs = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1000,
);

/** A round interval that cuts `spanMs` into at most 60 or so. */
function chooseInterval(spanMs: number): number {
  const dayMs = 86_400_000;
  return roundIntervalsMs.find((intervalMs) => intervalMs * 60 >= spanMs) ?? Math.ceil(spanMs / 60 / dayMs) * dayMs;
}

function pageCondition(after: Position, newest: boolean): string {
  if (newest) return boundsCondition({ from: { log: 0, index: 0 }, to: after });
  return boundsCondition({ from: { log: after.log, index: after.index + 1 } });
}

function positionOf(found: JsonObject): Position {
  return { log: numberIn(found, 'log'), index: numberIn(found, 'idx') };
}

function foundEvent(found: JsonObject): FoundEvent {
  const event = parseBody(textIn(found, 'body'));
  const shownBy = event === undefined ? undefined : remappedFrom(event);
  return {
    position: positionOf(found),
    receivedAtMs: numberIn(found, 'received'),
    event,
    ...(shownBy !== undefined && { remapped: { ...shownBy, holds: 'remapped' } }),
  };
}

/** What is not a JSON object cannot come from intake; it is shown as what it is. */
export function parseBody(body: string): JsonObject | undefined {
  if (body === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    if (isJsonObject(parsed)) return parsed;
  } catch {
    // Falls through to the text.
  }
  return { raw_data: body };
}

function bounded(name: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new EventSearchError(
    'query_invalid',
    `Cannot search: ${name} is ${value}, must be a whole number from 1 to ${most}`,
  );
}

import type { JsonObject } from '@sallyport/contracts';
import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { fieldExpression } from './field-expression.ts';
import { filterCondition, timeColumn } from './filter-condition.ts';
import { createQueryParameters, type QueryParameters } from './query-parameters.ts';
import type { QueryStage } from './query-stages.ts';
import { numberIn, parseLines, textIn } from './result-lines.ts';
import type { EventFilter } from './search-request.ts';

export type TableColumn = { readonly name: string; readonly kind: 'text' | 'number' | 'time' | 'position' };

export type EventTable = {
  /** Time the engine took. */
  readonly elapsedMs: number;
  readonly columns: readonly TableColumn[];
  /** A cell each; times in milliseconds since 1970, positions as LOG/INDEX, '' where an event has no value. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** There are more rows. */
  readonly isCut: boolean;
  /** Width of a bar of a timechart. */
  readonly spanMs?: number;
};

type Answered = { readonly rows: JsonObject[]; readonly elapsedMs: number };

const maxBytes = 24 * 1024 * 1024;
/** A timechart shows so many values apart, the others together. */
const maxSeries = 8;

/** What becomes of the events of a filter. Throws what a search throws. */
export async function eventTable(
  needs: {
    readonly store: Pick<EventStore, 'query'>;
    readonly timeoutMs: number;
    readonly chooseSpanMs: (filter: EventFilter) => Promise<number>;
  },
  filter: EventFilter,
  stage: QueryStage,
): Promise<EventTable> {
  async function ask(sql: string, parameters: QueryParameters): Promise<Answered> {
    const { lines, elapsedMs } = await needs.store.query({
      sql,
      parameters: parameters.values,
      lane: 'search',
      timeoutMs: needs.timeoutMs,
      maxRows: stage.limit + 1,
      maxBytes,
    });
    return { rows: parseLines(lines), elapsedMs };
  }
  const parameters = createQueryParameters();
  const keys = stage.by.map((field, at) => ({
    name: `k${at}`,
    sql: `ifNull(toString(${fieldExpression(field, parameters).sql}), '')`,
  }));
  const names = keys.map(({ name }) => name);
  const selected = keys.map(({ name, sql }) => `${sql} AS ${name}`);
  const condition = `${filterCondition(filter, parameters)} AND erased = 0`;
  const time = timeColumn(filter);
  const ms = (aggregate: string): string => `toUnixTimestamp64Milli(${aggregate})`;
  const grouped = (columns: readonly string[], order: string, more = ''): string =>
    `SELECT ${[...selected, ...columns].join(', ')} FROM ${eventsTable} WHERE ${condition}${names.length === 0 ? '' : ` GROUP BY ${names.join(', ')}`}${more} ORDER BY ${[order, ...names].join(', ')} LIMIT ${stage.limit + 1}`;
  const fields: TableColumn[] = stage.by.map((name) => ({ name, kind: 'text' }));
  const answer = (found: Answered, columns: readonly (TableColumn & { readonly from: string })[]): EventTable => ({
    columns: [...fields, ...columns.map(({ name, kind }) => ({ name, kind }))],
    rows: found.rows
      .slice(0, stage.limit)
      .map((row) => [
        ...names.map((name) => textIn(row, name)),
        ...columns.map(({ from, kind }) => (kind === 'position' ? textIn(row, from) : numberIn(row, from))),
      ]),
    isCut: found.rows.length > stage.limit,
    elapsedMs: found.elapsedMs,
  });

  const count = { name: 'count', kind: 'number', from: 'found' } as const;
  const first = { name: 'first', kind: 'time', from: 'since' } as const;
  const last = { name: 'last', kind: 'time', from: 'until' } as const;
  const place = (which: 'argMin' | 'argMax'): string =>
    `${which}(concat(toString(log), '/', toString(idx)), (${time}, log, idx)) AS place`;
  switch (stage.kind) {
    case 'count':
      return answer(await ask(grouped(['count() AS found'], 'found DESC'), parameters), [count]);
    case 'top':
      return answer(await ask(grouped(['count() AS found'], 'found DESC', " HAVING k0 != ''"), parameters), [count]);
    case 'rare':
      return answer(await ask(grouped(['count() AS found'], 'found', " HAVING k0 != ''"), parameters), [count]);
    case 'group': {
      const columns = ['count() AS found', `${ms(`min(${time})`)} AS since`, `${ms(`max(${time})`)} AS until`];
      return answer(await ask(grouped(columns, 'found DESC'), parameters), [count, first, last]);
    }
    case 'first': {
      const columns = ['count() AS found', `${ms(`min(${time})`)} AS since`, place('argMin')];
      const found = await ask(grouped(columns, 'since DESC'), parameters);
      return answer(found, [first, { name: 'event', kind: 'position', from: 'place' }, count]);
    }
    case 'last': {
      const columns = ['count() AS found', `${ms(`max(${time})`)} AS until`, place('argMax')];
      const found = await ask(grouped(columns, 'until'), parameters);
      return answer(found, [last, { name: 'event', kind: 'position', from: 'place' }, count]);
    }
    case 'timechart':
      return chart(stage.spanMs ?? (await needs.chooseSpanMs(filter)));
  }

  async function chart(spanMs: number): Promise<EventTable> {
    const bucket = `intDiv(${ms(time)}, ${spanMs}) * ${spanMs}`;
    const [key] = keys;
    const rest = `FROM ${eventsTable} WHERE ${condition}`;
    const series =
      key === undefined
        ? "''"
        : `if(${key.sql} IN (SELECT ${key.sql} AS value ${rest} GROUP BY value ORDER BY count() DESC, value LIMIT ${maxSeries}), ${key.sql}, 'other')`;
    const sql = `SELECT ${bucket} AS bucket, ${series} AS series, count() AS found ${rest} GROUP BY bucket, series ORDER BY bucket, series LIMIT ${stage.limit + 1}`;
    const { rows, elapsedMs } = await ask(sql, parameters);
    return {
      columns: [{ name: 'time', kind: 'time' }, ...fields, { name: 'count', kind: 'number' }],
      rows: rows
        .slice(0, stage.limit)
        .map((row) => [
          numberIn(row, 'bucket'),
          ...(key === undefined ? [] : [textIn(row, 'series')]),
          numberIn(row, 'found'),
        ]),
      isCut: rows.length > stage.limit,
      spanMs,
      elapsedMs,
    };
  }
}

import { parsePosition, type JsonObject, type Position } from '@sallyport/contracts';
import { EventSearchError } from './errors.ts';
import type { EventStore } from './event-store.ts';
import { eventsTable } from './events-table.ts';
import { filterCondition } from './filter-condition.ts';
import { createQueryParameters } from './query-parameters.ts';
import { numberIn, parseLines, textIn } from './result-lines.ts';
import { searchLimits, type EventFilter } from './search-request.ts';

/** The columns that say whom and what an event is about. */
export const entityFields = [
  'user',
  'target_user',
  'host',
  'src_ip',
  'dst_ip',
  'camera',
  'site',
  'agent',
  'service',
] as const;
export type EntityField = (typeof entityFields)[number];

/** A value of a column, compared without case. */
export type EntityValue = { readonly field: EntityField; readonly value: string };

/** What stands in the same events as one of the values asked for. */
export type Neighbour = {
  /** Which of the values asked for, by its place. */
  readonly centre: number;
  readonly field: EntityField;
  /** One spelling; `otherSpelling` is another where there are several, else the same. */
  readonly value: string;
  readonly otherSpelling: string;
  /** Of a camera, what it was called; else empty. */
  readonly label: string;
  readonly count: number;
  /** Of these, what failed (`status_id` 2). */
  readonly failed: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly first: Position;
  readonly last: Position;
  /** OCSF classes of these events, in order; at most sixteen. */
  readonly classes: readonly number[];
  /** How many different values of this column stand beside the one asked for, those left out included. */
  readonly distinct: number;
};

export const neighbourLimits = { centres: 64, perField: 100 } as const;

/**
 * Who and what stands in the same events as given values, the most frequent first, in one pass over the columns: no body is read.
 * The name of a host in an event of a camera is the name of the camera.
 */
export type Neighbours = (request: {
  readonly filter: EventFilter;
  readonly centres: readonly EntityValue[];
  /** So many of each column and centre. */
  readonly perField: number;
}) => Promise<{ readonly neighbours: readonly Neighbour[]; readonly elapsedMs: number }>;

/** Throws what a search throws. */
export function createNeighbours(needs: { store: Pick<EventStore, 'query'>; timeoutMs: number }): Neighbours {
  return async ({ filter, centres, perField }) => {
    if (centres.length === 0) return { neighbours: [], elapsedMs: 0 };
    const { centres: mostCentres, perField: mostPerField } = neighbourLimits;
    if (centres.length > mostCentres || !Number.isSafeInteger(perField) || perField < 1 || perField > mostPerField)
      throw new EventSearchError(
        'query_invalid',
        `Cannot look around ${centres.length} values with ${perField} neighbours each: must be at most ${mostCentres} and ${mostPerField}`,
      );
    const parameters = createQueryParameters();
    const values = centres.map(({ value }) => parameters.text(value.slice(0, searchLimits.maxValueCharacters)));
    const isAt = centres.map(({ field }, at) => `lowerUTF8(\`${field}\`) = lowerUTF8(${values[at] ?? "''"})`);
    const places = isAt.map((condition, at) => `if(${condition}, ${at + 1}, 0)`);
    // Asked of every row of the window: one look into a set for each column, however many values are asked for.
    const isAnywhere = entityFields.flatMap((field) => {
      const own = centres.flatMap((centre, at) => (centre.field === field ? [`lowerUTF8(${values[at] ?? "''"})`] : []));
      return own.length === 0 ? [] : [`lowerUTF8(\`${field}\`) IN (${own.join(', ')})`];
    });
    // What a camera event calls its host is the camera.
    const pairs = entityFields.map((field) =>
      field === 'host' ? `('host', if(\`camera\` = '', \`host\`, ''))` : `('${field}', toString(\`${field}\`))`,
    );
    const inner = `SELECT log, idx, received_at, status_id, class_uid, \`host\` AS label, arrayJoin(arrayFilter(place -> place > 0, [${places.join(', ')}])) AS centre, [${pairs.join(', ')}] AS pairs FROM ${eventsTable} WHERE ${filterCondition(filter, parameters)} AND erased = 0 AND (${isAnywhere.join(' OR ')})`;
    const ownFields = centres.map(({ field }) => `'${field}'`).join(', ');
    const ownValues = values.map((value) => `lowerUTF8(${value})`).join(', ');
    const position = (which: 'argMin' | 'argMax'): string =>
      `${which}(concat(toString(log), '/', toString(idx)), (log, idx))`;
    const grouped = `SELECT centre, pair.1 AS field, lowerUTF8(pair.2) AS folded, min(pair.2) AS value, max(pair.2) AS other, max(if(pair.1 = 'camera', label, '')) AS called, count() AS found, countIf(status_id = 2) AS failed, toUnixTimestamp64Milli(min(received_at)) AS since, toUnixTimestamp64Milli(max(received_at)) AS until, ${position('argMin')} AS first, ${position('argMax')} AS last, arrayStringConcat(arraySort(groupUniqArray(16)(class_uid)), ' ') AS classes FROM (${inner}) ARRAY JOIN pairs AS pair WHERE pair.2 != '' AND NOT (pair.1 = [${ownFields}][centre] AND lowerUTF8(pair.2) = [${ownValues}][centre]) GROUP BY centre, field, folded`;
    const sql = `SELECT *, count() OVER (PARTITION BY centre, field) AS distinct FROM (${grouped}) ORDER BY centre, field, found DESC, folded LIMIT ${perField} BY centre, field`;
    const { lines, elapsedMs } = await needs.store.query({
      sql,
      parameters: parameters.values,
      lane: 'search',
      timeoutMs: needs.timeoutMs,
      maxRows: mostCentres * mostPerField * entityFields.length,
      maxBytes: 24 * 1024 * 1024,
    });
    return { neighbours: parseLines(lines).flatMap(neighbourOf), elapsedMs };
  };
}

function neighbourOf(row: JsonObject): Neighbour[] {
  const field = entityFields.find((known) => known === textIn(row, 'field'));
  const [first, last] = [parsePosition(textIn(row, 'first')), parsePosition(textIn(row, 'last'))];
  if (field === undefined || first === undefined || last === undefined) return [];
  return [
    {
      centre: numberIn(row, 'centre') - 1,
      field,
      value: textIn(row, 'value'),
      otherSpelling: textIn(row, 'other'),
      label: textIn(row, 'called'),
      count: numberIn(row, 'found'),
      failed: numberIn(row, 'failed'),
      firstMs: numberIn(row, 'since'),
      lastMs: numberIn(row, 'until'),
      first,
      last,
      classes: textIn(row, 'classes').split(' ').map(Number),
      distinct: numberIn(row, 'distinct'),
    },
  ];
}

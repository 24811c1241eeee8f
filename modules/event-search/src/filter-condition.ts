import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Position } from '@sallyport/contracts';
import { boundsCondition } from './bounds.ts';
import { EventSearchError } from './errors.ts';
import { fieldExpression, type FieldExpression } from './field-expression.ts';
import type { QueryParameters } from './query-parameters.ts';
import { searchLimits, type Condition, type EventFilter, type Filter } from './search-request.ts';
import { phraseCondition, textCondition } from './text-condition.ts';
import { parseInstant } from './instant.ts';

/** The whole filter as one SQL condition; values are in `parameters`. Throws `EventSearchError` `query_invalid`, `query_field_unknown`. */
export function filterCondition(filter: EventFilter, parameters: QueryParameters): string {
  const { where = [], text, query, fromMs, toMs } = filter;
  if (fromMs !== undefined && toMs !== undefined && toMs < fromMs)
    throw invalid('Cannot search: the end of the time range lies before its start');
  const budget = createBudget();
  for (const one of where) budget.takeFilter(one);
  const time = timeColumn(filter);
  // Whether an erased event fits a question nobody can tell any more: it is listed where nothing is asked, and counted apart.
  const { sites } = filter;
  const asks = where.length > 0 || text !== undefined || query !== undefined || sites !== undefined;
  return (
    [
      ...(fromMs === undefined ? [] : [`${time} >= ${instant(fromMs, parameters)}`]),
      ...(toMs === undefined ? [] : [`${time} < ${instant(toMs, parameters)}`]),
      ...placeConditions(filter),
      ...(asks ? ['erased = 0'] : []),
      ...where.map((one) => condition(one, parameters)),
      ...(text === undefined ? [] : textCondition(text, parameters)),
      ...(query === undefined ? [] : [tree(query, { parameters, budget, depth: 0 })]),
      ...(sites === undefined ? [] : [sitesCondition(sites, parameters)]),
      ...(filter.withoutOwn === 'audit' ? ['own_audit = 0'] : []),
      ...(filter.withoutOwn === 'reads' ? ["NOT (`event_code` = 'request.allowed' AND own_audit = 1)"] : []),
    ].join(' AND ') || '1'
  );
}

function sitesCondition(sites: NonNullable<EventFilter['sites']>, parameters: QueryParameters): string {
  const named = 'only' in sites ? sites.only : sites.except;
  // An empty list is no list to the engine.
  if (named.length === 0) return 'only' in sites ? '0' : '1';
  const list = named.map((site) => parameters.text(site)).join(', ');
  return `ifNull(\`site\`, '') ${'only' in sites ? 'IN' : 'NOT IN'} (${list})`;
}

/** Those of the places asked for. */
export function placeConditions({ since, through }: Pick<EventFilter, 'since' | 'through'>): string[] {
  const behind = ({ log, index }: Position): Position => ({ log, index: index + 1 });
  return [
    ...(since === undefined ? [] : [boundsCondition({ from: behind(since) })]),
    ...(through === undefined ? [] : [boundsCondition({ from: { log: 0, index: 0 }, to: behind(through) })]),
  ];
}

type Budget = ReturnType<typeof createBudget>;

/** Bounds the whole query, so that no shape of it makes the engine's statement too long or too slow. */
function createBudget() {
  let filters = 0;
  let values = 0;
  let words = 0;
  return {
    takeFilter(filter: Filter): void {
      filters += 1;
      if (filters > searchLimits.maxFilters)
        throw invalid(`Cannot search: it has ${filters} filters or more, must have at most ${searchLimits.maxFilters}`);
      values += Array.isArray(filter.value) ? filter.value.length : 0;
      if (values > searchLimits.maxValues)
        throw invalid(`Cannot search: its lists have ${values} values, must have at most ${searchLimits.maxValues}`);
    },
    takeWords(count: number): void {
      words += count;
      if (words > searchLimits.maxWords)
        throw invalid(`Cannot search text: ${words} words were given, must be at most ${searchLimits.maxWords}`);
    },
  };
}

function tree(
  node: Condition,
  state: { readonly parameters: QueryParameters; readonly budget: Budget; readonly depth: number },
): string {
  const { parameters, budget, depth } = state;
  if (depth > searchLimits.maxDepth * 2)
    throw invalid(`Cannot search: its brackets are too deep, must be at most ${searchLimits.maxDepth}`);
  const inner = { ...state, depth: depth + 1 };
  switch (node.kind) {
    case 'filter':
      budget.takeFilter(node.filter);
      return condition(node.filter, parameters);
    case 'text': {
      const words =
        node.isPhrase === true ? phraseCondition(node.text, parameters) : textCondition(node.text, parameters);
      budget.takeWords(words.length);
      return words.length === 0 ? '1' : `(${words.join(' AND ')})`;
    }
    case 'not':
      return `NOT ${tree(node.part, inner)}`;
    case 'all':
      return node.parts.length === 0 ? '1' : `(${node.parts.map((part) => tree(part, inner)).join(' AND ')})`;
    case 'any':
      return node.parts.length === 0 ? '0' : `(${node.parts.map((part) => tree(part, inner)).join(' OR ')})`;
  }
}

export function timeColumn(filter: EventFilter): string {
  return filter.timeField === 'claimed' ? '`time`' : 'received_at';
}

function condition(filter: Filter, parameters: QueryParameters): string {
  const field = fieldExpression(filter.field, parameters);
  const positive = `ifNull(${operation(filter, field, parameters)}, 0)`;
  return (filter.op === 'neq') === (filter.negated === true) ? positive : `NOT ${positive}`;
}

function operation(filter: Filter, field: FieldExpression, parameters: QueryParameters): string {
  switch (filter.op) {
    case 'eq':
    case 'neq':
      return equals(filter, field, single(filter), parameters);
    case 'in':
      return `(${several(filter)
        .map((value) => equals(filter, field, value, parameters))
        .join(' OR ')})`;
    case 'contains':
      return like(field, `%${escapeLike(String(single(filter)))}%`, parameters);
    case 'startswith':
      return like(field, `${escapeLike(String(single(filter)))}%`, parameters);
    case 'endswith':
      return like(field, `%${escapeLike(String(single(filter)))}`, parameters);
    case 'wildcard':
      return like(field, wildcardToLike(String(single(filter))), parameters);
    case 'gt':
      return compare('>', filter, field, parameters);
    case 'gte':
      return compare('>=', filter, field, parameters);
    case 'lt':
      return compare('<', filter, field, parameters);
    case 'lte':
      return compare('<=', filter, field, parameters);
    case 'exists':
      return field.kind === 'number'
        ? `${field.sql} != 0`
        : field.kind === 'time'
          ? `${field.sql} > toDateTime64(0, 3)`
          : `${field.sql} != ''`;
    case 'cidr':
      return inNetwork(filter, field, parameters);
  }
}

function equals(filter: Filter, field: FieldExpression, value: string | number, parameters: QueryParameters): string {
  if (field.kind === 'text') {
    const column = `lowerUTF8(${field.sql})`;
    const wanted = `lowerUTF8(${parameters.text(String(value))})`;
    return [`${column} = ${wanted}`, ...byShortName(filter.field, String(value), { column, wanted })].join(' OR ');
  }
  return `${field.sql} = ${operand(filter, field, value, parameters)}`;
}

/**
 * What people call a thing by: a program by its file name, a machine by the first part of its name. Given without the
 * rest, it finds all of that name; `powershell.exe` is not asked of a column of full paths in vain.
 */
function byShortName(field: string, value: string, { column, wanted }: { column: string; wanted: string }): string[] {
  if (/^(parent_)?process$/.test(field) && !/[\\/]/.test(value)) {
    return [`endsWith(${column}, concat('\\\\', ${wanted}))`, `endsWith(${column}, concat('/', ${wanted}))`];
  }
  if (field === 'host' && !value.includes('.')) return [`startsWith(${column}, concat(${wanted}, '.'))`];
  return [];
}

function compare(sign: string, filter: Filter, field: FieldExpression, parameters: QueryParameters): string {
  const value = single(filter);
  if (field.kind !== 'text') return `${field.sql} ${sign} ${operand(filter, field, value, parameters)}`;
  return `toFloat64OrNull(${field.sql}) ${sign} ${parameters.number(numberOf(filter, value))}`;
}

/** The value as the column's own type, so that the engine can use its index. */
function operand(filter: Filter, field: FieldExpression, value: string | number, parameters: QueryParameters): string {
  if (field.kind === 'number') return parameters.number(numberOf(filter, value));
  const timeMs = parseInstant(value);
  if (timeMs === undefined)
    throw invalid(`Cannot compare "${filter.field}": its value must be an ISO 8601 time or milliseconds since 1970`);
  return instant(timeMs, parameters);
}

function instant(timeMs: number, parameters: QueryParameters): string {
  if (Number.isNaN(timeMs)) throw invalid('Cannot search: a bound of the time range is no time');
  const inRange = Math.min(Math.max(Math.trunc(timeMs), 0), 253_402_300_799_999);
  return `fromUnixTimestamp64Milli(${parameters.number(inRange)}, 'UTC')`;
}

function like(field: FieldExpression, pattern: string, parameters: QueryParameters): string {
  const text = field.kind === 'text' ? field.sql : `toString(${field.sql})`;
  return `${text} ILIKE ${parameters.text(pattern)}`;
}

function inNetwork(filter: Filter, field: FieldExpression, parameters: QueryParameters): string {
  const value = String(single(filter));
  if (!isNetwork(value))
    throw invalid(`Cannot compare "${filter.field}": its value must be a network such as 10.0.0.0/8`);
  const text = field.kind === 'text' ? `ifNull(${field.sql}, '')` : `toString(${field.sql})`;
  const isAddress = `(isIPv4String(${text}) OR isIPv6String(${text}))`;
  // The engine refuses the whole query at the first value that is not an address.
  return `(${isAddress} AND isIPAddressInRange(if(${isAddress}, ${text}, '::'), ${parameters.text(value)}))`;
}

export function isNetwork(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  if (family === undefined || address.includes('%')) return false;
  try {
    new BlockList().addSubnet(address, Number(bits), family);
    return true;
  } catch {
    return false;
  }
}

function single(filter: Filter): string | number {
  const { value } = filter;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw invalid(`Cannot compare "${filter.field}" with "${filter.op}": must have one value`);
  return bounded(filter, value);
}

function several(filter: Filter): (string | number)[] {
  const { value } = filter;
  const values = Array.isArray(value) ? value : [];
  if (values.length === 0 || values.length > searchLimits.maxValues) {
    throw invalid(`Cannot compare "${filter.field}" with "in": must have 1 to ${searchLimits.maxValues} values`);
  }
  return values.map((one: string | number) => bounded(filter, one));
}

function bounded(filter: Filter, value: string | number): string | number {
  if (typeof value === 'string' && value.length > searchLimits.maxValueCharacters) {
    throw invalid(
      `Cannot compare "${filter.field}": its value has ${value.length} characters, must have at most ${searchLimits.maxValueCharacters}`,
    );
  }
  return value;
}

function numberOf(filter: Filter, value: string | number): number {
  const number =
    typeof value === 'number' ? value : /^-?\d{1,18}(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isFinite(number)) throw invalid(`Cannot compare "${filter.field}": its value must be a number`);
  return number;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`);
}

/** `*` and `?` are wildcards; `\*`, `\?` and `\\` before one of them stand for themselves. */
export function wildcardToLike(pattern: string): string {
  return pattern.replaceAll(/\\\\(?=[*?])|\\[*?]|[*?\\%_]/g, (sign) => {
    if (sign === '*') return '%';
    if (sign === '?') return '_';
    if (sign === '\\*' || sign === '\\?') return sign.slice(1);
    return sign === '\\\\' ? '\\\\' : `\\${sign}`;
  });
}

function invalid(message: string): EventSearchError {
  return new EventSearchError('query_invalid', message);
}

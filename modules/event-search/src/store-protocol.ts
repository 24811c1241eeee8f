import { isJsonObject, type JsonObject, type JsonValue, type Position } from '@sallyport/contracts';
import { EventSearchError } from './errors.ts';
import type { Bounds, ClosedBounds } from './bounds.ts';

/** One SELECT for the store. `sql` is our own text without SETTINGS and FORMAT; every value a user gave is in `parameters`. */
export type QueryRequest = {
  readonly sql: string;
  /** Values of `{name:Type}` in `sql`, bound by the engine. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `projection` goes before searches; it takes no parameters. `hunt` gives way to both. */
  readonly lane: 'projection' | 'search' | 'hunt';
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
};

export function queryToHead(request: QueryRequest): JsonObject {
  return { ...request };
}

/** Throws `EventSearchError` `query_invalid` when a part is missing or has the wrong type. */
export function queryFromHead(head: JsonObject): QueryRequest {
  const given = head['parameters'];
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(isJsonObject(given) ? given : {})) parameters[name] = text(value, name);
  return {
    sql: text(head['sql'], 'sql'),
    parameters,
    lane: head['lane'] === 'projection' || head['lane'] === 'hunt' ? head['lane'] : 'search',
    timeoutMs: positive(head['timeoutMs'], 'timeoutMs'),
    maxRows: positive(head['maxRows'], 'maxRows'),
    maxBytes: positive(head['maxBytes'], 'maxBytes'),
  };
}

export function boundsToHead(bounds: Bounds): JsonObject {
  const from = { log: bounds.from.log, index: bounds.from.index };
  return bounds.to === undefined ? { from } : { from, to: { log: bounds.to.log, index: bounds.to.index } };
}

export function boundsFromHead(head: JsonObject): Bounds {
  const from = position(head['from'], 'from');
  return head['to'] === undefined ? { from } : { from, to: position(head['to'], 'to') };
}

/** Many ranges as [log, from, to, …]. */
export function rangesToHead(ranges: readonly ClosedBounds[]): JsonObject {
  return { ranges: ranges.flatMap(({ from, to }) => [from.log, from.index, to.index]) };
}

/** Undefined when the head names one range. */
export function rangesFromHead(head: JsonObject): ClosedBounds[] | undefined {
  const { ranges } = head;
  if (!Array.isArray(ranges)) return undefined;
  const given: readonly JsonValue[] = ranges;
  const numbers = given.map((value) => whole(value, 'ranges'));
  if (numbers.length % 3 !== 0) throw wrong('ranges', 'three numbers for each');
  const found: ClosedBounds[] = [];
  for (let at = 0; at < numbers.length; at += 3) {
    const [log = 0, from = 0, to = 0] = numbers.slice(at, at + 3);
    found.push({ from: { log, index: from }, to: { log, index: to } });
  }
  return found;
}

function position(value: JsonValue | undefined, name: string): Position {
  if (!isJsonObject(value)) throw wrong(name, 'a position');
  return { log: whole(value['log'], name), index: whole(value['index'], name) };
}

export function text(value: JsonValue | undefined, name: string): string {
  if (typeof value !== 'string') throw wrong(name, 'text');
  return value;
}

export function positive(value: JsonValue | undefined, name: string): number {
  const number = whole(value, name);
  if (number === 0) throw wrong(name, 'positive');
  return number;
}

function whole(value: JsonValue | undefined, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw wrong(name, 'a non-negative whole number');
  return value;
}

function wrong(name: string, wanted: string): EventSearchError {
  return new EventSearchError('query_invalid', `Cannot carry out the store call: "${name}" must be ${wanted}`);
}

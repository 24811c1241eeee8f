import { endOfJsonValue, isJsonObject, isList, parseJsonObject, textOf } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';
import { quoted } from '../text/parsed.ts';
import type { HecReplyName } from './reply.ts';

export type HecScalar = string | number | boolean;

/** One object of a body sent to `/services/collector/event`. */
export type HecEvent = {
  /** Milliseconds since 1970, from seconds with a fraction; undefined when the sender left the time to the receiver. */
  readonly unixMs: number | undefined;
  readonly host: string | undefined;
  readonly source: string | undefined;
  readonly sourcetype: string | undefined;
  readonly index: string | undefined;
  /** A text or any JSON value but null. */
  readonly event: unknown;
  readonly fields: ReadonlyMap<string, HecScalar | readonly HecScalar[]>;
  /** The object exactly as it was sent. */
  readonly original: string;
};

export type HecRefusalCode =
  | Extract<HecReplyName, 'no_data' | 'invalid_data_format' | 'event_required' | 'event_blank' | 'indexed_fields'>
  | 'hec_too_large'
  | 'hec_too_many_events';

export type HecEvents =
  | { readonly ok: true; readonly value: readonly HecEvent[] }
  | {
      readonly ok: false;
      readonly code: HecRefusalCode;
      readonly message: string;
      readonly at: number;
      /** Of the event at fault, from 0. */
      readonly invalidEventNumber: number;
      /** The sound events before it: Splunk takes these and refuses the rest. */
      readonly before: readonly HecEvent[];
    };

export type HecLimits = {
  readonly maxCharacters: number;
  readonly maxEvents: number;
  readonly maxDepth: number;
  readonly maxFields: number;
};
export const defaultHecLimits: HecLimits = {
  maxCharacters: 16 << 20,
  maxEvents: 65_536,
  maxDepth: 64,
  maxFields: 1024,
};

class HecFault extends Error {
  readonly code: HecRefusalCode;
  readonly at: number;

  constructor(code: HecRefusalCode, at: number, message: string) {
    super(message);
    this.name = 'HecFault';
    this.code = code;
    this.at = at;
  }
}

/** JSON objects one after the other, with white space, line breaks or nothing between them. */
export function parseHecEvents(text: string, limits: HecLimits = defaultHecLimits): HecEvents {
  const events: HecEvent[] = [];
  try {
    if (text.length > limits.maxCharacters)
      throw new HecFault(
        'hec_too_large',
        limits.maxCharacters,
        `Body has ${text.length} characters, must be at most ${limits.maxCharacters}`,
      );
    let at = skipWhite(text, 0);
    if (at === text.length) throw new HecFault('no_data', 0, 'Body is empty, must hold an event');
    while (at < text.length) {
      if (events.length === limits.maxEvents)
        throw new HecFault('hec_too_many_events', at, `Body holds more than ${limits.maxEvents} events`);
      const end = text.charCodeAt(at) === 123 ? endOfJsonValue(text, at) : -1;
      if (end === -1) throw new HecFault('invalid_data_format', at, `No whole JSON object at ${quoted(text, at)}`);
      events.push(readEvent(text.slice(at, end), at, limits));
      at = skipWhite(text, end);
    }
    return { ok: true, value: events };
  } catch (error) {
    if (!(error instanceof HecFault)) throw error;
    return {
      ok: false,
      code: error.code,
      message: error.message,
      at: error.at,
      invalidEventNumber: events.length,
      before: events,
    };
  }
}

function skipWhite(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at += 1;
  }
}

function readEvent(original: string, at: number, limits: HecLimits): HecEvent {
  const parsed = parseJsonObject(original, { maxCharacters: limits.maxCharacters, maxDepth: limits.maxDepth });
  if (!parsed.ok) throw new HecFault('invalid_data_format', at + parsed.at, parsed.message);
  const object = parsed.value;
  const event = Object.hasOwn(object, 'event') ? object['event'] : undefined;
  if (event === undefined || event === null) throw new HecFault('event_required', at, 'Object has no "event"');
  if (event === '') throw new HecFault('event_blank', at, 'Field "event" is empty, must say something');
  return {
    unixMs: readTime(object['time'], at),
    host: textOf(object['host']),
    source: textOf(object['source']),
    sourcetype: textOf(object['sourcetype']),
    index: textOf(object['index']),
    event,
    fields: readFields(object, at, limits.maxFields),
    original,
  };
}

/** Seconds since 1970 as number or text. Larger magnitudes are milliseconds, microseconds, nanoseconds, as Splunk reads them. */
function readTime(value: unknown, at: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' && /^[0-9.]{1,24}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0)
    throw new HecFault('invalid_data_format', at, 'Field "time" must be seconds since 1970');
  const milliseconds =
    number < 1e11 ? number * 1000 : number < 1e14 ? number : number < 1e17 ? number / 1000 : number / 1e6;
  const unixMs = Math.floor(Number(milliseconds.toFixed(3)));
  if (!Number.isSafeInteger(unixMs)) throw new HecFault('invalid_data_format', at, 'Field "time" is past any calendar');
  return unixMs;
}

function readFields(object: JsonObject, at: number, maxFields: number): HecEvent['fields'] {
  const given = object['fields'];
  const fields = new Map<string, HecScalar | readonly HecScalar[]>();
  if (given === undefined || given === null) return fields;
  if (!isJsonObject(given)) throw new HecFault('indexed_fields', at, 'Field "fields" must be an object');
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue;
    const read = isList(value) ? value.filter((item) => isScalar(item)) : value;
    if (isList(read) ? isList(value) && read.length !== value.length : !isScalar(read))
      throw new HecFault('indexed_fields', at, `Field ${quoted(name)} must be flat`);
    if (isScalar(read) || isScalars(read)) fields.set(name, read);
    if (fields.size > maxFields) throw new HecFault('indexed_fields', at, `Event has more than ${maxFields} fields`);
  }
  return fields;
}

function isScalar(value: unknown): value is HecScalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isScalars(value: unknown): value is readonly HecScalar[] {
  return isList(value) && value.every((item) => isScalar(item));
}

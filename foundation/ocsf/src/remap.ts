import type { JsonObject, JsonValue, OcsfEvent } from './event.ts';
import { isObject } from './fields.ts';
import { isList } from './mapping/record-field.ts';
import { recordEvent, withRecord } from './mapping/record-event.ts';
import type { RecordMapper } from './mapping/record-event.ts';
import { normalise } from './normalise.ts';

/** By what an event was mapped; undefined where no mapping fitted, or none is named. */
export type ShownBy = { readonly sealed?: string; readonly by?: string };

const maxNameCharacters = 200;

/**
 * What today's mappings make of an event that was mapped before; undefined when that is the same, or when it cannot be told:
 * events of our own (they have no original), what was kept raw, and what left neither a record nor JSON. What intake alone says
 * stays: the original and `metadata.reporter`; where the record claims no time, the event's own stays.
 * The result says in `unmapped.sallyport.remapped` by which mapping it was sealed and by which it is shown.
 * Throws only what parsing and comparing JSON throw, for JSON deeper than the stack.
 */
export function remap(event: JsonObject, mapper: RecordMapper): OcsfEvent | undefined {
  const { raw_data: rawText, time: receivedAtMs } = event;
  if (typeof rawText !== 'string' || typeof receivedAtMs !== 'number' || isKeptRaw(event)) return undefined;
  const mapped = readAgain(event, { rawText, receivedAtMs, mapper });
  if (mapped === undefined) return undefined;
  const before = withoutMark(event);
  const after = withReporter(mapped, objectAt(event, 'metadata')['reporter']);
  return isSame(before, after) ? undefined : withMark(after, { sealed: mappingOf(event), by: mappingOf(after) });
}

/** By what an event is shown that `remap` made; undefined for any other. Nothing from outside can say so. */
export function remappedFrom(event: JsonObject): ShownBy | undefined {
  if (typeof event['raw_data'] !== 'string') return undefined;
  const mark = objectAt(objectAt(event, 'unmapped'), 'sallyport')['remapped'];
  if (!isObject(mark)) return undefined;
  const { sealed, by } = mark;
  return { ...(typeof sealed === 'string' && { sealed }), ...(typeof by === 'string' && { by }) };
}

type Source = { readonly rawText: string; readonly receivedAtMs: number; readonly mapper: RecordMapper };

/** The record as intake had it: one that a parser made stands beside the original, any other is the original. */
function readAgain(event: JsonObject, source: Source): OcsfEvent | undefined {
  const unmapped = objectAt(event, 'unmapped');
  const own = unmapped['sallyport'];
  const { record } = unmapped;
  // Without our own words beside it, the record is a sender's.
  if (isObject(own) && isObject(record)) {
    const { format = objectAt(event, 'metadata')['log_format'] } = own;
    if (typeof format !== 'string') return undefined;
    if (format === 'json') return withRecord(normalise(record, source.rawText, source), 'json', record);
    return recordEvent(format, record, { ...source, isParsed: true });
  }
  const whole = parsed(source.rawText);
  return isObject(whole) ? normalise(whole, source.rawText, source) : undefined;
}

/** What intake could not read, `rawEvent`: it was not read then for a reason that still holds. */
function isKeptRaw(event: JsonObject): boolean {
  return (
    event['class_uid'] === 0 &&
    typeof event['status_detail'] === 'string' &&
    event['unmapped'] === undefined &&
    objectAt(objectAt(event, 'metadata'), 'product')['name'] === 'unknown'
  );
}

function mappingOf(event: JsonObject): string | undefined {
  const used = objectAt(event, 'metadata')['transformation_info_list'];
  const first = isList(used) ? used[0] : undefined;
  const uid = isObject(first) ? first['uid'] : undefined;
  return typeof uid === 'string' ? uid.slice(0, maxNameCharacters).toWellFormed() : undefined;
}

function withReporter(event: OcsfEvent, reporter: JsonValue | undefined): OcsfEvent {
  const metadata = without(event.metadata, 'reporter');
  return { ...event, metadata: reporter === undefined ? metadata : { ...metadata, reporter } };
}

function withMark(event: OcsfEvent, { sealed, by }: { sealed: string | undefined; by: string | undefined }): OcsfEvent {
  const unmapped = objectAt(event, 'unmapped');
  const remapped = { ...(sealed !== undefined && { sealed }), ...(by !== undefined && { by }) };
  return { ...event, unmapped: { ...unmapped, sallyport: { ...objectAt(unmapped, 'sallyport'), remapped } } };
}

/** What was sealed has no such mark; taken off, so that a body that claims one is compared by what it says. */
function withoutMark(event: JsonObject): JsonObject {
  const unmapped = objectAt(event, 'unmapped');
  const own = unmapped['sallyport'];
  if (!isObject(own) || own['remapped'] === undefined) return event;
  return { ...event, unmapped: { ...unmapped, sallyport: without(own, 'remapped') } };
}

function without(from: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(from).filter(([one]) => one !== name));
}

/** Names without a value count as absent, as JSON leaves them out; their order does not matter. */
function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (isList(left))
    return isList(right) && left.length === right.length && left.every((one, at) => isSame(one, right[at]));
  if (!isObject(left) || !isObject(right)) return false;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((name) =>
    isSame(Object.hasOwn(left, name) ? left[name] : undefined, Object.hasOwn(right, name) ? right[name] : undefined),
  );
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  return isObject(value) ? value : {};
}

function parsed(text: string): unknown {
  try {
    // A byte order mark is part of what was received, but not of the JSON.
    return JSON.parse(text.codePointAt(0) === 0xfe_ff ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

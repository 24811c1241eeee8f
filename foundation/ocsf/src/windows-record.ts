import type { JsonObject, JsonValue } from './event.ts';
import { asText, firstText, integer, isObject, objectIn, parseTime, text } from './fields.ts';

/** A Windows event, whatever shape its JSON came in. */
export type WindowsRecord = {
  readonly code: number;
  readonly provider: string | undefined;
  readonly channel: string | undefined;
  readonly computer: string | undefined;
  readonly recordId: string | undefined;
  readonly severityId: number;
  readonly userId: string | undefined;
  readonly timeMs: number | undefined;
  readonly originalTime: string | undefined;
  /** The event's own fields (`Image`, `TargetUserName`, …). */
  readonly fields: JsonObject;
};

/** The record as a Windows event: flat (one object), nested (`Event.System`, `Event.EventData`, as EVTX dumps are) or under `winlog`; else undefined. */
export function readWindowsRecord(record: JsonObject): WindowsRecord | undefined {
  if (isObject(record['Event'])) return readNested(record['Event']);
  if (isObject(record['winlog'])) return readWinlog(record, record['winlog']);
  return readFlat(record);
}

const flatTimeFields = [
  'UtcTime',
  '@timestamp',
  'TimeCreated',
  'SystemTime',
  'EventTime',
  'timestamp',
  'TimeGenerated',
];

function readFlat(record: JsonObject): WindowsRecord | undefined {
  const code = integer(record, 'EventID') ?? integer(record, 'EventId');
  const provider = firstText(record, ['SourceName', 'Provider_Name', 'ProviderName', 'Provider', 'EventSourceName']);
  const channel = text(record, 'Channel');
  if (code === undefined || (provider === undefined && channel === undefined)) return undefined;
  return {
    code,
    provider,
    channel,
    computer: firstText(record, ['Hostname', 'Computer', 'ComputerName', 'host']),
    recordId: firstText(record, ['RecordNumber', 'EventRecordID']),
    severityId: severityOf(record),
    userId: text(record, 'UserID'),
    ...claimedTime(record, flatTimeFields),
    fields: typeof record['EventData'] === 'string' ? { ...record, ...writtenFields(record['EventData']) } : record,
  };
}

function readNested(event: JsonObject): WindowsRecord | undefined {
  const system = objectIn(event, 'System');
  const code = integer({ code: leaf(system['EventID']) ?? null }, 'code');
  if (code === undefined) return undefined;
  const created = attribute(system['TimeCreated'], 'SystemTime');
  const fields = eventFields(event);
  return {
    code,
    provider: attribute(system['Provider'], 'Name'),
    channel: asText(leaf(system['Channel'])),
    computer: asText(leaf(system['Computer'])),
    recordId: asText(leaf(system['EventRecordID'])),
    severityId: severityOf({ Level: leaf(system['Level']) ?? null }),
    userId: attribute(system['Security'], 'UserID'),
    ...claimedTime({ UtcTime: fields['UtcTime'] ?? null, SystemTime: created ?? null }, ['UtcTime', 'SystemTime']),
    fields,
  };
}

function readWinlog(record: JsonObject, winlog: JsonObject): WindowsRecord | undefined {
  const code = integer(winlog, 'event_id');
  if (code === undefined) return undefined;
  const fields = { ...objectIn(winlog, 'user_data'), ...objectIn(winlog, 'event_data') };
  return {
    code,
    provider: text(winlog, 'provider_name'),
    channel: text(winlog, 'channel'),
    computer: text(winlog, 'computer_name'),
    recordId: text(winlog, 'record_id'),
    severityId: 1,
    userId: text(objectIn(winlog, 'user'), 'identifier'),
    ...claimedTime({ UtcTime: fields['UtcTime'] ?? null, time: record['@timestamp'] ?? null }, ['UtcTime', 'time']),
    fields,
  };
}

/** `EventData` as an object of fields or as XML-like `Data` items; `UserData` wraps its fields in one more object. */
function eventFields(event: JsonObject): JsonObject {
  const data = objectIn(event, 'EventData');
  const items = data['Data'];
  if (Array.isArray(items)) return { ...data, ...namedItems(items) };
  if (isObject(event['EventData'])) return data;
  const wrapped = Object.values(objectIn(event, 'UserData')).find((value) => isObject(value));
  return isObject(wrapped) ? wrapped : {};
}

function namedItems(items: readonly JsonValue[]): JsonObject {
  const fields = new Map<string, JsonValue>();
  for (const item of items.slice(0, 1000)) {
    const name = attribute(item, 'Name');
    const value = leaf(item);
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

const maxWrittenCharacters = 262_144;

const xmlEntities: ReadonlyMap<string, string> = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
  ['&amp;', '&'],
]);

/** Fields kept as text: the JSON of Azure's `WindowsEvent`, or the XML of its `SecurityEvent`. */
function writtenFields(written: string): JsonObject {
  if (!/^\s*\{/.test(written)) return xmlFields(written);
  if (written.length > maxWrittenCharacters) return {};
  try {
    const value: unknown = JSON.parse(written);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The `<Data Name="…">` items of an `EventData` kept as XML text, as Azure Monitor writes it. */
function xmlFields(xml: string): JsonObject {
  const fields = new Map<string, JsonValue>();
  for (const [, name = '', value = ''] of xml
    .slice(0, maxWrittenCharacters)
    .matchAll(/<Data Name="(\w{1,64})">([^<]*)<\/Data>/g)) {
    fields.set(
      name,
      value.replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => xmlEntities.get(entity) ?? entity),
    );
    if (fields.size === 1000) break;
  }
  return Object.fromEntries(fields);
}

/** The text of an XML element written as JSON: itself, or its `#text`. */
function leaf(value: JsonValue | undefined): JsonValue | undefined {
  return isObject(value) ? (value['#text'] ?? value['_'] ?? undefined) : value;
}

/** An XML attribute written as JSON: `{"#attributes":{"Name":…}}`, `{"@Name":…}` or `{"Name":…}`. */
function attribute(value: JsonValue | undefined, name: string): string | undefined {
  if (!isObject(value)) return undefined;
  return text(objectIn(value, '#attributes'), name) ?? text(value, `@${name}`) ?? text(value, name);
}

function claimedTime(
  record: JsonObject,
  names: readonly string[],
): { timeMs: number | undefined; originalTime: string | undefined } {
  for (const name of names) {
    const timeMs = parseTime(record[name]);
    if (timeMs !== undefined) return { timeMs, originalTime: asText(record[name]) };
  }
  return { timeMs: undefined, originalTime: undefined };
}

/** Windows levels 1 critical, 2 error, 3 warning, the rest information. */
function severityOf(record: JsonObject): number {
  const level = text(record, 'Level');
  if (level === '1') return 5;
  if (level === '2') return 4;
  return level === '3' ? 3 : 1;
}

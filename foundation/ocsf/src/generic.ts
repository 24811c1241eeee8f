import { assembleEvent, categoryOf, ocsfVersion, mayBeCut } from './event.ts';
import type { JsonObject, JsonValue, OcsfEvent } from './event.ts';
import { asText, firstText, isObject, objectIn, parseTime, plausibleTime, text } from './fields.ts';
import { deviceOf } from './device.ts';

const maxDepth = 32;

/** Whether nothing in `value` lies deeper than `levels`; stops at the bound, so any depth may be asked about. */
function isWithinDepth(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  for (const inner of Object.values(value)) if (!isWithinDepth(inner, levels - 1)) return false;
  return true;
}

function wholeNumber(record: JsonObject, name: string): number | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/**
 * A record that already is an OCSF 1.x event, relabelled 1.8.0 with the version it came with in `metadata.log_version`;
 * undefined when its ids contradict each other. What a sender puts under `unmapped.sallyport` is dropped: those words
 * are this product's own, and an event from outside must not pass for one of its findings.
 */
export function passOcsf(record: JsonObject, rawText: string): OcsfEvent | undefined {
  const classUid = wholeNumber(record, 'class_uid');
  const activityId = wholeNumber(record, 'activity_id');
  const severityId = wholeNumber(record, 'severity_id');
  const claimed = wholeNumber(record, 'time');
  const time = claimed === undefined ? undefined : plausibleTime(claimed);
  const metadata = objectIn(record, 'metadata');
  const version = text(metadata, 'version');
  if (
    classUid === undefined ||
    activityId === undefined ||
    severityId === undefined ||
    time === undefined ||
    version === undefined
  )
    return undefined;
  const isConsistent =
    activityId <= 99 &&
    severityId <= 99 &&
    classUid < 100_000_000 &&
    wholeNumber(record, 'category_uid') === categoryOf(classUid) &&
    wholeNumber(record, 'type_uid') === classUid * 100 + activityId &&
    /^1\.\d{1,3}(?:\.|$)/.test(version);
  if (!isConsistent || !isObject(metadata['product']) || !isWithinDepth(record, maxDepth)) return undefined;
  return {
    ...withoutOwnWords(record),
    class_uid: classUid,
    category_uid: categoryOf(classUid),
    activity_id: activityId,
    type_uid: classUid * 100 + activityId,
    severity_id: severityId,
    time,
    metadata: version === ocsfVersion ? metadata : { ...metadata, version: ocsfVersion, log_version: version },
    raw_data: rawText,
  };
}

/** JSON.parse keeps `__proto__` as a plain key; such a key is no attribute of OCSF and is left to `raw_data`. */
function withoutOwnWords(record: JsonObject): JsonObject {
  const kept = Object.entries(record).filter(([name]) => name !== '__proto__' && name !== 'unmapped');
  const unmapped = Object.entries(objectIn(record, 'unmapped')).filter(([name]) => name !== 'sallyport');
  if (unmapped.length > 0) kept.push(['unmapped', Object.fromEntries(unmapped)]);
  return Object.fromEntries(kept);
}

const timeFields = [
  '@timestamp',
  'timestamp',
  'time',
  'eventTime',
  'event_time',
  'datetime',
  'date',
  'ts',
  'created_at',
  'EventTime',
];

const severityIds: ReadonlyMap<string, number> = new Map([
  ['debug', 1],
  ['trace', 1],
  ['info', 1],
  ['informational', 1],
  ['notice', 1],
  ['low', 2],
  ['warn', 3],
  ['warning', 3],
  ['medium', 3],
  ['err', 4],
  ['error', 4],
  ['high', 4],
  ['crit', 5],
  ['critical', 5],
  ['alert', 5],
  ['emerg', 6],
  ['emergency', 6],
  ['fatal', 6],
]);

/** Any other record: a base event with the time, host, message and severity it seems to claim. */
export function normaliseGeneric(record: JsonObject, rawText: string, receivedAtMs: number): OcsfEvent {
  const timeField = timeFields.find((name) => Object.hasOwn(record, name) && parseTime(record[name]) !== undefined);
  const claimed = timeField === undefined ? undefined : record[timeField];
  const host =
    firstText(record, ['hostname', 'host', 'Hostname', 'Computer', 'computer_name']) ??
    text(objectIn(record, 'host'), 'name');
  const message = firstText(record, ['message', 'msg', 'Message']);
  const level = firstText(record, ['severity', 'level', 'log_level', 'loglevel'])?.toLowerCase();
  return assembleEvent(
    {
      classUid: 0,
      activityId: 0,
      attributes: {
        message: message?.slice(0, 4096).toWellFormed(),
        device: host === undefined ? undefined : deviceOf(host),
      },
    },
    {
      time: parseTime(claimed) ?? receivedAtMs,
      severityId: level === undefined ? 0 : (severityIds.get(level) ?? 0),
      rawText,
      metadata: {
        product: { name: firstText(record, ['product', 'program', 'app', 'application', 'service']) ?? 'unknown' },
        profiles: host === undefined ? undefined : ['host'],
        log_name: firstText(record, ['log_name', 'logger', 'channel', 'Channel']),
        log_provider: firstText(record, ['provider', 'source', 'SourceName']),
        event_code: firstText(record, ['event_code', 'event_id', 'EventID']),
        is_truncated: mayBeCut(rawText),
        original_time: asText(claimed),
      },
    },
  );
}

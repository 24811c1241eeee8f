import { isJsonObject, isList, objectOf, parseJson, parseJsonObject, textOf } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';
import { accept, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { fixedZone, readIsoTime } from '../text/timestamp.ts';

export type CloudTrailRecord = {
  readonly eventId: string | undefined;
  readonly eventSource: string;
  readonly eventName: string;
  readonly unixMs: number | undefined;
  readonly object: JsonObject;
};

/** An object that S3 says is there to be fetched. */
export type S3ObjectReference = {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number | undefined;
  readonly eventName: string;
};

export type CloudTrailRefusalCode =
  | 'cloudtrail_json'
  | 'cloudtrail_not_records'
  | 'cloudtrail_record'
  | 'cloudtrail_too_many'
  | 's3_not_a_notification';
export type CloudTrailLimits = { readonly maxCharacters: number; readonly maxRecords: number };
export const defaultCloudTrailLimits: CloudTrailLimits = { maxCharacters: 128 << 20, maxRecords: 200_000 };

/** A log file as CloudTrail delivers it (`{"Records":[…]}`, unpacked), or a single record. */
export function parseCloudTrail(
  text: string,
  limits: CloudTrailLimits = defaultCloudTrailLimits,
): Parsed<readonly CloudTrailRecord[], CloudTrailRefusalCode> {
  const parsed = parseJsonObject(text, { maxCharacters: limits.maxCharacters, maxDepth: 64 });
  if (!parsed.ok) return refuse('cloudtrail_json', parsed.at, parsed.message);
  const listed = parsed.value['Records'];
  const given = isList(listed) ? listed : Object.hasOwn(parsed.value, 'eventVersion') ? [parsed.value] : undefined;
  if (given === undefined) return refuse('cloudtrail_not_records', 0, 'Object has no "Records" and is no record');
  if (given.length > limits.maxRecords)
    return refuse('cloudtrail_too_many', 0, `File has more than ${limits.maxRecords} records`);
  const records: CloudTrailRecord[] = [];
  for (const [index, object] of given.entries()) {
    const record = isJsonObject(object) ? readRecord(object) : undefined;
    if (record === undefined)
      return refuse('cloudtrail_record', 0, `Record ${index} has no "eventSource" and "eventName"`);
    records.push(record);
  }
  return accept(records);
}

function readRecord(object: JsonObject): CloudTrailRecord | undefined {
  const eventSource = textOf(object['eventSource']);
  const eventName = textOf(object['eventName']);
  if (eventSource === undefined || eventName === undefined || Object.hasOwn(object, 's3')) return undefined;
  const time = readIsoTime(textOf(object['eventTime']) ?? '', 0, fixedZone(0));
  return { eventId: textOf(object['eventID']), eventSource, eventName, unixMs: time?.time.unixMs, object };
}

/**
 * The objects an S3 event notification names: from S3 itself, wrapped by SNS (`Message`), by EventBridge (`detail`), or
 * CloudTrail's own SNS message (`s3Bucket`, `s3ObjectKey`). A test event names none. Keys are decoded; nothing is fetched.
 */
export function parseS3Notification(
  text: string,
  maxCharacters = 1 << 20,
): Parsed<readonly S3ObjectReference[], CloudTrailRefusalCode> {
  const parsed = parseJson(text, { maxCharacters, maxDepth: 32 });
  if (!parsed.ok) return refuse('cloudtrail_json', parsed.at, parsed.message);
  const references = readNotification(parsed.value, maxCharacters, true);
  return references === undefined
    ? refuse('s3_not_a_notification', 0, 'Text is no event notification of S3')
    : accept(references);
}

function readNotification(
  value: unknown,
  maxCharacters: number,
  unwrap: boolean,
): readonly S3ObjectReference[] | undefined {
  if (!isJsonObject(value)) return undefined;
  if (value['Event'] === 's3:TestEvent') return [];
  const message = textOf(value['Message']);
  if (unwrap && message !== undefined) {
    const inner = parseJson(message, { maxCharacters, maxDepth: 32 });
    return inner.ok ? readNotification(inner.value, maxCharacters, false) : undefined;
  }
  const bucket = textOf(value['s3Bucket']);
  const keys = value['s3ObjectKey'];
  if (bucket !== undefined && isList(keys)) {
    return keys
      .filter((key) => typeof key === 'string')
      .map((key) => ({ bucket, key, sizeBytes: undefined, eventName: 'CloudTrail' }));
  }
  if (value['source'] === 'aws.s3') return readBridge(value);
  const records = value['Records'];
  if (!isList(records)) return undefined;
  const found = records.map((record) => readS3Record(objectOf(record)));
  return found.every((reference) => reference !== undefined) ? found : undefined;
}

function readS3Record(record: JsonObject): S3ObjectReference | undefined {
  const s3 = objectOf(record['s3']);
  const object = objectOf(s3['object']);
  const bucket = textOf(objectOf(s3['bucket'])['name']);
  const key = textOf(object['key']);
  if (bucket === undefined || key === undefined) return undefined;
  const { size } = object;
  return {
    bucket,
    key: decodeKey(key),
    sizeBytes: typeof size === 'number' ? size : undefined,
    eventName: textOf(record['eventName']) ?? '',
  };
}

/** EventBridge does not encode keys. */
function readBridge(value: JsonObject): readonly S3ObjectReference[] | undefined {
  const detail = objectOf(value['detail']);
  const object = objectOf(detail['object']);
  const bucket = textOf(objectOf(detail['bucket'])['name']);
  const key = textOf(object['key']);
  if (bucket === undefined || key === undefined) return undefined;
  const { size } = object;
  return [
    {
      bucket,
      key,
      sizeBytes: typeof size === 'number' ? size : undefined,
      eventName: textOf(value['detail-type']) ?? '',
    },
  ];
}

/** Keys come as in a web form: `+` for a space, percent escapes in UTF-8. What is not decodable stays as it is. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

import type { JsonObject } from '@sallyport/contracts';
import { parseS3Notification } from '@sallyport/log-formats/cloudtrail';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { present, textIn } from './flat-record.ts';

/** Whether the names are those of a notification about objects in S3: from S3, over SNS or EventBridge, or from CloudTrail. */
export function looksLikeS3Notification(record: JsonObject): boolean {
  const has = (name: string): boolean => Object.hasOwn(record, name);
  return (
    (has('s3') && has('eventName')) ||
    (has('s3Bucket') && has('s3ObjectKey')) ||
    record['source'] === 'aws.s3' ||
    (has('TopicArn') && has('Message') && /"s3(?:Bucket)?"/.test(textIn(record, 'Message') ?? ''))
  );
}

const changes: readonly (readonly [RegExp, string])[] = [
  [/^ObjectCreated|^Object Created$|^CloudTrail$/, 'created'],
  [/^ObjectRemoved|^Object Deleted$/, 'removed'],
];

/** The notification as it is, with the objects it names; undefined when it names none. */
export function s3NotificationFields(record: JsonObject, text: string): JsonObject | undefined {
  // One of several records stands alone here.
  const whole = Object.hasOwn(record, 's3') ? JSON.stringify({ Records: [record] }) : text;
  const parsed = parseS3Notification(whole);
  const [first] = parsed.ok ? parsed.value : [];
  if (!parsed.ok || first === undefined) return undefined;
  const said = innermost(record);
  const detail = objectIn(said, 'detail');
  return present({
    ...record,
    s3_objects: parsed.value.map(({ bucket, key, sizeBytes }) => present({ bucket, key, size: sizeBytes })),
    s3_event: first.eventName,
    s3_change: changes.find(([pattern]) => pattern.test(first.eventName))?.[1],
    s3_by: textIn(objectIn(said, 'userIdentity'), 'principalId') ?? textIn(detail, 'requester') ?? 'aws',
    s3_address: textIn(objectIn(said, 'requestParameters'), 'sourceIPAddress') ?? textIn(detail, 'source-ip-address'),
    s3_region: textIn(said, 'awsRegion') ?? textIn(said, 'region'),
    s3_time: textIn(said, 'eventTime') ?? textIn(said, 'time') ?? textIn(record, 'Timestamp'),
  });
}

/** What the notification was wrapped into; only where it was read out of it, as anybody may call a field so. */
function innermost(record: JsonObject): JsonObject {
  const message = Object.hasOwn(record, 's3') ? undefined : textIn(record, 'Message');
  if (message === undefined) return record;
  const inner = parseJson(message);
  const records = isJsonObject(inner) ? inner['Records'] : undefined;
  const first: unknown = Array.isArray(records) ? records[0] : inner;
  return isJsonObject(first) ? first : record;
}

function objectIn(record: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return value !== undefined && isJsonObject(value) ? value : {};
}

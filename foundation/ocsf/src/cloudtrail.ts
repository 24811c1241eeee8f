import { assembleEvent, defined, mayBeCut } from './event.ts';
import type { ClassifiedEvent, JsonObject, JsonValue, OcsfEvent } from './event.ts';
import { asText, isObject, looksLikeIp, objectIn, parseTime, text } from './fields.ts';

/** Whether the record has the fields every CloudTrail record has (CloudTrail record contents, version 1.x). */
function isCloudTrail(record: JsonObject): boolean {
  return (
    text(record, 'eventSource') !== undefined &&
    text(record, 'eventName') !== undefined &&
    isObject(record['userIdentity']) &&
    text(record, 'eventVersion') !== undefined &&
    // A notification of S3 has all of these too.
    !isObject(record['s3'])
  );
}

const accountTypeIds: ReadonlyMap<string, number> = new Map([
  ['IAMUser', 3],
  ['AssumedRole', 4],
  ['Role', 4],
  ['Root', 10],
]);

function userOf(identity: JsonObject): JsonObject {
  const type = text(identity, 'type');
  const issuer = objectIn(objectIn(identity, 'sessionContext'), 'sessionIssuer');
  const accountId = text(identity, 'accountId');
  const name = text(identity, 'userName') ?? text(issuer, 'userName') ?? text(identity, 'invokedBy');
  const uid = text(identity, 'arn') ?? text(identity, 'principalId') ?? text(identity, 'identityProvider');
  return {
    ...defined({
      name: name ?? (uid === undefined ? (type ?? 'unknown') : undefined),
      uid,
      uid_alt: text(identity, 'principalId'),
      type,
      credential_uid: text(identity, 'accessKeyId'),
      account:
        accountId === undefined
          ? undefined
          : defined({ uid: accountId, type_id: accountTypeIds.get(type ?? '') ?? 99 }),
    }),
  };
}

function sessionOf(identity: JsonObject): JsonObject | undefined {
  const context = objectIn(identity, 'sessionContext');
  const attributes = objectIn(context, 'attributes');
  const mfa = text(attributes, 'mfaAuthenticated');
  return defined({
    created_time: parseTime(attributes['creationDate']),
    is_mfa: mfa === undefined ? undefined : mfa === 'true',
    issuer: text(objectIn(context, 'sessionIssuer'), 'arn'),
  });
}

/** The caller's address; for calls made by AWS itself `sourceIPAddress` holds a service's name. */
function sourceOf(record: JsonObject): JsonObject {
  const source = text(record, 'sourceIPAddress');
  if (source === undefined) return { name: 'unknown' };
  return looksLikeIp(source) ? { ip: source } : { svc_name: source };
}

/** Create, read, update, delete by the verb the operation's name begins with; 99 when it tells nothing. */
function activityOf(record: JsonObject, operation: string): number {
  if (asText(record['readOnly']) === 'true') return 2;
  if (
    /^(?:Get|List|Describe|Head|Lookup|Search|Query|Scan|BatchGet|Check|Detect|Filter|Preview|Select|View)/.test(
      operation,
    )
  )
    return 2;
  if (/^(?:Create|Run|Allocate|Register|Import|Generate|Copy|Publish|Issue|Request|Start|Upload)/.test(operation))
    return 1;
  if (/^(?:Delete|Remove|Terminate|Deregister|Release|Revoke|Purge|BatchDelete)/.test(operation)) return 4;
  if (
    /^(?:Put|Update|Modify|Set|Attach|Detach|Add|Enable|Disable|Associate|Disassociate|Change|Authorize|Stop|Reboot|Reset|Replace|Tag|Untag)/.test(
      operation,
    )
  )
    return 3;
  return asText(record['readOnly']) === 'false' ? 3 : 99;
}

function resourcesOf(record: JsonObject): readonly JsonObject[] | undefined {
  const listed: JsonValue | undefined = record['resources'];
  if (!Array.isArray(listed)) return undefined;
  const found: JsonObject[] = [];
  for (const resource of listed.slice(0, 100)) {
    if (!isObject(resource)) continue;
    const uid = text(resource, 'ARN') ?? text(resource, 'ARNPrefix');
    const read = uid === undefined ? undefined : defined({ uid, type: text(resource, 'type') });
    if (read !== undefined) found.push(read);
  }
  return found.length === 0 ? undefined : found;
}

function outcomeOf(record: JsonObject): Record<string, JsonValue | undefined> {
  const errorCode = text(record, 'errorCode');
  return {
    status_id: errorCode === undefined ? 1 : 2,
    status_code: errorCode,
    status_detail: text(record, 'errorMessage'),
  };
}

function classify(record: JsonObject, operation: string): ClassifiedEvent {
  const identity = objectIn(record, 'userIdentity');
  const user = userOf(identity);
  const service = { name: text(record, 'eventSource') ?? 'unknown' };
  const shared = {
    actor: defined({ user, session: sessionOf(identity), invoked_by: text(identity, 'invokedBy') }),
    src_endpoint: sourceOf(record),
    http_request: defined({ user_agent: text(record, 'userAgent') }),
    cloud: defined({ provider: 'AWS', region: text(record, 'awsRegion'), account: accountOf(record) }),
  };
  if (operation === 'ConsoleLogin') {
    const result = text(objectIn(record, 'responseElements'), 'ConsoleLogin');
    const usedMfa = text(objectIn(record, 'additionalEventData'), 'MFAUsed');
    const outcome = { ...outcomeOf(record), status_id: result === 'Success' ? 1 : 2 };
    return {
      classUid: 3002,
      activityId: 1,
      attributes: {
        ...shared,
        user,
        service,
        is_mfa: usedMfa === undefined ? undefined : usedMfa === 'Yes',
        is_remote: true,
        ...outcome,
      },
    };
  }
  const requestId = text(record, 'requestID');
  const errorCode = text(record, 'errorCode');
  return {
    classUid: 6003,
    activityId: activityOf(record, operation),
    attributes: {
      ...shared,
      api: defined({
        operation,
        service,
        version: text(record, 'apiVersion'),
        request: requestId === undefined ? undefined : { uid: requestId },
        response:
          errorCode === undefined
            ? undefined
            : defined({ error: errorCode, error_message: text(record, 'errorMessage') }),
      }),
      resources: resourcesOf(record),
      ...outcomeOf(record),
    },
  };
}

function accountOf(record: JsonObject): JsonObject | undefined {
  const uid = text(record, 'recipientAccountId');
  return uid === undefined ? undefined : { uid, type_id: 10 };
}

/** The record as an OCSF event, or undefined when it is not a CloudTrail record. */
export function normaliseCloudTrail(record: JsonObject, rawText: string, receivedAtMs: number): OcsfEvent | undefined {
  const operation = text(record, 'eventName');
  if (operation === undefined || !isCloudTrail(record)) return undefined;
  const category = text(record, 'eventCategory');
  return assembleEvent(classify(record, operation), {
    time: parseTime(record['eventTime']) ?? receivedAtMs,
    rawText,
    metadata: {
      product: {
        name: 'CloudTrail',
        vendor_name: 'AWS',
        ...(category === undefined ? {} : { feature: { name: category } }),
      },
      profiles: ['cloud'],
      log_name: 'CloudTrail',
      log_provider: 'AWS',
      log_version: text(record, 'eventVersion'),
      event_code: operation,
      uid: text(record, 'eventID'),
      is_truncated: mayBeCut(rawText),
      original_time: text(record, 'eventTime'),
    },
  });
}

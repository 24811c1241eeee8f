import { eventLine, formatPosition, isJsonObject } from '@sallyport/contracts';
import type { EventLine, JsonObject, JsonValue } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';

/** An event in a line: enough to see what goes by, little enough to send often. */
export type LiveRow = EventLine & {
  /** `LOG/INDEX` */
  readonly position: string;
  readonly received: string;
  readonly class_uid: number;
  readonly severity_id: number;
  /** It says of itself that it is made up. */
  readonly synthetic: boolean;
};

const maxBodyBytes = 65_536;

/** Whether we wrote it about ourselves: what is received carries its original. */
export function isAuditRecord({ body }: Pick<LedgerEvent, 'body'>): boolean {
  if (body === undefined || body.byteLength > maxBodyBytes) return false;
  const event = parseObject(body);
  return event['raw_data'] === undefined && at(event, ['metadata', 'log_name']) === 'audit';
}

/** Where it happened: of an event of ours what it says, of one that was received what its source was given. */
export function siteOfEvent({ body }: Pick<LedgerEvent, 'body'>): string | undefined {
  if (body === undefined || body.byteLength > maxBodyBytes) return undefined;
  const event = parseObject(body);
  const isOwn = event['raw_data'] === undefined;
  const site = at(event, isOwn ? ['unmapped', 'sallyport', 'site'] : ['metadata', 'reporter', 'site']);
  return typeof site === 'string' ? site : undefined;
}

/** Never throws; of an event that is erased, too large or no JSON it tells what the ledger knows without it. */
export function liveRow({ position, receivedAtMs, classUid, body }: LedgerEvent): LiveRow {
  const event = body === undefined || body.byteLength > maxBodyBytes ? {} : parseObject(body);
  const severity = event['severity_id'];
  return {
    position: formatPosition(position),
    received: new Date(receivedAtMs).toISOString(),
    class_uid: classUid,
    severity_id: typeof severity === 'number' && Number.isInteger(severity) ? severity : 0,
    ...eventLine(event),
    synthetic: at(event, ['unmapped', 'synthetic']) === true,
  };
}

function at(event: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

function parseObject(body: Uint8Array): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

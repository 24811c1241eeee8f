import { formatPosition, isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';

/** An event in a line: enough to see what goes by, little enough to send often. */
export type LiveRow = {
  /** `LOG/INDEX` */
  readonly position: string;
  readonly received: string;
  readonly class_uid: number;
  readonly severity_id: number;
  readonly host: string;
  readonly user: string;
  readonly product: string;
  /** What it is about, as far as one line says it. */
  readonly text: string;
  /** It says of itself that it is made up. */
  readonly synthetic: boolean;
};

const maxBodyBytes = 65_536;
const maxNameLength = 100;
const maxTextLength = 240;

/** Whether we wrote it about ourselves: what is received carries its original. */
export function isAuditRecord({ body }: Pick<LedgerEvent, 'body'>): boolean {
  if (body === undefined || body.byteLength > maxBodyBytes) return false;
  const event = parseObject(body);
  return event['raw_data'] === undefined && at(event, ['metadata', 'log_name']) === 'audit';
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
    host: first(event, maxNameLength, ['device', 'hostname'], ['device', 'name'], ['src_endpoint', 'ip']),
    user: first(event, maxNameLength, ['actor', 'user', 'name'], ['user', 'name']),
    product: first(event, maxNameLength, ['metadata', 'product', 'name']),
    text: first(
      event,
      maxTextLength,
      ['finding_info', 'title'],
      ['process', 'cmd_line'],
      ['message'],
      ['file', 'path'],
      ['process', 'file', 'path'],
      ['api', 'operation'],
      ['win_service', 'name'],
      ['dst_endpoint', 'hostname'],
      ['dst_endpoint', 'ip'],
      ['raw_data'],
    ),
    synthetic: at(event, ['unmapped', 'synthetic']) === true,
  };
}

function first(event: JsonObject, maxLength: number, ...paths: readonly (readonly string[])[]): string {
  for (const path of paths) {
    const value = at(event, path);
    if (typeof value === 'string' && value !== '') return value.slice(0, maxLength).toWellFormed();
  }
  return '';
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

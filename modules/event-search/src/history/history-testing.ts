import { isJsonObject, type JsonObject, type JsonValue } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';
import { normalise, remap } from '@sallyport/ocsf';
import { createMapper } from '@sallyport/ocsf/mapping';

/** A mapping of records of doors; `set` is what a version adds. */
export function doorMapping(version: number, set: string): string {
  return [
    `name: door`,
    `version: ${version}`,
    `format: json`,
    `when: { kind: door }`,
    `class: 3002`,
    `activity: 1`,
    `set:`,
    `  metadata.product.name: Doors`,
    `  user.name: $who`,
    `  service.name: door`,
    `  ${set}`,
  ].join('\n');
}

export const yesterdaysText = doorMapping(1, 'status_id: 1');
export const todaysText = doorMapping(2, 'src_endpoint.ip: $from');
const mapperOf = (text: string) => createMapper([{ name: 'door.yaml', text }]);
const yesterday = mapperOf(yesterdaysText);
const today = mapperOf(todaysText);

/** A body as intake recorded it yesterday. */
export function sealedBody(record: JsonObject): Uint8Array {
  const event = normalise(record, JSON.stringify(record), { receivedAtMs: 1_750_000_000_000, mapper: yesterday });
  return Buffer.from(
    JSON.stringify({ ...event, metadata: { ...event.metadata, reporter: { uid: 'k1', name: 'doors' } } }),
  );
}

/** The event as search has to show it by today's mappings. */
export function shownToday(event: LedgerEvent): LedgerEvent {
  const text = Buffer.from(event.body ?? []).toString();
  const body: JsonValue = text.startsWith('{') ? JSON.parse(text) : null;
  const shown = isJsonObject(body) ? remap(body, today) : undefined;
  return shown === undefined
    ? event
    : { ...event, classUid: shown.class_uid, body: Buffer.from(JSON.stringify(shown)) };
}

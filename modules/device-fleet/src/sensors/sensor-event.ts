import { formatPosition, isJsonObject, parseJson, parsePosition, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue, OcsfEvent, Position } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import { severityOfNotice } from './notice.ts';
import type { Notice } from './notice.ts';
import type { SensorState } from './sensor-state.ts';

const lifecycleClass = 6002;
const logName = 'sensor';
const startActivity = 3;
const stopActivity = 4;
const otherActivity = 99;
const silentWord = Buffer.from('"sensor.silent"');

type About = Pick<SensorState, 'host' | 'source' | 'apiKeyId'> & { readonly id: string };

/** A notice as an event of our own: without `raw_data`, so that no sender can make one. */
export function noticeEvent(input: {
  readonly about: About;
  readonly notice: Notice;
  readonly timeMs: number;
  /** The record it follows from. */
  readonly from: Position;
}): OcsfEvent {
  const { about, notice, timeMs, from } = input;
  const activity =
    notice.event === 'sensor.joined' ? startActivity : notice.event === 'sensor.stopped' ? stopActivity : otherActivity;
  return {
    class_uid: lifecycleClass,
    category_uid: 6,
    activity_id: activity,
    type_uid: lifecycleClass * 100 + activity,
    severity_id: notice.code === 'with_server' ? 1 : severityOfNotice[notice.event],
    time: timeMs,
    message: `${notice.event}: ${notice.text}`,
    status_detail: notice.code,
    app: { name: 'Sallyport sensor', uid: about.id },
    device: { hostname: about.host, type_id: 0 },
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      profiles: ['host'],
      log_name: logName,
      event_code: notice.event,
    },
    unmapped: {
      sallyport: {
        generation: 1,
        input: formatPosition(from),
        sensor: { id: about.id, source: about.source, key_id: about.apiKeyId, reason: notice.text },
      },
    },
  };
}

/** More than one record can bring: the names of two records never meet. */
export const noticesPerRecord = 128;

/** Under a name of its own, so that a record judged twice tells once. */
export function noticeEntry(event: OcsfEvent, from: Position, ordinal: number, stream = ''): AppendEntry {
  return {
    classUid: lifecycleClass,
    body: Buffer.from(JSON.stringify(event)),
    stream: `device-fleet/2${stream}/${from.log}`,
    sequence: from.index * noticesPerRecord + ordinal,
  };
}

export type ToldSilence = {
  readonly id: string;
  /** The last that was heard before. */
  readonly from: Position;
  readonly reason: string;
};

/** The silence that this server told of in an event; undefined for every other event. */
export function readToldSilence({ classUid, body }: LedgerEvent): ToldSilence | undefined {
  if (classUid !== lifecycleClass || body === undefined) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(silentWord)) return undefined;
  const event = parsed(bytes.toString('utf8'));
  if (!isJsonObject(event) || event['raw_data'] !== undefined) return undefined;
  const metadata = objectIn(event['metadata']);
  if (metadata['log_name'] !== logName || metadata['event_code'] !== 'sensor.silent') return undefined;
  const told = objectIn(objectIn(event['unmapped'])['sallyport']);
  const sensor = objectIn(told['sensor']);
  const from = parsePosition(textOf(told['input']));
  return from === undefined ? undefined : { id: textOf(sensor['id']), from, reason: textOf(sensor['reason']) };
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

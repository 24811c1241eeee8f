import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sallyport/contracts';
import { CameraWatchError } from '../errors.ts';

export type Position = {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracyM: number;
  readonly atMs: number;
};

/** What a device says of itself; what it left out is unchanged. */
export type DeviceState = {
  readonly charging?: boolean;
  readonly recording?: boolean;
  readonly storedSegments?: number;
};

/** A text message of a sending device, checked. */
export type DeviceMessage =
  | { readonly type: 'hello'; readonly width: number; readonly height: number; readonly audio: boolean }
  | { readonly type: 'clock'; readonly t0: number }
  | { readonly type: 'receipt'; readonly commandId: string; readonly ok: boolean; readonly reason?: string }
  | ({ readonly type: 'position' } & Position)
  | ({ readonly type: 'state' } & DeviceState)
  /** It stops because somebody at the device wants it to; or its page was closed, by whomever. */
  | { readonly type: 'bye'; readonly why: Goodbye };

export type Goodbye = 'said_goodbye' | 'page_closed';

const maxTextLength = 2048;
const maxMs = 8.64e15;
const maxReasonLength = 200;

/** Throws `CameraWatchError` `message_invalid`. A type we do not know is undefined: newer devices may say more. */
export function parseDeviceMessage(text: string): DeviceMessage | undefined {
  const message = readObject(text);
  switch (message['type']) {
    case 'hello':
      return {
        type: 'hello',
        width: numberIn(message, 'width', 1, 65_535),
        height: numberIn(message, 'height', 1, 65_535),
        audio: message['audio'] === true,
      };
    case 'clock':
      return { type: 'clock', t0: numberIn(message, 't0', 0, maxMs) };
    case 'receipt':
      return readReceipt(message);
    case 'position':
      return {
        type: 'position',
        latitude: numberIn(message, 'latitude', -90, 90),
        longitude: numberIn(message, 'longitude', -180, 180),
        accuracyM: numberIn(message, 'accuracy_m', 0, 1e8),
        atMs: numberIn(message, 'at_ms', 0, maxMs),
      };
    case 'state':
      return readState(message);
    case 'bye':
      return { type: 'bye', why: message['why'] === 'page_closed' ? 'page_closed' : 'said_goodbye' };
    default:
      return undefined;
  }
}

function readObject(text: string): JsonObject {
  if (text.length > maxTextLength) throw invalid(`it has ${text.length} characters`);
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
  if (!isJsonObject(value)) throw invalid('it is no JSON object');
  return value;
}

function readReceipt(message: JsonObject): DeviceMessage {
  const { command_id: commandId, ok, reason } = message;
  if (typeof commandId !== 'string' || typeof ok !== 'boolean') throw invalid('a receipt names its command and "ok"');
  return {
    type: 'receipt',
    commandId: commandId.slice(0, 64),
    ok,
    ...(typeof reason === 'string' ? { reason: reason.slice(0, maxReasonLength) } : {}),
  };
}

function readState(message: JsonObject): DeviceMessage {
  const { charging, recording } = message;
  return {
    type: 'state',
    ...(typeof charging === 'boolean' ? { charging } : {}),
    ...(typeof recording === 'boolean' ? { recording } : {}),
    ...(message['stored_segments'] === undefined
      ? {}
      : { storedSegments: Math.floor(numberIn(message, 'stored_segments', 0, 1e9)) }),
  };
}

/** Of the header of a binary message too. */
export function numberIn(message: JsonObject, name: string, least: number, most: number): number {
  const value = message[name];
  if (typeof value !== 'number' || !(value >= least && value <= most))
    throw invalid(`"${name}" must be a number from ${least} to ${most}`);
  return value;
}

function invalid(why: string, cause?: unknown): CameraWatchError {
  return new CameraWatchError('message_invalid', `Cannot read the message: ${why}`, { cause });
}

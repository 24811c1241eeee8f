import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sallyport/contracts';
import { CameraWatchError } from '../errors.ts';
import { frameLimits } from './frame.ts';

/** A binary message of the camera sockets: u32 big-endian length of the header, the header as JSON, the payload. */
export type BinaryMessage = { readonly header: JsonObject; readonly payload: Uint8Array };

const lengthBytes = 4;

/** Throws a `TypeError` when the header is longer than a reader takes. */
export function encodeMessage({ header, payload }: BinaryMessage): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  if (text.length > frameLimits.headerBytes)
    throw new TypeError(`Cannot encode a header of ${text.length} bytes: must be at most ${frameLimits.headerBytes}`);
  const bytes = Buffer.allocUnsafe(lengthBytes + text.length + payload.length);
  bytes.writeUInt32BE(text.length, 0);
  bytes.set(text, lengthBytes);
  bytes.set(payload, lengthBytes + text.length);
  return bytes;
}

/** The payload is a view of `bytes`. Throws `CameraWatchError` `message_invalid` for whatever is no such message. */
export function decodeMessage(bytes: Uint8Array): BinaryMessage {
  if (bytes.length < lengthBytes) throw invalid(`it has ${bytes.length} bytes`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes).getUint32(0);
  if (headerLength > frameLimits.headerBytes) throw invalid(`its header claims ${headerLength} bytes`);
  const end = lengthBytes + headerLength;
  if (end > bytes.length) throw invalid(`its header claims ${headerLength} bytes and it ends before`);
  return { header: readHeader(bytes.subarray(lengthBytes, end)), payload: bytes.subarray(end) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function readHeader(bytes: Uint8Array): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(utf8.decode(bytes));
  } catch (cause) {
    throw invalid('its header is no JSON', cause);
  }
  if (!isJsonObject(value)) throw invalid('its header is no JSON object');
  return value;
}

function invalid(why: string, cause?: unknown): CameraWatchError {
  return new CameraWatchError('message_invalid', `Cannot read the message: ${why}`, { cause });
}

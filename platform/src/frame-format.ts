import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { CodedError } from './errors.ts';

// A frame: u32 length of what follows · u8 kind · u32 id · u32 head length · head (JSON) · payload. Big endian.
const lengthBytes = 4;
const fixedBytes = 9;

export const frameKind = { call: 1, reply: 2, failure: 3, notice: 4 } as const;

export type Frame = {
  readonly kind: number;
  readonly id: number;
  readonly head: JsonObject;
  readonly payload: Uint8Array;
};

/** The frame as buffers to be written one after another; the payload is not copied. */
export function encodeFrame(frame: {
  kind: number;
  id: number;
  head: JsonObject;
  payload: Uint8Array | undefined;
}): Uint8Array[] {
  const head = Buffer.from(JSON.stringify(frame.head));
  const start = Buffer.allocUnsafe(lengthBytes + fixedBytes);
  start.writeUInt32BE(fixedBytes + head.length + (frame.payload?.length ?? 0), 0);
  start.writeUInt8(frame.kind, 4);
  start.writeUInt32BE(frame.id, 5);
  start.writeUInt32BE(head.length, 9);
  return frame.payload === undefined ? [start, head] : [start, head, frame.payload];
}

/**
 * Collects chunks and hands on whole frames. Throws `frame_invalid` on a frame that is too long or malformed;
 * the connection must then be dropped. Holds at most one frame and one chunk.
 */
export function createFrameReader(maxFrameBytes: number, onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = lengthBytes;

  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < needed) return;
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks, held);
    for (;;) {
      if (rest.length < lengthBytes) {
        needed = lengthBytes;
        break;
      }
      const length = rest.readUInt32BE(0);
      if (length < fixedBytes || length > maxFrameBytes) {
        throw new CodedError(
          'frame_invalid',
          `Cannot read frame: length is ${length} bytes, must be ${fixedBytes} to ${maxFrameBytes}`,
        );
      }
      needed = lengthBytes + length;
      if (rest.length < needed) break;
      onFrame(decodeFrame(rest.subarray(lengthBytes, needed)));
      rest = rest.subarray(needed);
    }
    chunks = rest.length === 0 ? [] : [rest];
    held = rest.length;
  };
}

function decodeFrame(bytes: Buffer): Frame {
  const headLength = bytes.readUInt32BE(5);
  const payloadStart = fixedBytes + headLength;
  if (payloadStart > bytes.length) {
    throw new CodedError(
      'frame_invalid',
      `Cannot read frame: head is ${headLength} bytes, must fit into ${bytes.length}`,
    );
  }
  const head: unknown = JSON.parse(bytes.toString('utf8', fixedBytes, payloadStart));
  if (!isJsonObject(head)) throw new CodedError('frame_invalid', 'Cannot read frame: head is not a JSON object');
  return { kind: bytes.readUInt8(0), id: bytes.readUInt32BE(1), head, payload: bytes.subarray(payloadStart) };
}

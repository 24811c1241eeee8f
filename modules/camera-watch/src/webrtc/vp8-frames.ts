import type { RtpPacket } from './rtp-packet.ts';
import { maxVideoFrameBytes } from './video-frame.ts';
import type { VideoAssembler } from './video-frame.ts';

/** VP8 from RTP (RFC 7741). */
export function createVp8Frames(): VideoAssembler {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let timestamp: number | undefined;

  function reset(): void {
    parts = [];
    bytes = 0;
    timestamp = undefined;
  }

  return {
    push({ payload, marker, timestamp: ofPacket }: RtpPacket) {
      if (payload.length === 0) return undefined;
      const read = readDescriptor(payload);
      const isFirst = parts.length === 0;
      const isInOrder = isFirst ? read?.beginsFrame === true : ofPacket === timestamp && read?.beginsFrame === false;
      if (read === undefined || !isInOrder || bytes + read.rest.length > maxVideoFrameBytes) {
        reset();
        return 'broken';
      }
      timestamp = ofPacket;
      parts.push(read.rest);
      bytes += read.rest.length;
      if (!marker) return undefined;
      const frame = Buffer.concat(parts);
      reset();
      // RFC 6386 section 9.1: the lowest bit of a picture is 0 for a key picture.
      return { bytes: frame, isKey: ((frame[0] ?? 1) & 1) === 0 };
    },
    reset,
  };
}

/** RFC 7741 section 4.2; undefined when there is nothing after it. */
function readDescriptor(payload: Uint8Array): { readonly beginsFrame: boolean; readonly rest: Uint8Array } | undefined {
  const [first = 0, extension = 0] = payload;
  let at = 1;
  if ((first & 0x80) !== 0) {
    at = 2;
    if ((extension & 0x80) !== 0) at += ((payload[at] ?? 0) & 0x80) === 0 ? 1 : 2;
    if ((extension & 0x40) !== 0) at += 1;
    if ((extension & 0x30) !== 0) at += 1;
  }
  if (at >= payload.length) return undefined;
  // It starts a partition, and that is the first.
  return { beginsFrame: (first & 0x17) === 0x10, rest: payload.subarray(at) };
}

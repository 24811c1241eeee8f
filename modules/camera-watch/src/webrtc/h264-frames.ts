import type { RtpPacket } from './rtp-packet.ts';
import { maxVideoFrameBytes } from './video-frame.ts';
import type { VideoAssembler, VideoFrame } from './video-frame.ts';

const startCode = Uint8Array.of(0, 0, 0, 1);
/** RFC 6184 section 5.2, table 1. */
const types = { idr: 5, sequenceParameters: 7, lastSingle: 23, aggregate: 24, fragment: 28 } as const;

/**
 * H.264 from RTP (RFC 6184): single units, aggregates (STAP-A) and fragments (FU-A), which is all that packetization modes 0
 * and 1 have. Pictures come out as a byte stream (Annex B of H.264).
 */
export function createH264Frames(): VideoAssembler {
  let units: Uint8Array[] = [];
  /** Of a unit that came in part, its header first. */
  let fragments: Uint8Array[] | undefined;
  let bytes = 0;
  let isKey = false;
  let timestamp: number | undefined;

  function reset(): void {
    units = [];
    fragments = undefined;
    bytes = 0;
    isKey = false;
    timestamp = undefined;
  }

  function hold(part: Uint8Array): boolean {
    bytes += part.length + startCode.length;
    return bytes <= maxVideoFrameBytes;
  }

  /** Some send the parameters by themselves, before the picture that needs them. */
  function noteType(type: number): void {
    if (type === types.idr || type === types.sequenceParameters) isKey = true;
  }

  function addUnit(unit: Uint8Array): boolean {
    const [header] = unit;
    if (header === undefined || fragments !== undefined || !hold(unit)) return false;
    noteType(header & 0x1f);
    units.push(startCode, unit);
    return true;
  }

  function addAggregate(payload: Uint8Array): boolean {
    let at = 1;
    while (at < payload.length) {
      const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
      const end = at + 2 + length;
      if (length === 0 || end > payload.length || !addUnit(payload.subarray(at + 2, end))) return false;
      at = end;
    }
    return true;
  }

  function addFragment(payload: Uint8Array): boolean {
    const [indicator = 0, header] = payload;
    if (header === undefined) return false;
    const part = payload.subarray(2);
    if (!hold(part)) return false;
    const isFirst = (header & 0x80) !== 0;
    if (isFirst !== (fragments === undefined)) return false;
    fragments ??= [Uint8Array.of((indicator & 0xe0) | (header & 0x1f))];
    fragments.push(part);
    if ((header & 0x40) === 0) return true;
    noteType(header & 0x1f);
    units.push(startCode, ...fragments);
    fragments = undefined;
    return true;
  }

  function add(payload: Uint8Array): boolean {
    const type = (payload[0] ?? 0) & 0x1f;
    if (type === types.aggregate) return addAggregate(payload);
    if (type === types.fragment) return addFragment(payload);
    return type >= 1 && type <= types.lastSingle && addUnit(payload);
  }

  function whole(): VideoFrame | 'broken' {
    const frame = fragments === undefined && units.length > 0 ? { bytes: Buffer.concat(units), isKey } : 'broken';
    reset();
    return frame;
  }

  return {
    push(packet: RtpPacket) {
      // Packets without content keep a connection open.
      if (packet.payload.length === 0) return undefined;
      // A picture that does not end before the next begins has lost its end.
      const isOther = timestamp !== undefined && packet.timestamp !== timestamp;
      if (isOther) reset();
      ({ timestamp } = packet);
      if (!add(packet.payload) || isOther) {
        reset();
        return 'broken';
      }
      return packet.marker ? whole() : undefined;
    },
    reset,
  };
}

import { SegmentFormatError, segmentLimits } from './limits.ts';

/*
 * SPSEG1, big endian:
 *   "SPSEG1\n" · u32 header length · header (JSON, UTF-8, written in one way only) · records to the end
 * Record: u8 kind (1 frame, 2 audio) · u32 milliseconds since the start · u32 length · payload
 * Payload: a JPEG, or PCM of 16 bits little endian, 16,000 a second, one channel.
 */
const magic = new TextEncoder().encode('SPSEG1\n');
const prefixBytes = magic.length + 4;
const recordPrefixBytes = 9;
const kindNumbers = { frame: 1, audio: 2 } as const;

export type SegmentRecord = {
  readonly kind: 'frame' | 'audio';
  /** Milliseconds since 1970, within the segment; records stand in the order of their moments. */
  readonly atMs: number;
  /** A JPEG, or PCM of 16 bits little endian, 16,000 samples a second, one channel. */
  readonly payload: Uint8Array;
};

export type SegmentHeader = {
  /** 1 to 64 of `A–Z a–z 0–9 _ -`. */
  readonly camera: string;
  /** Milliseconds since 1970: the first and the last moment in it. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** How many records of each kind follow. */
  readonly frames: number;
  readonly audio: number;
};

export type Segment = SegmentHeader & { readonly records: readonly SegmentRecord[] };

/** Throws `SegmentFormatError` for what `decodeSegment` would refuse. */
export function encodeSegment(segment: {
  readonly camera: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly records: readonly SegmentRecord[];
}): Uint8Array<ArrayBuffer> {
  const { records, startedMs } = segment;
  const frames = records.filter(({ kind }) => kind === 'frame').length;
  const described = { ...segment, frames, audio: records.length - frames };
  checkHeader(described);
  checkMoments(described, records);
  const header = headerBytes(described);
  const length = records.reduce(
    (sum, { payload }) => sum + recordPrefixBytes + payload.length,
    prefixBytes + header.length,
  );
  if (length > segmentLimits.bytes) throw tooLong(length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(magic.length, header.length);
  bytes.set(header, prefixBytes);
  let at = prefixBytes + header.length;
  for (const { kind, atMs, payload } of records) {
    view.setUint8(at, kindNumbers[kind]);
    view.setUint32(at + 1, atMs - startedMs);
    view.setUint32(at + 5, payload.length);
    bytes.set(payload, at + recordPrefixBytes);
    at += recordPrefixBytes + payload.length;
  }
  return bytes;
}

/**
 * Reads a whole segment; payloads are views into `bytes`. There is one way to write a segment, so that what is read
 * encodes to the same bytes again. Throws `SegmentFormatError` alone, whatever the bytes are. Payloads are not looked into.
 */
export function decodeSegment(bytes: Uint8Array): Segment {
  const header = readSegmentHeader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: SegmentRecord[] = [];
  for (let at = prefixBytes + headerBytes(header).length; at < bytes.length;) {
    if (records.length >= header.frames + header.audio)
      throw new SegmentFormatError('it goes on after its last record');
    if (at + recordPrefixBytes > bytes.length) throw cutShort();
    const kind = kindOf(view.getUint8(at));
    const atMs = header.startedMs + view.getUint32(at + 1);
    const payloadStart = at + recordPrefixBytes;
    const end = payloadStart + view.getUint32(at + 5);
    if (end > bytes.length) throw cutShort();
    records.push({ kind, atMs, payload: bytes.subarray(payloadStart, end) });
    at = end;
  }
  const frames = records.filter(({ kind }) => kind === 'frame').length;
  if (frames !== header.frames || records.length - frames !== header.audio) throw cutShort();
  checkMoments(header, records);
  return { ...header, records };
}

/** The header alone, for a reader who has not the whole segment yet. Throws `SegmentFormatError`. */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeader {
  if (bytes.length > segmentLimits.bytes) throw tooLong(bytes.length);
  if (bytes.length < prefixBytes || magic.some((byte, at) => bytes[at] !== byte))
    throw new SegmentFormatError('it does not begin with "SPSEG1"');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(magic.length);
  if (length > segmentLimits.headerBytes) throw new SegmentFormatError('its header is too long');
  if (prefixBytes + length > bytes.length) throw cutShort();
  const written = bytes.subarray(prefixBytes, prefixBytes + length);
  const header = parseHeader(written);
  checkHeader(header);
  const again = headerBytes(header);
  if (again.length !== written.length || again.some((byte, at) => written[at] !== byte))
    throw new SegmentFormatError('its header is not written the one way headers are');
  return header;
}

function headerBytes({ camera, startedMs, endedMs, frames, audio }: SegmentHeader): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ camera, started_ms: startedMs, ended_ms: endedMs, frames, audio }));
}

function parseHeader(bytes: Uint8Array): SegmentHeader {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new SegmentFormatError('its header is not JSON');
  }
  const fields = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const number = (name: string): number => {
    const found = fields.get(name);
    return typeof found === 'number' ? found : Number.NaN;
  };
  const camera = fields.get('camera');
  return {
    camera: typeof camera === 'string' ? camera : '',
    startedMs: number('started_ms'),
    endedMs: number('ended_ms'),
    frames: number('frames'),
    audio: number('audio'),
  };
}

function checkHeader({ camera, startedMs, endedMs, frames, audio }: SegmentHeader): void {
  if (!/^[A-Za-z0-9_-]+$/.test(camera) || camera.length > segmentLimits.cameraCharacters)
    throw new SegmentFormatError('its camera is not the name of one');
  const numbers = [startedMs, endedMs, frames, audio];
  if (numbers.some((number) => !Number.isSafeInteger(number) || number < 0))
    throw new SegmentFormatError('its header lacks a number');
  if (endedMs < startedMs || endedMs - startedMs > segmentLimits.durationMs)
    throw new SegmentFormatError(`it spans ${endedMs - startedMs} ms, must be 0 to ${segmentLimits.durationMs}`);
  if (frames + audio > segmentLimits.records)
    throw new SegmentFormatError(`it has ${frames + audio} records, must be at most ${segmentLimits.records}`);
}

function checkMoments(header: SegmentHeader, records: readonly SegmentRecord[]): void {
  let last = header.startedMs;
  for (const { atMs } of records) {
    if (!Number.isSafeInteger(atMs) || atMs < last || atMs > header.endedMs)
      throw new SegmentFormatError('a record stands out of the order of time');
    last = atMs;
  }
}

function kindOf(number: number): SegmentRecord['kind'] {
  if (number === kindNumbers.frame) return 'frame';
  if (number === kindNumbers.audio) return 'audio';
  throw new SegmentFormatError(`a record is of kind ${number}, must be 1 or 2`);
}

function tooLong(length: number): SegmentFormatError {
  return new SegmentFormatError(`it has ${length} bytes, must be at most ${segmentLimits.bytes}`);
}

function cutShort(): SegmentFormatError {
  return new SegmentFormatError('it is cut short');
}

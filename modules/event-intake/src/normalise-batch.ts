import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { normalise, rawEvent } from '@sallyport/ocsf';
import type { JsonObject, OcsfEvent } from '@sallyport/ocsf';
import { recordEvent, withRecord } from '@sallyport/ocsf/mapping';
import type { RecordMapper } from '@sallyport/ocsf/mapping';
import { syslogText } from '@sallyport/log-formats/syslog';
import type { ZeekReader } from '@sallyport/log-formats/zeek';
import type { OwnReading } from './event-bytes.ts';
import { measureJson } from './measure-json.ts';
import { keptRawReasons } from './kept-raw-reasons.ts';
import type { KeptRawReason } from './kept-raw-reasons.ts';
import type { NormaliseReply, NormaliseRequest } from './normalise-protocol.ts';
import { readRecord } from './records/read-record.ts';
import { looksLikeS3Notification } from './records/s3-notification-record.ts';
import { zeekReaderOf } from './records/zeek-record.ts';
import { traceReads } from './preview/trace-reads.ts';
import { createSummaryBuilder } from './sources/batch-summary.ts';
import { formatOfJson } from './sources/json-format.ts';

/** The largest body the ledger takes is 2 MiB; an event that grew beyond while being written as JSON is kept cut. */
const maxBodyBytes = 2 * 1024 * 1024;

/** How events are read: as the batch says, until one says otherwise. */
type Manner = NormaliseRequest & { readonly zeek?: ZeekReader | undefined };

type Normalised = {
  readonly event: OcsfEvent;
  readonly reason: KeptRawReason;
  /** What the text turned out to be. */
  readonly format?: string;
  /** Fields of the record nobody looked at, when that is asked for. */
  readonly unread?: readonly string[];
};

/** Parses and normalises a batch. Every event of the request gives exactly one body. */
export function normaliseBatch(request: NormaliseRequest, mapper: RecordMapper): NormaliseReply {
  return bodiesOf(request, (bytes, manner) => readEvent(bytes, manner, mapper));
}

/** Keeps every event of a batch as it was received, without looking into it: for what no thread lived to read. */
export function keepBatchRaw(request: NormaliseRequest): NormaliseReply {
  return bodiesOf(request, (bytes) => keepRaw(bytes, 'normalise_failed', request));
}

function bodiesOf(request: NormaliseRequest, read: (bytes: Buffer, manner: Manner) => Normalised): NormaliseReply {
  const input = Buffer.from(request.bytes.buffer, request.bytes.byteOffset, request.bytes.byteLength);
  const faults = new Map(request.faults.map(({ event, reason }) => [event, reason]));
  const cut = new Map(request.cut.map((whole) => [whole.event, { bytes: whole.bytes, sha256: whole.sha256 }]));
  const output = createOutput(2 * (request.ends.at(-1) ?? 0) + 1024 * request.ends.length);
  const classUids: number[] = [];
  const reasons: number[] = [];
  const unread: (readonly string[])[] = [];
  const summary = createSummaryBuilder(request.receivedAtMs);
  const changes = new Map(request.changes?.map(({ event, reading }) => [event, reading]));
  let manner: Manner = request;
  let start = 0;
  for (const [index, end] of request.ends.entries()) {
    if (request.progress !== undefined) Atomics.store(request.progress, 0, index);
    if (changes.has(index)) manner = mannerOf(request, changes.get(index));
    const bytes = input.subarray(start, end);
    start = end;
    const whole = cut.get(index);
    const fault = faults.get(index);
    let normalised =
      whole === undefined && fault === undefined
        ? read(bytes, manner)
        : keepRaw(bytes, fault ?? 'line_too_long', request, whole);
    if (!output.write(bodyOf(normalised.event, request))) {
      // Nothing mapped, it may still fit as a whole.
      normalised = keepRaw(bytes, 'event_too_large', request, whole);
      if (!output.write(bodyOf(normalised.event, request))) {
        normalised = keepCut(bytes, request);
        output.write(bodyOf(normalised.event, request));
      }
    }
    if (normalised.reason === 'none')
      summary.add(normalised.format ?? formatOfJson(normalised.event), normalised.event.time);
    classUids.push(normalised.event.class_uid);
    reasons.push(keptRawReasons.indexOf(normalised.reason));
    if (request.isTraced === true) unread.push(normalised.unread ?? []);
  }
  return {
    ...output.finish(),
    classUids,
    reasons,
    summary: summary.finish(),
    ...(request.isTraced === true && { unread }),
  };
}

function mannerOf(request: NormaliseRequest, own: OwnReading | undefined): Manner {
  if (own === undefined) return request;
  const { format, head } = own;
  const zeek = format === 'zeek' ? zeekReaderOf(head ?? '') : undefined;
  return { ...request, reading: { ...request.reading, format }, zeek };
}

/** The event as it is recorded. Who sent it, and from where, is for intake alone to say. */
function bodyOf(event: OcsfEvent, { reading, site }: NormaliseRequest): string {
  if (reading.reporter === undefined) return JSON.stringify(event);
  const reporter = { ...reading.reporter, ...(site !== undefined && { site }) };
  return JSON.stringify({ ...event, metadata: { ...event.metadata, reporter } });
}

/** Formats whose events are JSON as a whole. */
const jsonFormats = new Set(['json', 'splunk_hec', 'otlp_record']);

function readEvent(bytes: Buffer, request: Manner, mapper: RecordMapper): Normalised {
  const { format } = request.reading;
  if (!jsonFormats.has(format)) return readMessage(bytes, request, mapper);
  if (!isUtf8(bytes)) return keepRaw(bytes, 'utf8_invalid', request);
  const text = bytes.toString('utf8');
  const { depth, fields } = measureJson(bytes);
  if (depth > request.limits.maxDepth) return keepRaw(bytes, 'json_too_deep', request);
  if (fields > request.limits.maxFields) return keepRaw(bytes, 'json_too_many_fields', request);
  const record = parseRecord(text);
  if (typeof record === 'string') return keepRaw(bytes, record, request);
  // Most of what comes is JSON that is its own record.
  if (format === 'json' && !Object.hasOwn(record, 'MESSAGE') && !looksLikeS3Notification(record))
    return traced(request, record, (seen) => ({
      event: normalise(seen, text, { receivedAtMs: request.receivedAtMs, mapper }),
      reason: 'none',
    }));
  return readText(bytes, text, request, mapper);
}

/** Text of devices is of any encoding: one in which every byte is a character is the last resort. */
function readMessage(bytes: Buffer, request: Manner, mapper: RecordMapper): Normalised {
  return readText(bytes, isUtf8(bytes) ? bytes.toString('utf8') : syslogText(bytes).text, request, mapper);
}

function readText(bytes: Buffer, text: string, request: Manner, mapper: RecordMapper): Normalised {
  const { receivedAtMs, reading, limits, zeek } = request;
  const { format, zoneMinutes = 0, host } = reading;
  const read = readRecord(text, format, { receivedAtMs, zoneMinutes, host, bounds: limits, zeek });
  if (!read.ok) return keepRaw(bytes, read.reason, request);
  const { record, isWhole, timeMs = receivedAtMs } = read;
  // Formats that are no JSON, as records of the audit log put together, are held to the same.
  if (Object.keys(record).length > limits.maxFields) return keepRaw(bytes, 'json_too_many_fields', request);
  const readAs = read.format;
  if (readAs !== undefined)
    return traced(request, record, (seen) => ({
      event: recordEvent(readAs, seen, { rawText: text, receivedAtMs: timeMs, mapper, isParsed: true }),
      reason: 'none',
      format: readAs,
    }));
  return traced(request, record, (seen) => {
    const event = normalise(seen, text, { receivedAtMs: timeMs, mapper });
    return { event: isWhole ? event : withRecord(event, 'json', record), reason: 'none' };
  });
}

/** What becomes of a record; for a traced request also what was not looked at. */
function traced(request: Manner, record: JsonObject, read: (record: JsonObject) => Normalised): Normalised {
  if (request.isTraced !== true) return read(record);
  const trace = traceReads(record);
  const normalised = read(trace.record);
  return { ...normalised, unread: trace.unread() };
}

function parseRecord(text: string): JsonObject | 'json_invalid' | 'not_an_object' {
  let value: unknown;
  try {
    // A byte order mark is part of what was received, but not of the JSON.
    value = JSON.parse(text.codePointAt(0) === 0xfe_ff ? text.slice(1) : text);
  } catch {
    return 'json_invalid';
  }
  return isRecord(value) ? value : 'not_an_object';
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keepRaw(
  bytes: Buffer,
  reason: KeptRawReason,
  request: NormaliseRequest,
  whole?: { bytes: number; sha256: string },
): Normalised {
  // Where an event was cut, so may a character have been.
  const end = whole === undefined ? bytes.length : wholeCharacters(bytes);
  const kept = bytes.subarray(0, end);
  const isText = isUtf8(kept);
  const event = rawEvent({
    text: kept.toString(isText ? 'utf8' : 'base64'),
    encoding: isText ? 'utf8' : 'base64',
    reason,
    receivedAtMs: request.receivedAtMs,
    ...(whole === undefined ? {} : { whole }),
  });
  return { event, reason };
}

function keepCut(bytes: Buffer, request: NormaliseRequest): Normalised {
  const whole = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  return keepRaw(bytes.subarray(0, request.limits.keptBytesOfLongEvent), 'event_too_large', request, whole);
}

/** The length without a character begun and not ended: back to the last lead byte when its character is not complete. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

type Output = { write(text: string): boolean; finish(): { bodies: ArrayBuffer; ends: number[] } };

/** Texts written one after another as UTF-8; refuses one larger than an entry of the ledger may be. */
function createOutput(expectedBytes: number): Output {
  let buffer = Buffer.from(new ArrayBuffer(expectedBytes));
  let length = 0;
  const ends: number[] = [];

  return {
    write(text) {
      if (buffer.length - length < 3 * text.length) {
        const needed = Buffer.byteLength(text);
        if (needed > maxBodyBytes) return false;
        if (buffer.length - length < needed) {
          const larger = Buffer.from(new ArrayBuffer(Math.max(2 * buffer.length, length + needed)));
          buffer.copy(larger, 0, 0, length);
          buffer = larger;
        }
      } else if (
        text.length > maxBodyBytes ||
        (3 * text.length > maxBodyBytes && Buffer.byteLength(text) > maxBodyBytes)
      )
        return false;
      length += buffer.write(text, length, 'utf8');
      ends.push(length);
      return true;
    },
    finish() {
      // What leaves the thread is what is used of it: the server would hold the rest for nothing.
      return { bodies: new Uint8Array(buffer.subarray(0, length)).buffer, ends };
    },
  };
}

import { decodeOtlpJson, decodeOtlpProtobuf } from '@sallyport/log-formats/otlp';
import { breakHecRaw, parseHecEvents } from '@sallyport/log-formats/splunk-hec';
import { syslogText } from '@sallyport/log-formats/syslog';
import { defaultLimits } from '../limits.ts';
import { otlpRecordText } from '../otlp-record-text.ts';

/** Bodies that have to be seen whole before they can be cut into events. */
export type WholeBody = 'hec_events' | 'hec_raw' | 'otlp_json' | 'otlp_protobuf';

export type CutRequest = { readonly bytes: Uint8Array; readonly as: WholeBody; readonly progress?: Int32Array };

/** The events of a body one after another, as far as they are sound. */
export type CutReply = {
  readonly events: ArrayBuffer;
  readonly ends: readonly number[];
  /** From where on nothing is taken: the events before it are. */
  readonly fault?: { readonly code: string; readonly invalidEventNumber: number };
  /** Records left out one by one, and why the first was. */
  readonly rejected?: { readonly count: number; readonly reason: string };
  /** Nothing is taken. */
  readonly refused?: { readonly code: string; readonly message: string };
};

/** What a sender may make of its 8 MiB: each record of OTLP is written with the resource it came under. */
const maxEventBytes = 64 * 1_048_576;

const hecLimits = {
  maxCharacters: defaultLimits.maxWholeBodyBytes,
  maxEvents: 65_536,
  maxDepth: defaultLimits.maxDepth,
  maxFields: 1024,
};
const rawLimits = { maxLines: 65_536, maxLineCharacters: defaultLimits.maxWholeBodyBytes };

/** Cuts a body. Never throws; time and what comes out are bounded. */
export function cutBody({ bytes, as }: Pick<CutRequest, 'bytes' | 'as'>): CutReply {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (as) {
    case 'hec_events': {
      const parsed = parseHecEvents(body.toString('utf8'), hecLimits);
      const sound = (parsed.ok ? parsed.value : parsed.before).values().map(({ original }) => original);
      const { code, invalidEventNumber } = parsed.ok ? { code: undefined, invalidEventNumber: 0 } : parsed;
      return { ...joined(sound), ...(code !== undefined && { fault: { code, invalidEventNumber } }) };
    }
    case 'hec_raw': {
      const { lines, rest } = breakHecRaw(syslogText(body).text, rawLimits);
      // What is over the number of lines stays one event, so that nothing is lost.
      return joined([...lines.map(({ text }) => text), ...(rest === '' ? [] : [rest])]);
    }
    case 'otlp_json':
    case 'otlp_protobuf': {
      const decoded = as === 'otlp_protobuf' ? decodeOtlpProtobuf(body) : decodeOtlpJson(body.toString('utf8'));
      if (!decoded.ok) return { ...joined([]), refused: { code: decoded.code, message: decoded.message } };
      const { records, rejected, rejectedReason } = decoded.value;
      return { ...joined(records.values().map(otlpRecordText)), rejected: { count: rejected, reason: rejectedReason } };
    }
    default:
      return as satisfies never;
  }
}

function joined(texts: Iterable<string>): Pick<CutReply, 'events' | 'ends' | 'refused'> {
  const ends: number[] = [];
  let buffer = Buffer.from(new ArrayBuffer(1_048_576));
  let length = 0;
  for (const text of texts) {
    const needed = Buffer.byteLength(text);
    if (length + needed > maxEventBytes)
      return {
        events: new ArrayBuffer(0),
        ends: [],
        refused: {
          code: 'expands_too_much',
          message: `events are over ${maxEventBytes} bytes when written one by one`,
        },
      };
    if (length + needed > buffer.length) {
      const larger = Buffer.from(new ArrayBuffer(Math.max(2 * buffer.length, length + needed)));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    length += buffer.write(text, length, 'utf8');
    ends.push(length);
  }
  return { events: new Uint8Array(buffer.subarray(0, length)).buffer, ends };
}

import { isRecordListHead, maxRecordListHead } from '@sallyport/log-formats';
import { createEventCollector } from './event-bytes.ts';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { isBlank, isWhiteSpace } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

const quote = 34;
const comma = 44;
const backslash = 92;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
const lineFeed = 10;

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Outside any event; inside an object; inside something that is no object; after `Records`. */
type State = 'between' | 'event' | 'scalar' | 'rest';

/**
 * Events of a JSON body: one object, objects one after another, an array of objects, or a document that is a list of records
 * (CloudTrail's `{"Records":[…]}`, the `EventList` of Kubernetes), which is unfolded; what else stands there beside the records is an event of its own, so that nothing is lost. Only brackets
 * and strings are looked at; whether an event is JSON is decided later, event by event. A byte order mark is passed over.
 */
export function createJsonSplitter(limits: IntakeLimits): EventSplitter {
  const collector = createEventCollector(limits);
  let state: State = 'between';
  let container: 'none' | 'array' | 'records' = 'none';
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  /** Bytes of a byte order mark seen; past it once anything else has come. */
  let markAt = 0;

  /** Whether the event ends with this byte. */
  function step(byte: number): boolean {
    if (isInString) {
      if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) isInString = false;
      return false;
    }
    if (byte === quote) isInString = true;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    return depth === 0;
  }

  /** The state after a byte that stands outside any event. */
  function between(byte: number): State {
    if (isWhiteSpace(byte) || byte === comma) return 'between';
    if (container === 'none' && byte === openBracket) {
      container = 'array';
      return 'between';
    }
    if (container !== 'none' && byte === closeBracket) {
      const wasRecords = container === 'records';
      container = 'none';
      depth = 1;
      return wasRecords ? 'rest' : 'between';
    }
    depth = 0;
    return byte === openBrace || byte === openBracket ? 'event' : 'scalar';
  }

  function startsRecords(chunk: Uint8Array, from: number, at: number): boolean {
    if (container !== 'none' || depth !== 2 || collector.length + at - from > maxRecordListHead) return false;
    return isRecordListHead(Buffer.concat([collector.peek(), chunk.subarray(from, at)]).toString('latin1'));
  }

  /** What stood beside the records, without the brace that ends it all. */
  function* finishRest(): Generator<EventBytes> {
    const rest = collector.finish();
    if (rest.whole !== undefined || !isBlank(rest.bytes)) yield rest;
  }

  function isScalarEnd(byte: number): boolean {
    return byte === lineFeed || (container !== 'none' && (byte === comma || byte === closeBracket));
  }

  return {
    *push(chunk) {
      let from = 0;
      for (let at = 0; at < chunk.byteLength; at += 1) {
        const byte = chunk[at] ?? 0;
        if (byte === byteOrderMark[markAt]) {
          markAt += 1;
          continue;
        }
        markAt = byteOrderMark.length;
        if (state === 'between') {
          state = between(byte);
          from = state === 'rest' ? at + 1 : at;
          if (state === 'between' || state === 'rest') continue;
        }
        if (state === 'rest') {
          if (!step(byte)) continue;
          collector.take(chunk.subarray(from, at));
          state = 'between';
          yield* finishRest();
        } else if (state === 'scalar') {
          if (!isScalarEnd(byte)) continue;
          collector.take(chunk.subarray(from, at));
          yield collector.finish();
          state = between(byte);
        } else if (step(byte)) {
          collector.take(chunk.subarray(from, at + 1));
          state = 'between';
          yield collector.finish();
        } else if (byte === openBracket && startsRecords(chunk, from, at)) {
          collector.discard();
          container = 'records';
          state = 'between';
        }
      }
      if (state !== 'between') collector.take(chunk.subarray(from));
    },
    *end() {
      if (state === 'rest') yield* finishRest();
      else if (collector.length > 0) yield collector.finish();
    },
    get heldBytes() {
      return collector.heldBytes;
    },
  };
}

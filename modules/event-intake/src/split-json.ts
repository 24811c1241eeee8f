import { createEventCollector } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { isWhiteSpace } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

const quote = 34;
const comma = 44;
const backslash = 92;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
const lineFeed = 10;

/** Outside any event; inside an object; inside something that is no object; after `Records`. */
type State = 'between' | 'event' | 'scalar' | 'rest';

/**
 * Events of a JSON body: one object, objects one after another, an array of objects, or CloudTrail's `{"Records":[…]}`,
 * which is unfolded. Only brackets and strings are looked at; whether an event is JSON is decided later, event by event.
 */
export function createJsonSplitter(limits: IntakeLimits): EventSplitter {
  const collector = createEventCollector(limits);
  let state: State = 'between';
  let container: 'none' | 'array' | 'records' = 'none';
  let depth = 0;
  let isInString = false;
  let isEscaped = false;

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
    if (container !== 'none' || depth !== 2 || chunk[at] !== openBracket || collector.length + at - from > 64)
      return false;
    const head = Buffer.concat([collector.peek(), chunk.subarray(from, at + 1)]).toString('latin1');
    return /^\{\s*"Records"\s*:\s*\[$/.test(head);
  }

  function isScalarEnd(byte: number): boolean {
    return byte === lineFeed || (container !== 'none' && (byte === comma || byte === closeBracket));
  }

  return {
    *push(chunk) {
      let from = 0;
      for (let at = 0; at < chunk.byteLength; at += 1) {
        const byte = chunk[at] ?? 0;
        if (state === 'between') {
          state = between(byte);
          from = at;
          if (state === 'between' || state === 'rest') continue;
        }
        if (state === 'rest') {
          if (step(byte)) state = 'between';
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
      if (state === 'event' || state === 'scalar') collector.take(chunk.subarray(from));
    },
    *end() {
      if (collector.length > 0) yield collector.finish();
    },
  };
}

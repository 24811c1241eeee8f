import { createEventCollector } from './event-bytes.ts';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';

/** Cuts a body into events, chunk by chunk. */
export type EventSplitter = {
  push(chunk: Uint8Array): Generator<EventBytes>;
  /** What stands after the last separator. */
  end(): Generator<EventBytes>;
  /** Memory it holds for an event that is not complete yet. */
  readonly heldBytes: number;
};

const lineFeed = 10;
const carriageReturn = 13;

/** One event a line (NDJSON). Lines of white space only are no events and are not counted. */
export function createLineSplitter(limits: IntakeLimits): EventSplitter {
  const collector = createEventCollector(limits);

  function* finish(): Generator<EventBytes> {
    const event = collector.finish();
    const bytes = withoutReturn(event.bytes);
    if (event.whole !== undefined) yield event;
    else if (!isBlank(bytes)) yield { bytes };
  }

  return {
    *push(chunk) {
      let from = 0;
      for (;;) {
        const at = chunk.indexOf(lineFeed, from);
        if (at === -1) break;
        const line = chunk.subarray(from, at);
        from = at + 1;
        if (collector.length === 0 && line.byteLength <= limits.maxEventBytes) {
          const bytes = withoutReturn(line);
          if (!isBlank(bytes)) yield { bytes };
        } else {
          collector.take(line);
          yield* finish();
        }
      }
      if (from < chunk.byteLength) collector.take(chunk.subarray(from));
    },
    *end() {
      if (collector.length > 0) yield* finish();
    },
    get heldBytes() {
      return collector.heldBytes;
    },
  };
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}

export function isBlank(line: Uint8Array): boolean {
  for (const byte of line) if (!isWhiteSpace(byte)) return false;
  return true;
}

export function isWhiteSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === lineFeed || byte === carriageReturn;
}

import { recognise } from '@sallyport/log-formats';
import type { LogFormat } from '@sallyport/log-formats';
import { createContinuation } from './continuation.ts';
import { createEventCollector } from './event-bytes.ts';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { createLineSplitter } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

/** What may be followed by lines of its own: other formats say all in one line, and who writes there could break them by an indented one. */
const mayGoOn: ReadonlySet<LogFormat> = new Set(['text', 'syslog_rfc3164', 'syslog_rfc5424']);
const lineFeed = Uint8Array.of(10);

/**
 * One event an entry of a text log: a line, with the lines of a stack trace or of its continuation that follow it. White
 * lines between them are left out. An entry that would be longer than an event may be goes on as the next event.
 */
export function createEntrySplitter(limits: IntakeLimits): EventSplitter {
  const lines = createLineSplitter(limits);
  const entry = createEventCollector(limits);
  const continuation = createContinuation();
  /** Of the entry at hand; asked for when a line seems to go on with it, which is rare. */
  let isOpen: boolean | undefined;

  function* finish(): Generator<EventBytes> {
    if (entry.length > 0) yield entry.finish();
    isOpen = undefined;
  }

  function goesOn(line: Uint8Array): boolean {
    if (entry.length === 0 || entry.length + line.byteLength >= limits.maxEventBytes) return false;
    if (!continuation.goesOn(line)) return false;
    isOpen ??= mayGoOn.has(recognise(entry.peek()).format);
    return isOpen;
  }

  function* gather(events: Iterable<EventBytes>): Generator<EventBytes> {
    for (const event of events) {
      if (event.whole !== undefined) {
        yield* finish();
        yield event;
        continue;
      }
      if (goesOn(event.bytes)) entry.take(lineFeed);
      else {
        yield* finish();
        continuation.begin(event.bytes);
      }
      entry.take(event.bytes);
    }
  }

  return {
    *push(chunk) {
      yield* gather(lines.push(chunk));
    },
    *end() {
      yield* gather(lines.end());
      yield* finish();
    },
    get heldBytes() {
      return lines.heldBytes + entry.heldBytes;
    },
  };
}

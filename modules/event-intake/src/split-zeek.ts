import type { EventBytes, OwnReading } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { createLineSplitter } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

const numberSign = 35;
const maxHeadBytes = 65_536;

/**
 * Zeek's tab-separated logs, a record a line. The lines that begin with `#` are no events: those before a record go along with it, as
 * they name its fields. Several logs may follow one another, each with its own.
 */
export function createZeekSplitter(limits: IntakeLimits): EventSplitter {
  const lines = createLineSplitter(limits);
  let head = '';
  let reading: OwnReading | undefined;

  function* eventsOf(events: Iterable<EventBytes>): Generator<EventBytes> {
    for (const event of events) {
      if (event.bytes[0] !== numberSign || event.whole !== undefined)
        yield { ...event, reading: (reading ??= { format: 'zeek', head }) };
      else if (!takeHead(Buffer.from(event.bytes).toString('utf8'))) yield event;
    }
  }

  /** False for more of it than any log has. */
  function takeHead(line: string): boolean {
    if (line.startsWith('#separator ')) head = '';
    // What was written when the log was opened and closed says nothing of its records.
    if (line.startsWith('#close') || line.startsWith('#open')) return true;
    if (head.length + line.length > maxHeadBytes) return false;
    head += `${line}\n`;
    reading = undefined;
    return true;
  }

  return {
    *push(chunk) {
      yield* eventsOf(lines.push(chunk));
    },
    *end() {
      yield* eventsOf(lines.end());
    },
    get heldBytes() {
      return lines.heldBytes + 2 * head.length;
    },
  };
}

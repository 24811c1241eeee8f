import type { EventBytes, OwnReading } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { createLineSplitter } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

const numberSign = 35;
const maxHeadBytes = 65_536;
/** Of all heads in one body that differ, each read anew and kept with its rows: some ten thousand logs as Zeek writes them. */
const maxHeadsBytes = 8 * 1_048_576;
const names = /^#(?:separator|set_separator|empty_field|unset_field|path|fields|types)\b/;

/**
 * Zeek's tab-separated logs, a record a line. The lines that begin with `#` are no events: those before a record go along with it, as
 * they name its fields. Several logs may follow one another, each with its own.
 */
export function createZeekSplitter(limits: IntakeLimits): EventSplitter {
  const lines = createLineSplitter(limits);
  let head = '';
  let headsBytes = 0;
  let reading: OwnReading | undefined;

  function readingNow(): OwnReading {
    if (reading === undefined) headsBytes += head.length;
    return (reading ??= { format: 'zeek', head });
  }

  function* eventsOf(events: Iterable<EventBytes>): Generator<EventBytes> {
    for (const event of events) {
      if (event.bytes[0] !== numberSign || event.whole !== undefined) yield { ...event, reading: readingNow() };
      else if (!takeHead(Buffer.from(event.bytes).toString('utf8'))) yield event;
    }
  }

  /** False for more of it than any log has. */
  function takeHead(line: string): boolean {
    // What was written when the log was opened and closed says nothing of its records, and so does any other remark.
    if (!names.test(line)) return true;
    const before = line.startsWith('#separator ') ? '' : head;
    const isTooMuch =
      before.length + line.length > maxHeadBytes || headsBytes + before.length + line.length > maxHeadsBytes;
    // Without names the rows below are kept as they are: better than read by those of another log.
    head = isTooMuch ? '' : before;
    reading = undefined;
    if (isTooMuch) return false;
    head += `${line}\n`;
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

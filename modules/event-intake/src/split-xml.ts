import { createEventCollector } from './event-bytes.ts';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { isBlank } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

const end = Buffer.from('</Event>');
const start = Buffer.from('<Event');
/** Of what stands between events, only what frames a list of them is none. No character fits two of these: else the tries would double with each. */
const frame = /^(?:\s|<\?xml[^>]*\?>|<Events\b[^>]*>|<\/Events>)*$/;

/**
 * Windows events as XML, one after another or in `<Events>`: each goes to its `</Event>`. Text that stands between them, or holds such
 * an end within itself, becomes an event of its own that cannot be read, and is kept.
 */
export function createXmlSplitter(limits: IntakeLimits): EventSplitter {
  const collector = createEventCollector(limits);
  let matched = 0;

  function* finish(): Generator<EventBytes> {
    const event = collector.finish();
    if (event.whole !== undefined) yield event;
    else yield* apart(event.bytes);
  }

  /** What stands before the event is looked at by itself. */
  function* apart(bytes: Uint8Array): Generator<EventBytes> {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const at = startOf(text);
    const before = text.subarray(0, at);
    if (!isBlank(before) && !frame.test(before.toString('utf8'))) yield { bytes: before };
    if (at < text.length) yield { bytes: text.subarray(at) };
  }

  return {
    *push(chunk) {
      let from = 0;
      for (let at = 0; at < chunk.byteLength; at += 1) {
        const byte = chunk[at];
        matched = byte === end[matched] ? matched + 1 : byte === end[0] ? 1 : 0;
        if (matched < end.length) continue;
        collector.take(chunk.subarray(from, at + 1));
        from = at + 1;
        matched = 0;
        yield* finish();
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

/** Where `<Event` begins that is not `<Events`; the length when it does not. */
function startOf(text: Buffer): number {
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    if (text[at + start.length] !== 115) return at;
  }
  return text.length;
}

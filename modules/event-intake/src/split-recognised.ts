import { recognise } from '@sallyport/log-formats';
import type { LogFormat } from '@sallyport/log-formats';
import type { EventBytes, OwnReading } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { createEntrySplitter } from './split-entries.ts';
import type { EventSplitter } from './split-lines.ts';
import type { DeclaredFormat, WireFormat } from './declared-format.ts';

type Chosen = { readonly splitter: EventSplitter; readonly reading: OwnReading | undefined };

/** As many first bytes as are looked at. */
const lookedAtBytes = 4096;

/** Formats that are not a record a line, or whose lines belong together. */
const bodyFormats: ReadonlyMap<LogFormat, DeclaredFormat> = new Map([
  ['windows_evtx', 'evtx'],
  ['windows_event_xml', 'windows_event_xml'],
  ['journal_export', 'journal_export'],
  ['zeek_tsv', 'zeek'],
  ['auditd', 'auditd'],
]);

/** A body of which nobody said what it is: its beginning tells how it is cut; of a text log each entry is looked at by itself. */
export function createRecognisedSplitter(
  limits: IntakeLimits,
  wireFor: (format: DeclaredFormat) => WireFormat,
): EventSplitter {
  let start: Uint8Array = new Uint8Array(0);
  let chosen: Chosen | undefined;

  function choose(): Chosen {
    const format = formatOfBody(start);
    if (format === undefined) return { splitter: createEntrySplitter(limits), reading: undefined };
    const { createSplitter, reading } = wireFor(format);
    return { splitter: createSplitter(limits), reading: { format: reading.format } };
  }

  function* told(events: Iterable<EventBytes>, reading: OwnReading | undefined): Generator<EventBytes> {
    for (const event of events)
      yield reading === undefined || event.reading !== undefined ? event : { ...event, reading };
  }

  return {
    *push(chunk) {
      if (chosen !== undefined) {
        yield* told(chosen.splitter.push(chunk), chosen.reading);
        return;
      }
      start = start.byteLength === 0 ? chunk : Buffer.concat([start, chunk]);
      if (start.byteLength < lookedAtBytes) return;
      chosen = choose();
      yield* told(chosen.splitter.push(start), chosen.reading);
      start = new Uint8Array(0);
    },
    *end() {
      if (chosen === undefined) {
        chosen = choose();
        yield* told(chosen.splitter.push(start), chosen.reading);
      }
      yield* told(chosen.splitter.end(), chosen.reading);
    },
    get heldBytes() {
      return start.byteLength + (chosen?.splitter.heldBytes ?? 0);
    },
  };
}

/** Only what has a mark of its own decides for all that follows. */
function formatOfBody(start: Uint8Array): DeclaredFormat | undefined {
  const { format, confidence } = recognise(start);
  return confidence === 'guess' ? undefined : bodyFormats.get(format);
}

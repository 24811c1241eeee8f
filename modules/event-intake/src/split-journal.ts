import { createJournalExportReader, journalJson } from '@sallyport/log-formats/journal-export';
import type { JournalItem } from '@sallyport/log-formats/journal-export';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import type { EventSplitter } from './split-lines.ts';

/**
 * Entries of the systemd journal in its export format, one event each, kept as `journalctl --all -o json` writes them: the format
 * has lengths in bytes, which are no text. A faulty entry is an event with what stood before the fault; one that was cut for its length
 * says so.
 */
export function createJournalSplitter(limits: Pick<IntakeLimits, 'maxEventBytes' | 'maxFields'>): EventSplitter {
  const reader = createJournalExportReader({
    maxFieldBytes: limits.maxEventBytes,
    maxEntryBytes: limits.maxEventBytes,
    maxFields: Math.min(1024, limits.maxFields),
  });
  function* eventsOf(items: readonly JournalItem[]): Generator<EventBytes> {
    for (const item of items) {
      if (item.ok) {
        const { value } = item;
        yield {
          bytes: Buffer.from(journalJson(value)),
          ...(value.droppedBytes > 0 && { fault: 'message_cut' as const }),
        };
      } else {
        const { code, at, before } = item;
        const told = `${journalJson(before).slice(0, -1)}${before.fields.size === 0 ? '' : ','}`;
        yield {
          bytes: Buffer.from(`${told}"journal_damaged":${JSON.stringify({ code, at })}}`),
          fault: 'journal_damaged',
        };
      }
    }
  }
  return {
    *push(chunk) {
      yield* eventsOf(reader.push(chunk));
    },
    *end() {
      yield* eventsOf(reader.end());
    },
    get heldBytes() {
      return reader.heldBytes();
    },
  };
}

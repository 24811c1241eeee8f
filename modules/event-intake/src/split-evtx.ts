import { createEvtxReader } from '@sallyport/evtx';
import type { EvtxItem } from '@sallyport/evtx';
import type { EventBytes } from './event-bytes.ts';
import type { EventSplitter } from './split-lines.ts';

/** The reader holds one chunk of the log. */
const chunkBytes = 65_536;

/** Records of a Windows event log as JSON, one event each; what is damaged is an event that says so. */
export function createEvtxSplitter(): EventSplitter {
  // As Windows writes them: rules quote the braces, and what comes from the same host as XML has them too.
  const reader = createEvtxReader({ guids: 'braced' });
  function* eventsOf(items: Iterable<EvtxItem>): Generator<EventBytes> {
    for (const item of items) {
      if (item.kind === 'record') yield { bytes: Buffer.from(JSON.stringify(item.event)) };
      else if (item.kind === 'damaged') {
        const { code, offset, why } = item;
        yield { bytes: Buffer.from(JSON.stringify({ evtx_damaged: { code, offset, why } })), fault: 'evtx_damaged' };
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
    heldBytes: chunkBytes,
  };
}

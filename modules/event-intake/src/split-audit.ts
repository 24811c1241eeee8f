import { auditHead, createAuditAssembler } from '@sallyport/log-formats/auditd';
import type { AuditEvent, AuditHead } from '@sallyport/log-formats/auditd';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { createLineSplitter } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

type Line = AuditHead & { readonly bytes: Uint8Array };

const maxWaitingEvents = 64;
const lineFeed = Buffer.from('\n');

/**
 * The Linux audit log, an event for all records of one serial: its lines as they came, in order. Records of others may stand between
 * them. What is not complete at the end of the body, or when too much waits, is an event as it is; the rest then makes another. A line
 * that is no record is an event of its own.
 */
export function createAuditSplitter(limits: IntakeLimits): EventSplitter {
  const lines = createLineSplitter(limits);
  const assembler = createAuditAssembler<Line>({ maxWaitingEvents, maxRecordsPerEvent: limits.maxEvents });
  let waitingBytes = 0;

  function* given(events: readonly AuditEvent<Line>[]): Generator<EventBytes> {
    for (const { records } of events) {
      const bytes = Buffer.concat(
        records.flatMap((line, index) => (index === 0 ? [line.bytes] : [lineFeed, line.bytes])),
      );
      for (const line of records) waitingBytes -= line.bytes.byteLength;
      yield { bytes };
    }
  }

  function* eventsOf(found: Iterable<EventBytes>): Generator<EventBytes> {
    for (const event of found) {
      const head = event.whole === undefined ? headOf(event.bytes) : undefined;
      if (head === undefined) {
        yield* given(assembler.flush());
        yield event;
        continue;
      }
      while (waitingBytes > 0 && waitingBytes + event.bytes.byteLength > limits.maxEventBytes)
        yield* given(assembler.giveUpOldest());
      waitingBytes += event.bytes.byteLength;
      // The line splitter uses its memory again.
      yield* given(assembler.add({ ...head, bytes: Uint8Array.from(event.bytes) }));
    }
  }

  return {
    *push(chunk) {
      yield* eventsOf(lines.push(chunk));
    },
    *end() {
      yield* eventsOf(lines.end());
      yield* given(assembler.flush());
    },
    get heldBytes() {
      return lines.heldBytes + waitingBytes;
    },
  };
}

function headOf(line: Uint8Array): AuditHead | undefined {
  return auditHead(Buffer.from(line.buffer, line.byteOffset, Math.min(line.byteLength, 500)).toString('latin1'));
}

import { createHash } from 'node:crypto';
import type { LedgerEvent } from '@sallyport/ledger';
import type { MappingFile, RemapThread } from './remap-thread.ts';

/** Events of the ledger as today's mappings show them. */
export type HistoryMapper = {
  /** Names today's mappings. */
  readonly fingerprint: string;
  /**
   * The same events in the same order, each as today's mappings show it, or as it is. Never throws; what ends or holds up the
   * thread by itself, for the second time, is `kept` as it is.
   */
  map(events: readonly LedgerEvent[]): Promise<{ events: readonly LedgerEvent[]; kept: number }>;
  /** Nothing more is to be mapped for now: ends the thread. */
  rest(): Promise<void>;
};

/** Times that the events of one call may end the thread; what is left of them is kept. */
const mostEndsPerCall = 4;

export function createHistoryMapper(needs: {
  thread: RemapThread;
  fingerprint: string;
  /** Default 60. */
  mostEnds?: number;
}): HistoryMapper {
  const { thread, fingerprint, mostEnds = 60 } = needs;
  /** In all, since the last rest: mappings that end it again and again would otherwise hold up the projection for days. */
  let ends = 0;

  return {
    fingerprint,
    async map(events) {
      const result = [...events];
      const endsBefore = ends;
      let from = 0;
      let suspect: number | undefined;
      let kept = 0;
      while (from < events.length) {
        if (ends >= mostEnds || ends - endsBefore >= mostEndsPerCall)
          return { events: result, kept: kept + events.length - from };
        // What came before the suspect first, then the suspect alone.
        const to = suspect === undefined || suspect < from ? events.length : Math.max(suspect, from + 1);
        const answer = await thread.run(request(events.slice(from, to)));
        if ('changed' in answer) {
          for (const { event, classUid, body } of answer.changed) {
            const sealed = events[from + event];
            if (sealed?.body !== undefined && from + event < to) result[from + event] = { ...sealed, classUid, body };
          }
          from = to;
          continue;
        }
        ends += 1;
        const found = from + Math.min(Math.max(0, answer.suspect), to - from - 1);
        if (to - from === 1 && suspect === found) {
          kept += 1;
          from = to;
        }
        suspect = found;
      }
      return { events: result, kept };
    },
    async rest() {
      ends = 0;
      await thread.rest();
    },
  };
}

function request(events: readonly LedgerEvent[]): { bytes: Uint8Array; ends: number[] } {
  const bodies = events.map(({ body }) => body ?? new Uint8Array());
  let end = 0;
  const ends = bodies.map((body) => (end += body.byteLength));
  return { bytes: Buffer.concat(bodies), ends };
}

/** Two sets of mappings with the same text, and the same mappings in the code, have the same. */
export function fingerprintOf(mappings: readonly MappingFile[], version: string): string {
  const hash = createHash('sha256').update(JSON.stringify(version));
  for (const { name, text } of mappings.toSorted((left, right) => (left.name < right.name ? -1 : 1)))
    hash.update(JSON.stringify([name, text]));
  return hash.digest('hex');
}

import type { SequenceRun } from './block-header.ts';
import type { IndexedRun, LogIndex } from './log-index.ts';

type OpenRun = { streamId: Uint8Array; first: number; count: number; index: number };
/** What one stream adds in the commit in progress; `next` is one past the highest sequence among it. */
type OpenStream = { readonly runs: OpenRun[]; next: number };

/**
 * Tells whether (stream, sequence) was recorded before, in constant time for the usual case of rising sequences.
 * Between `note` and `settle` it also knows what the commit in progress adds, which the index does not hold yet.
 */
export type SequenceTracker = {
  /** The index of an event recorded before under this stream and sequence. */
  find(stream: string, streamId: Uint8Array, sequence: number): number | undefined;
  /** This event gets this index in the commit in progress. */
  note(stream: string, streamId: Uint8Array, sequence: number, index: number): void;
  /** Runs noted since the last `settle` with an index in [from, to), relative to `from`. */
  runsBetween(from: number, to: number): SequenceRun[];
  /** The commit is durable: what to add to the index. */
  settle(): IndexedRun[];
  /** The commit failed: forget what it noted. */
  forget(): void;
};

/** Streams whose highest sequence is remembered; beyond, the index is asked. */
const maxRemembered = 50_000;

export function createSequenceTracker(index: Pick<LogIndex, 'indexOf' | 'nextSequence'>): SequenceTracker {
  const next = new Map<string, number>();
  let open = new Map<string, OpenStream>();

  const nextSequence = (stream: string, streamId: Uint8Array): number => {
    const remembered = next.get(stream);
    if (remembered !== undefined) return remembered;
    const read = index.nextSequence(streamId);
    if (next.size >= maxRemembered) {
      const [oldest] = next.keys();
      if (oldest !== undefined) next.delete(oldest);
    }
    next.set(stream, read);
    return read;
  };

  return {
    find(stream, streamId, sequence) {
      const added = open.get(stream);
      const pending =
        added === undefined || sequence >= added.next
          ? undefined
          : added.runs.find((run) => sequence >= run.first && sequence < run.first + run.count);
      if (pending !== undefined) return pending.index + (sequence - pending.first);
      return sequence >= nextSequence(stream, streamId) ? undefined : index.indexOf(streamId, sequence);
    },
    note(stream, streamId, sequence, at) {
      const added = open.get(stream) ?? { runs: [], next: 0 };
      const { runs } = added;
      const last = runs.at(-1);
      if (last !== undefined && sequence === last.first + last.count && at === last.index + last.count) last.count += 1;
      else runs.push({ streamId, first: sequence, count: 1, index: at });
      added.next = Math.max(added.next, sequence + 1);
      open.set(stream, added);
    },
    runsBetween(from, to) {
      return [...open.values()]
        .flatMap(({ runs }) => runs)
        .filter((run) => run.index >= from && run.index < to)
        .map((run) => ({
          streamId: run.streamId,
          firstSequence: run.first,
          count: run.count,
          offset: run.index - from,
        }));
    },
    settle() {
      const settled = open;
      open = new Map();
      for (const [stream, added] of settled) {
        const known = next.get(stream);
        // Without the index's own answer a lower number could hide older sequences, so only known streams are raised.
        if (known !== undefined) next.set(stream, Math.max(known, added.next));
      }
      return [...settled.values()]
        .flatMap(({ runs }) => runs)
        .map(({ streamId, first, count, index: at }) => ({ stream: streamId, first, count, index: at }));
    },
    forget() {
      open = new Map();
    },
  };
}

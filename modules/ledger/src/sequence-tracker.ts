import type { SequenceRun } from './block.ts';
import type { IndexedRun, LogIndex } from './log-index.ts';

type OpenRun = { streamId: Uint8Array; first: number; count: number; index: number };

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
  let open = new Map<string, OpenRun[]>();

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
      const pending = open.get(stream)?.find((run) => sequence >= run.first && sequence < run.first + run.count);
      if (pending !== undefined) return pending.index + (sequence - pending.first);
      return sequence >= nextSequence(stream, streamId) ? undefined : index.indexOf(streamId, sequence);
    },
    note(stream, streamId, sequence, at) {
      const runs = open.get(stream) ?? [];
      const last = runs.at(-1);
      if (last !== undefined && sequence === last.first + last.count && at === last.index + last.count) last.count += 1;
      else runs.push({ streamId, first: sequence, count: 1, index: at });
      open.set(stream, runs);
    },
    runsBetween(from, to) {
      return [...open.values()]
        .flat()
        .filter((run) => run.index >= from && run.index < to)
        .map((run) => ({
          streamId: run.streamId,
          firstSequence: run.first,
          count: run.count,
          offset: run.index - from,
        }));
    },
    settle() {
      const runs = open;
      open = new Map();
      for (const [stream, list] of runs) {
        const highest = Math.max(next.get(stream) ?? 0, ...list.map((run) => run.first + run.count));
        // Without the index's own answer a lower number could hide older sequences, so only known streams are raised.
        if (next.has(stream)) next.set(stream, highest);
      }
      return [...runs.values()]
        .flat()
        .map(({ streamId, first, count, index: at }) => ({ stream: streamId, first, count, index: at }));
    },
    forget() {
      open = new Map();
    },
  };
}

import { maxBlockEvents } from './block.ts';
import type { LogEntry } from './log-entry.ts';
import type { IndexedBlock } from './indexed-block.ts';
import { classesOf } from './retention-class.ts';
import type { SequenceTracker } from './sequence-tracker.ts';

export type WrittenBlock = { readonly block: IndexedBlock; readonly leaves: Buffer };

/** The place of each entry, in their order, and the blocks written for those that were not recorded before. */
export type WrittenCommit = { readonly positions: number[]; readonly written: readonly WrittenBlock[] };

const maxBlockPlainBytes = 8 * 1024 * 1024;

/**
 * Puts the entries of a commit into blocks, class by class: entries of different classes share no block, since each expires by
 * its own clock. Within a class they keep their order. Nothing of it is durable yet.
 */
export function createClassWriter(needs: {
  readonly sequences: Pick<SequenceTracker, 'find' | 'note'>;
  /** The index the next block begins with. */
  readonly nextIndex: () => number;
  readonly writeBlock: (entries: readonly LogEntry[], receivedAtMs: number) => WrittenBlock;
}): (entries: readonly LogEntry[], receivedAtMs: number) => WrittenCommit {
  const { sequences, nextIndex, writeBlock } = needs;
  return (entries, receivedAtMs) => {
    const positions = Array.from<number>({ length: entries.length });
    const written: WrittenBlock[] = [];
    for (const retention of classesOf(entries)) {
      let group: LogEntry[] = [];
      let groupBytes = 0;
      let order = -1;
      for (const entry of entries) {
        order += 1;
        if (entry.retention !== retention) continue;
        const known = sequences.find(entry.stream, entry.streamId, entry.sequence);
        if (known !== undefined) {
          positions[order] = known;
          continue;
        }
        if (
          group.length >= maxBlockEvents ||
          (group.length > 0 && groupBytes + entry.body.length > maxBlockPlainBytes)
        ) {
          written.push(writeBlock(group, receivedAtMs));
          group = [];
          groupBytes = 0;
        }
        const at = nextIndex() + group.length;
        sequences.note(entry.stream, entry.streamId, entry.sequence, at);
        positions[order] = at;
        group.push(entry);
        groupBytes += entry.body.length;
      }
      if (group.length > 0) written.push(writeBlock(group, receivedAtMs));
    }
    return { positions, written };
  };
}

import { LedgerError } from './errors.ts';

export type CommitQueue<Entry> = {
  /** Resolves with an index for each entry once they are durable. Throws `overloaded`, `disk_low`. */
  add(entries: readonly Entry[], bytes: number, priority: 'intake' | 'control'): Promise<number[]>;
  waitingBytes(): number;
};

type Waiting<Entry> = {
  readonly entries: readonly Entry[];
  readonly bytes: number;
  resolve(indexes: number[]): void;
  reject(error: unknown): void;
};

const maxGroupBytes = 16 * 1024 * 1024;
const maxGroupEntries = 16_384;
const maxWaitingBytes = 128 * 1024 * 1024;

/**
 * Group commit: whatever arrives while one write is synced goes into the next, so that one sync serves many callers.
 * The commit itself is synchronous; between two commits the event loop takes in what has arrived.
 */
export function createCommitQueue<Entry>(needs: {
  commit(entries: readonly Entry[]): number[];
  committed(): void;
  allows(priority: 'intake' | 'control'): boolean;
}): CommitQueue<Entry> {
  let waiting: Waiting<Entry>[] = [];
  let waitingBytes = 0;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      commitGroup();
      schedule();
    });
  };

  const commitGroup = (): void => {
    const group: Waiting<Entry>[] = [];
    let bytes = 0;
    let count = 0;
    while (
      waiting.length > group.length &&
      (group.length === 0 || (bytes < maxGroupBytes && count < maxGroupEntries))
    ) {
      const next = waiting[group.length];
      if (next === undefined) break;
      group.push(next);
      bytes += next.bytes;
      count += next.entries.length;
    }
    waiting = waiting.slice(group.length);
    waitingBytes -= bytes;
    try {
      const indexes = needs.commit(group.flatMap((member) => member.entries));
      let at = 0;
      for (const member of group) {
        member.resolve(indexes.slice(at, at + member.entries.length));
        at += member.entries.length;
      }
    } catch (error) {
      for (const member of group) member.reject(error);
      return;
    }
    needs.committed();
  };

  return {
    add(entries, bytes, priority) {
      if (!needs.allows(priority)) {
        return Promise.reject(
          new LedgerError('disk_low', 'Cannot append: free disk space is below the watermark', {
            hint: 'free space on the data disk; intake goes on by itself',
          }),
        );
      }
      // Control entries are few and must get through a flood of intake.
      const limit = priority === 'control' ? 2 * maxWaitingBytes : maxWaitingBytes;
      if (waitingBytes + bytes > limit) {
        return Promise.reject(
          new LedgerError('overloaded', `Cannot append: ${waitingBytes} bytes are waiting already`),
        );
      }
      const { promise, resolve, reject } = Promise.withResolvers<number[]>();
      waiting.push({ entries, bytes, resolve, reject });
      waitingBytes += bytes;
      schedule();
      return promise;
    },
    waitingBytes: () => waitingBytes,
  };
}

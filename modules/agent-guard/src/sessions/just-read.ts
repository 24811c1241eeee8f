import type { Clock } from '@sallyport/platform/clock';

/** Rows, and whether they still are what would be read: they are of a moment ago, and nothing was changed here since. */
export type Read<Rows> = { readonly rows: Rows; readonly isStill: () => boolean };

/** Who asks is read once a request: what stands for a moment after, and only while nothing was changed here meanwhile. */
export type JustRead<Rows> = {
  /** To be called before reading. */
  begin(): {
    /** Of what was read since. */
    readonly isStill: () => boolean;
    /** Keeps what was read, unless it stands no more. */
    readonly keep: (rows: Rows) => void;
  };
  /** Once: whoever asks again reads again. */
  take(id: string): Read<Rows> | undefined;
  /** Something was changed: nothing of before stands. */
  forget(): void;
  /** How many are kept. */
  size(): number;
};

/** Between the head of a request and its body anybody may wait, and among many a call waits for its turn; a run may be ended meanwhile at another server. */
const standsForMs = 1000;
const maxKept = 1000;

/** What nobody takes is dropped once it stands no more: names and facts do not stay in memory past their keys. */
export function createJustRead<Rows extends { readonly session: { readonly id: string } }>(
  clock: Pick<Clock, 'monotonicMs'>,
): JustRead<Rows> {
  const kept = new Map<string, Read<Rows>>();
  let changes = 0;
  let timer: NodeJS.Timeout | undefined;

  function drop(): void {
    for (const [id, { isStill }] of kept) if (!isStill()) kept.delete(id);
    const [oldest] = kept.keys();
    if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
  }

  /** Also where nobody asks any more. */
  function dropLater(): void {
    if (timer !== undefined || kept.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      drop();
      dropLater();
    }, standsForMs);
    timer.unref();
  }

  return {
    begin() {
      const atMs = clock.monotonicMs();
      const before = changes;
      const isStill = (): boolean => before === changes && clock.monotonicMs() - atMs < standsForMs;
      return {
        isStill,
        keep(rows) {
          const { id } = rows.session;
          kept.delete(id);
          if (isStill()) kept.set(id, { rows, isStill });
          drop();
          dropLater();
        },
      };
    },
    take(id) {
      const found = kept.get(id);
      kept.delete(id);
      return found?.isStill() === true ? found : undefined;
    },
    forget() {
      changes += 1;
      kept.clear();
    },
    size: () => kept.size,
  };
}

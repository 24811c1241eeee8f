import type { Clock } from '@sallyport/platform/clock';

/** Who asks is read once a request: what stands for a moment after, and only while nothing was changed here meanwhile. */
export type JustRead<Rows> = {
  /** To be called before reading; the returned function keeps what was read, unless something changed since. */
  begin(): (rows: Rows) => void;
  /** Once: whoever asks again reads again. */
  take(id: string): Rows | undefined;
  /** Something was changed: nothing of before stands. */
  forget(): void;
};

/** Between the head of a request and its body anybody may wait, and among many a call waits for its turn; a run may be ended meanwhile at another server. */
const standsForMs = 1000;
const maxKept = 1000;

export function createJustRead<Rows extends { readonly session: { readonly id: string } }>(
  clock: Pick<Clock, 'monotonicMs'>,
): JustRead<Rows> {
  const kept = new Map<string, { readonly rows: Rows; readonly atMs: number }>();
  let changes = 0;
  return {
    begin() {
      const atMs = clock.monotonicMs();
      const before = changes;
      return (rows) => {
        if (before !== changes) return;
        const { id } = rows.session;
        kept.delete(id);
        kept.set(id, { rows, atMs });
        const [oldest] = kept.keys();
        if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
      };
    },
    take(id) {
      const found = kept.get(id);
      kept.delete(id);
      return found !== undefined && clock.monotonicMs() - found.atMs < standsForMs ? found.rows : undefined;
    },
    forget() {
      changes += 1;
      kept.clear();
    },
  };
}

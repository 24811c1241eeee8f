/**
 * What comes again and again, told at once the first time and after that as one sum each `everyMs`, for as long as it goes on. Of more than
 * `most` things at once the one that began longest ago is forgotten, with what was not told of it.
 */
export type Summed<Of> = {
  /** How many are to be told of now; undefined while they are summed. */
  came(key: string, of: Of, count: number): number | undefined;
  /** Sums to be told of now, each once: those whose time is over, or all that is left. */
  due(which?: 'over' | 'all'): readonly { readonly key: string; readonly of: Of; readonly count: number }[];
  /** What was to be told and could not be: it is part of the next sum. */
  back(key: string, of: Of, count: number): void;
};

export function createSummed<Of>({
  everyMs,
  nowMs,
  most = 10_000,
}: {
  readonly everyMs: number;
  readonly nowMs: () => number;
  readonly most?: number;
}): Summed<Of> {
  /** The oldest first. */
  const going = new Map<string, { readonly sinceMs: number; readonly of: Of; count: number }>();

  function begin(key: string, of: Of, count = 0): void {
    going.delete(key);
    const [oldest] = going.keys();
    if (going.size >= most && oldest !== undefined) going.delete(oldest);
    going.set(key, { sinceMs: nowMs(), of, count });
  }

  return {
    came(key, of, count) {
      const one = going.get(key);
      if (one !== undefined && nowMs() - one.sinceMs < everyMs) {
        one.count += count;
        return undefined;
      }
      begin(key, of);
      return count + (one?.count ?? 0);
    },
    due(which = 'over') {
      const now = nowMs();
      const told: { readonly key: string; readonly of: Of; readonly count: number }[] = [];
      for (const [key, { sinceMs, of, count }] of Array.from(going)) {
        if (which === 'over' && now - sinceMs < everyMs) continue;
        going.delete(key);
        if (count === 0) continue;
        told.push({ key, of, count });
        begin(key, of);
      }
      return told;
    },
    back(key, of, count) {
      const one = going.get(key);
      if (one === undefined) begin(key, of, count);
      else one.count += count;
    },
  };
}

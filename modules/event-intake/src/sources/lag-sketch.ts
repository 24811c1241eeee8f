/** Received minus claimed time, in milliseconds; negative when the sender's clock is ahead of ours. */
export type Lag = { readonly p50: number; readonly p99: number };

/** How often each bucket of lags occurred: a bucket's number, its count, the next one's number, and so on. */
export type LagCounts = readonly number[];

const bucketsPerDoubling = 4;
const lastBucket = 200;
const generationMs = 300_000;

/** The bucket of a lag: what is told of it later is at most a tenth off. */
export function lagBucket(lagMs: number): number {
  const size = Math.abs(lagMs);
  if (!(size >= 1)) return 0;
  const bucket = Math.min(lastBucket, 1 + Math.floor(Math.log2(size) * bucketsPerDoubling));
  return lagMs < 0 ? -bucket : bucket;
}

/** The middle of a bucket. */
function lagOf(bucket: number): number {
  if (bucket === 0) return 0;
  const size = 2 ** ((Math.abs(bucket) - 0.5) / bucketsPerDoubling);
  return Math.round(bucket < 0 ? -size : size);
}

/**
 * Quantiles of the lags of the last five to ten minutes, in memory that does not grow with how many there were: two
 * generations of at most 401 counts. Times are monotonic milliseconds.
 */
export type LagSketch = {
  add(counts: LagCounts, nowMs: number): void;
  /** Undefined when nothing lately said when it happened. */
  read(nowMs: number): Lag | undefined;
};

export function createLagSketch(): LagSketch {
  let current = new Map<number, number>();
  let previous = new Map<number, number>();
  let startedMs = 0;

  function turn(nowMs: number): void {
    const ageMs = nowMs - startedMs;
    if (ageMs < generationMs) return;
    previous = ageMs < 2 * generationMs ? current : new Map<number, number>();
    current = new Map();
    startedMs = nowMs;
  }

  return {
    add(counts, nowMs) {
      turn(nowMs);
      for (let at = 0; at + 1 < counts.length; at += 2) {
        const bucket = counts[at] ?? 0;
        current.set(bucket, (current.get(bucket) ?? 0) + (counts[at + 1] ?? 0));
      }
    },
    read(nowMs) {
      turn(nowMs);
      const merged = new Map(previous);
      for (const [bucket, count] of current) merged.set(bucket, (merged.get(bucket) ?? 0) + count);
      const ordered = [...merged].toSorted(([one], [other]) => one - other);
      const total = ordered.reduce((sum, [, count]) => sum + count, 0);
      if (total === 0) return undefined;
      const quantile = (part: number): number => {
        let seen = 0;
        for (const [bucket, count] of ordered) {
          seen += count;
          if (seen >= total * part) return lagOf(bucket);
        }
        return lagOf(ordered.at(-1)?.[0] ?? 0);
      };
      return { p50: quantile(0.5), p99: quantile(0.99) };
    },
  };
}

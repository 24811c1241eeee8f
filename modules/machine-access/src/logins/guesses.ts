import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket, type TokenBucket } from '@sallyport/platform/token-bucket';
import { MachineAccessError } from '../errors.ts';

/** Ten at once and one a minute: with 34 bits and 500 codes open at most, a year of guessing finds one in 100 times. */
const rate = { perSecond: 1 / 60, burst: 10 };
const maxKept = 10_000;

/** How often wrong codes may be typed, by person and by address: people mistype, programs guess. */
export type Guesses = {
  /** Throws `user_code_throttled`. */
  begin(names: readonly string[]): void;
  wrong(names: readonly string[]): void;
};

export function createGuesses(clock: Pick<Clock, 'monotonicMs'>): Guesses {
  const buckets = new Map<string, TokenBucket>();
  const bucketOf = (name: string): TokenBucket => {
    const nowMs = clock.monotonicMs();
    const bucket = buckets.get(name) ?? createTokenBucket(rate, nowMs);
    buckets.delete(name);
    buckets.set(name, bucket);
    for (const oldest of buckets.keys()) {
      if (buckets.size <= maxKept) break;
      buckets.delete(oldest);
    }
    return bucket;
  };
  return {
    begin(names) {
      const waitMs = Math.max(...names.map((name) => bucketOf(name).waitMs(clock.monotonicMs(), 1)));
      if (waitMs === 0) return;
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw new MachineAccessError(
        'user_code_throttled',
        `Cannot take another code from here now: try again in ${retryAfterSeconds} s`,
        { details: { retryAfterSeconds } },
      );
    },
    wrong(names) {
      for (const name of names) bucketOf(name).spend(clock.monotonicMs(), 1);
    },
  };
}

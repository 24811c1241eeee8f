import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket, type TokenBucket } from '@sallyport/platform/token-bucket';
import { toolServerLimits as limits } from './tool-server.ts';

/**
 * How much that is new one owner's runs may bring: each definition is a row, an event and a comparison with all others, and a server can
 * make up names without end, since what nobody decided about gives way. What is known already goes on whatever comes beside it. What was
 * approved and says something else is counted by itself, of each owner and server: names made up by another server never hide it.
 */
type NewDefinitions = { readonly fresh: Rate; readonly changed: Rate };
type Rate = {
  /** As many of these as may be taken in now. */
  room(who: string, count: number): number;
  take(who: string, count: number): void;
  /** Until so many may be, or as many as ever may at once. */
  waitMs(who: string, count: number): number;
};

const maxBuckets = 1000;

export function createNewDefinitions(clock: Pick<Clock, 'monotonicMs'>): NewDefinitions {
  return { fresh: createRate(clock), changed: createRate(clock) };
}

function createRate(clock: Pick<Clock, 'monotonicMs'>): Rate {
  const buckets = new Map<string, TokenBucket>();

  function bucketOf(who: string): TokenBucket {
    const now = clock.monotonicMs();
    const known = buckets.get(who);
    if (known !== undefined) return known;
    if (buckets.size >= maxBuckets) for (const [id, one] of buckets) if (one.isFull(now)) buckets.delete(id);
    const bucket = createTokenBucket({ perSecond: limits.newAnHour / 3600, burst: limits.newAtOnce }, now);
    buckets.set(who, bucket);
    return bucket;
  }

  return {
    room(who, count) {
      const bucket = bucketOf(who);
      const now = clock.monotonicMs();
      let least = 0;
      let most = count;
      while (least < most) {
        const half = Math.ceil((least + most) / 2);
        if (bucket.waitMs(now, half) === 0) least = half;
        else most = half - 1;
      }
      return least;
    },
    take(who, count) {
      bucketOf(who).spend(clock.monotonicMs(), count);
    },
    waitMs: (who, count) => bucketOf(who).waitMs(clock.monotonicMs(), Math.min(count, limits.newAtOnce)),
  };
}

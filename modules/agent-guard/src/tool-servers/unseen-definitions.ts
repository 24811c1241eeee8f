import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket, type TokenBucket } from '@sallyport/platform/token-bucket';
import { toolServerLimits as limits } from './tool-server.ts';

/**
 * How much that is new one owner's runs may bring: each definition is a row, an event and a comparison with all others, and a server can
 * make up names without end, since what nobody decided about gives way. What is known already goes on whatever comes beside it.
 */
type NewDefinitions = {
  /** As many of these as may be taken in now. */
  take(ownerId: string, count: number): number;
  /** Until one more may be. */
  waitMs(ownerId: string): number;
};

const maxOwners = 1000;

export function createNewDefinitions(clock: Pick<Clock, 'monotonicMs'>): NewDefinitions {
  const buckets = new Map<string, TokenBucket>();

  function bucketOf(ownerId: string): TokenBucket {
    const now = clock.monotonicMs();
    const known = buckets.get(ownerId);
    if (known !== undefined) return known;
    if (buckets.size >= maxOwners) for (const [id, one] of buckets) if (one.isFull(now)) buckets.delete(id);
    const bucket = createTokenBucket({ perSecond: limits.newAnHour / 3600, burst: limits.newAtOnce }, now);
    buckets.set(ownerId, bucket);
    return bucket;
  }

  return {
    take(ownerId, count) {
      const bucket = bucketOf(ownerId);
      let taken = 0;
      while (taken < count && bucket.take(clock.monotonicMs(), 1)) taken += 1;
      return taken;
    },
    waitMs: (ownerId) => bucketOf(ownerId).waitMs(clock.monotonicMs(), 1),
  };
}

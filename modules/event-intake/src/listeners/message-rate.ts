import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import type { TokenBucket } from '@sallyport/platform/token-bucket';

/**
 * How many messages one sender may send a second, over all listeners: a bucket that holds ten seconds' worth and fills at that rate.
 * Nothing is dropped here: who asks decides whether a sender waits or is refused.
 */
export type MessageRate = {
  /** Takes what was received already; the bucket may owe. How long the sender has to wait until it owes nothing, in milliseconds. */
  take(sender: string, messages: number): number;
  /** Takes one message if there is room for it. */
  tryTake(sender: string): boolean;
};

const burstSeconds = 10;
const tidyEveryMs = 1000;

/** Buckets that are full are forgotten. Past `maxSenders` others share one: addresses of datagrams can be forged. */
export function createMessageRate(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly perSecond: number;
  readonly maxSenders?: number;
}): MessageRate {
  const { clock, perSecond, maxSenders = 10_000 } = needs;
  const newBucket = (): TokenBucket =>
    createTokenBucket({ perSecond, burst: perSecond * burstSeconds }, clock.monotonicMs());
  const buckets = new Map<string, TokenBucket>();
  const shared = newBucket();
  let tidiedAtMs = clock.monotonicMs();

  function bucketOf(sender: string): TokenBucket {
    const known = buckets.get(sender);
    if (known !== undefined) return known;
    const nowMs = clock.monotonicMs();
    if (buckets.size >= maxSenders && nowMs - tidiedAtMs >= tidyEveryMs) {
      tidiedAtMs = nowMs;
      for (const [name, bucket] of buckets) if (bucket.isFull(nowMs)) buckets.delete(name);
    }
    if (buckets.size >= maxSenders) return shared;
    const fresh = newBucket();
    buckets.set(sender, fresh);
    return fresh;
  }

  return {
    take(sender, messages) {
      const bucket = bucketOf(sender);
      bucket.spend(clock.monotonicMs(), messages);
      return bucket.waitMs(clock.monotonicMs(), 0);
    },
    tryTake: (sender) => bucketOf(sender).take(clock.monotonicMs(), 1),
  };
}

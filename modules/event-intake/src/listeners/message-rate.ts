import type { Clock } from '@sallyport/platform/clock';

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

type Bucket = { tokens: number; atMs: number };

const burstSeconds = 10;
const tidyEveryMs = 1000;

/** Buckets that are full are forgotten. Past `maxSenders` others share one: addresses of datagrams can be forged. */
export function createMessageRate(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly perSecond: number;
  readonly maxSenders?: number;
}): MessageRate {
  const { clock, perSecond, maxSenders = 10_000 } = needs;
  const most = perSecond * burstSeconds;
  const buckets = new Map<string, Bucket>();
  const shared: Bucket = { tokens: most, atMs: clock.monotonicMs() };
  let tidiedAtMs = clock.monotonicMs();

  function fill(bucket: Bucket): Bucket {
    const nowMs = clock.monotonicMs();
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000);
    bucket.atMs = nowMs;
    return bucket;
  }

  function bucketOf(sender: string): Bucket {
    const known = buckets.get(sender);
    if (known !== undefined) return fill(known);
    const nowMs = clock.monotonicMs();
    if (buckets.size >= maxSenders && nowMs - tidiedAtMs >= tidyEveryMs) {
      tidiedAtMs = nowMs;
      for (const [name, bucket] of buckets) if (fill(bucket).tokens >= most) buckets.delete(name);
    }
    if (buckets.size >= maxSenders) return fill(shared);
    const fresh = { tokens: most, atMs: nowMs };
    buckets.set(sender, fresh);
    return fresh;
  }

  return {
    take(sender, messages) {
      const bucket = bucketOf(sender);
      bucket.tokens -= messages;
      return bucket.tokens >= 0 ? 0 : Math.ceil((-bucket.tokens * 1000) / perSecond);
    },
    tryTake(sender) {
      const bucket = bucketOf(sender);
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}

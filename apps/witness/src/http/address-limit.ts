import { createTokenBucket } from '@sallyport/platform/token-bucket';
import type { BucketRate, TokenBucket } from '@sallyport/platform/token-bucket';

const maxNetworks = 10_000;

/** How long one network has to wait before its next request; 0: not at all. Bounded: with too many networks, all new ones share. */
export function createAddressLimit(rate: BucketRate): (network: string, nowMs: number) => number {
  const buckets = new Map<string, TokenBucket>();
  let shared: TokenBucket | undefined;
  const bucketOf = (network: string, nowMs: number): TokenBucket => {
    const found = buckets.get(network);
    if (found !== undefined) return found;
    if (buckets.size >= maxNetworks) {
      for (const [name, bucket] of buckets) if (bucket.isFull(nowMs)) buckets.delete(name);
    }
    if (buckets.size >= maxNetworks) {
      shared ??= createTokenBucket(rate, nowMs);
      return shared;
    }
    const made = createTokenBucket(rate, nowMs);
    buckets.set(network, made);
    return made;
  };
  return (network, nowMs) => {
    const bucket = bucketOf(network, nowMs);
    return bucket.take(nowMs, 1) ? 0 : bucket.waitMs(nowMs, 1);
  };
}

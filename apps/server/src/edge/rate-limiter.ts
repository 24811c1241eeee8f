import type { Clock } from '@sallyport/platform/clock';
import type { Rate } from './limits.ts';

export type RateLimiter = {
  /** Takes one token of this name. Otherwise how long until there is one, in whole seconds, at least 1. */
  take(name: string): { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };
};

const maxBuckets = 10_000;

/**
 * Token buckets by name. At most 10,000 are remembered: beyond that the one used longest ago is forgotten, and with it what
 * it had taken; an attacker with that many addresses gains a burst each, and nobody else loses anything.
 */
export function createRateLimiter(clock: Clock, rate: Rate): RateLimiter {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take(name) {
      const nowMs = clock.monotonicMs();
      const old = buckets.get(name);
      buckets.delete(name);
      const refilled = old === undefined ? rate.burst : old.tokens + ((nowMs - old.atMs) / 1000) * rate.perSecond;
      const tokens = Math.min(rate.burst, refilled);
      const allowed = tokens >= 1;
      buckets.set(name, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
      for (const oldest of buckets.keys()) {
        if (buckets.size <= maxBuckets) break;
        buckets.delete(oldest);
      }
      if (allowed) return { allowed };
      return { allowed, retryAfterSeconds: Math.max(1, Math.ceil((1 - tokens) / rate.perSecond)) };
    },
  };
}

/** So many a second on average, and so many at once after a rest. */
export type BucketRate = { readonly perSecond: number; readonly burst: number };

/**
 * A token bucket. It may owe: what was taken in already is `spend`ed whatever there was, and nothing is let in before
 * the debt is paid, so that the average holds however large a single lot is. Times are monotonic milliseconds.
 */
export type TokenBucket = {
  /** Takes `count` tokens if they are there. */
  take(nowMs: number, count: number): boolean;
  /** Takes `count` tokens, there or not. */
  spend(nowMs: number, count: number): void;
  /** How long until one token is there; 0 when there is one now. */
  waitMs(nowMs: number): number;
  /** Another rate from now on; a debt stays. */
  setRate(nowMs: number, rate: BucketRate): void;
};

/** Full at first. */
export function createTokenBucket(rate: BucketRate, nowMs: number): TokenBucket {
  let { perSecond, burst } = rate;
  let tokens = burst;
  let atMs = nowMs;

  const fill = (toMs: number): void => {
    if (toMs <= atMs) return;
    tokens = Math.min(burst, tokens + ((toMs - atMs) / 1000) * perSecond);
    atMs = toMs;
  };

  return {
    take(now, count) {
      fill(now);
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
    spend(now, count) {
      fill(now);
      tokens -= count;
    },
    waitMs(now) {
      fill(now);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
    setRate(now, next) {
      fill(now);
      ({ perSecond, burst } = next);
      tokens = Math.min(tokens, burst);
    },
  };
}

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
  /** How long until `count` tokens are there; 0 when they are there now. Of 0: until nothing is owed. */
  waitMs(nowMs: number, count: number): number;
  /** Whether nothing was taken for long enough: a full one is as good as a new one. */
  isFull(nowMs: number): boolean;
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
    waitMs(now, count) {
      fill(now);
      return tokens >= count ? 0 : Math.ceil(((count - tokens) * 1000) / perSecond);
    },
    isFull(now) {
      fill(now);
      return tokens >= burst;
    },
    setRate(now, next) {
      fill(now);
      ({ perSecond, burst } = next);
      tokens = Math.min(tokens, burst);
    },
  };
}

const firstMs = 500;
const mostMs = 20_000;

/**
 * How long to wait before the next attempt: doubled each time up to twenty seconds, and a random share of it, so that
 * all phones of a site do not come back in the same moment.
 */
export type Backoff = {
  /** Milliseconds, at least half of the step it is in. */
  next(): number;
  /** After success. */
  reset(): void;
};

/** `random` gives 0 to 1. */
export function createBackoff(random: () => number): Backoff {
  let attempt = 0;
  return {
    next() {
      const step = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 10));
      attempt += 1;
      return Math.round(step / 2 + (random() * step) / 2);
    },
    reset() {
      attempt = 0;
    },
  };
}

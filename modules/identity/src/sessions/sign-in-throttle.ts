import type { Clock } from '@sallyport/platform/clock';
import { IdentityError } from '../errors.ts';

export type ThrottleLimits = {
  /** Attempts without a wait: for one source and name, and for one source. */
  readonly freePerPair: number;
  readonly freePerSource: number;
  readonly firstWaitMs: number;
  readonly mostWaitMs: number;
  /** A source or pair that was quiet for so long starts afresh. */
  readonly forgetAfterMs: number;
};

export type SignInThrottle = {
  /**
   * Counts an attempt before it is looked at, so that many at once gain nothing. When it must wait: `first` says that
   * nobody was told so since the last attempt that was let through.
   */
  begin(source: string, name: string): { readonly waitMs: number; readonly first: boolean };
  /** They are who they say: their attempts from here are forgotten, others' are not. */
  succeeded(source: string, name: string): void;
};

const defaultLimits: ThrottleLimits = {
  freePerPair: 8,
  freePerSource: 20,
  firstWaitMs: 1000,
  mostWaitMs: 300_000,
  forgetAfterMs: 900_000,
};
const maxCounters = 20_000;

type Counter = { count: number; atMs: number; told: boolean };

/**
 * Slows guessing down for where it comes from: waits that double with each attempt. Never for a name alone, so nobody can
 * lock somebody else out. Bounded: the counter used longest ago goes first.
 */
export function createSignInThrottle(clock: Clock, limits: ThrottleLimits = defaultLimits): SignInThrottle {
  const counters = new Map<string, Counter>();

  const load = (key: string, nowMs: number): Counter => {
    const known = counters.get(key);
    counters.delete(key);
    const counter =
      known === undefined || nowMs - known.atMs >= limits.forgetAfterMs
        ? { count: 0, atMs: nowMs, told: false }
        : known;
    counters.set(key, counter);
    for (const oldest of counters.keys()) {
      if (counters.size <= maxCounters) break;
      counters.delete(oldest);
    }
    return counter;
  };
  const waitOf = ({ count, atMs }: Counter, free: number, nowMs: number): number => {
    if (count < free) return 0;
    const whole = Math.min(limits.mostWaitMs, limits.firstWaitMs * 2 ** Math.min(count - free, 30));
    return Math.max(0, atMs + whole - nowMs);
  };

  return {
    begin(source, name) {
      const nowMs = clock.monotonicMs();
      const pair = load(pairKey(source, name), nowMs);
      const whole = load(source, nowMs);
      const waitMs = Math.max(waitOf(pair, limits.freePerPair, nowMs), waitOf(whole, limits.freePerSource, nowMs));
      if (waitMs > 0) {
        const first = !pair.told;
        pair.told = true;
        return { waitMs, first };
      }
      for (const counter of [pair, whole]) {
        counter.count += 1;
        counter.atMs = nowMs;
      }
      pair.told = false;
      return { waitMs, first: false };
    },
    succeeded(source, name) {
      const pair = counters.get(pairKey(source, name));
      const whole = counters.get(source);
      counters.delete(pairKey(source, name));
      if (pair !== undefined && whole !== undefined) whole.count = Math.max(0, whole.count - pair.count);
    },
  };
}

/** Throws `sign_in_throttled` with the time to wait. */
export function refuseThrottled(waitMs: number): void {
  if (waitMs <= 0) return;
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  throw new IdentityError(
    'sign_in_throttled',
    `Cannot take another attempt from here now: try again in ${retryAfterSeconds} s`,
    { details: { retryAfterSeconds } },
  );
}

/** No address has this character. */
function pairKey(source: string, name: string): string {
  return `${source}\n${name.slice(0, 200)}`;
}

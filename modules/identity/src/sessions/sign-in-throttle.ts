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
   * nobody was told so since the last attempt that was let through, from a source that must wait under no name.
   */
  begin(source: string, name: string): { readonly waitMs: number; readonly first: boolean };
  /** Somebody of that name was let in from there lately. */
  isKnown(source: string, name: string): boolean;
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
const maxKnown = 10_000;
const knownForMs = 30 * 86_400_000;

type Counter = { count: number; atMs: number; told: boolean };

/**
 * Slows guessing down for where it comes from: waits that double with each attempt. Never for a name alone, so nobody can
 * lock somebody else out. Bounded: the counter used longest ago goes first; sources and pairs apart, and a source that must
 * wait adds no pair, so that a flood of names makes room for nobody.
 */
export function createSignInThrottle(clock: Clock, limits: ThrottleLimits = defaultLimits): SignInThrottle {
  const sources = new Map<string, Counter>();
  const pairs = new Map<string, Counter>();
  const known = new Map<string, number>();

  const load = (counters: Map<string, Counter>, key: string, nowMs: number): Counter => {
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
  const told = (counter: Counter, waitMs: number): { waitMs: number; first: boolean } => {
    const first = !counter.told;
    counter.told = true;
    return { waitMs, first };
  };

  return {
    begin(source, name) {
      const nowMs = clock.monotonicMs();
      const whole = load(sources, source, nowMs);
      const sourceWaitMs = waitOf(whole, limits.freePerSource, nowMs);
      if (sourceWaitMs > 0) return told(whole, sourceWaitMs);
      const pair = load(pairs, pairKey(source, name), nowMs);
      const pairWaitMs = waitOf(pair, limits.freePerPair, nowMs);
      if (pairWaitMs > 0) return told(pair, pairWaitMs);
      for (const counter of [pair, whole]) {
        counter.count += 1;
        counter.atMs = nowMs;
        counter.told = false;
      }
      return { waitMs: 0, first: false };
    },
    isKnown(source, name) {
      const atMs = known.get(pairKey(source, name));
      return atMs !== undefined && clock.monotonicMs() - atMs < knownForMs;
    },
    succeeded(source, name) {
      known.delete(pairKey(source, name));
      known.set(pairKey(source, name), clock.monotonicMs());
      for (const oldest of known.keys()) {
        if (known.size <= maxKnown) break;
        known.delete(oldest);
      }
      const pair = pairs.get(pairKey(source, name));
      const whole = sources.get(source);
      pairs.delete(pairKey(source, name));
      if (pair !== undefined && whole !== undefined) whole.count = Math.max(0, whole.count - pair.count);
    },
  };
}

/** The network an address is in, as one that many addresses are had of at once: IPv4 /24, IPv6 /64. */
export function networkOf(address: string): string {
  return /^(\d+\.\d+\.\d+)\.\d+$/.exec(address)?.[1] ?? address;
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

/** No address holds a line end. */
function pairKey(source: string, name: string): string {
  return `${source}\n${name.slice(0, 200)}`;
}

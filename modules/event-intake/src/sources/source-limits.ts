import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { EventIntakeError } from '../errors.ts';
import type { SourceFigures } from './source-figures.ts';
import type { SourceSettings } from './source-settings.ts';

/**
 * What a source may send. A request is let in whole or not at all: one that is let in may run up a debt, and the next is
 * let in when that is paid, so that on average no more than the limit comes through.
 */
export type SourceLimits = {
  /** Throws `source_rate_exceeded`, `source_quota_exceeded`, with `retryAfterSeconds`; nothing of the request was taken then. */
  admit(): void;
  spend(events: number): void;
  change(settings: SourceSettings): void;
  /** What was refused since it was last told: at once, then at most hourly, however much it is. */
  takeRefusals(): LimitRefusals | undefined;
};

export type LimitRefusals = { readonly requests: number; readonly sinceMs: number; readonly codes: readonly string[] };

const dayMs = 86_400_000;
/** Seconds of the rate that may come at once after a rest. */
const burstSeconds = 10;
const tellEveryMs = 3_600_000;

export function createSourceLimits(needs: {
  readonly name: string;
  readonly clock: Clock;
  readonly figures: SourceFigures;
  readonly settings: SourceSettings;
}): SourceLimits {
  const { name, clock, figures } = needs;
  let { settings } = needs;
  const rateOf = ({ eventsPerSecond }: SourceSettings): { perSecond: number; burst: number } => ({
    perSecond: eventsPerSecond,
    burst: eventsPerSecond * burstSeconds,
  });
  const bucket = createTokenBucket(rateOf(settings), clock.monotonicMs());

  let refusals: { requests: number; readonly sinceMs: number; readonly codes: Set<string> } | undefined;
  let toldAtMs = -tellEveryMs;

  function refuse(error: EventIntakeError): never {
    refusals ??= { requests: 0, sinceMs: clock.nowMs(), codes: new Set() };
    refusals.requests += 1;
    refusals.codes.add(error.code);
    throw error;
  }

  return {
    admit() {
      const waitMs = bucket.waitMs(clock.monotonicMs(), 1);
      if (waitMs > 0) {
        refuse(
          new EventIntakeError(
            'source_rate_exceeded',
            `Cannot take in more of source "${name}" now: it must send at most ${settings.eventsPerSecond} events a second`,
            { details: { retryAfterSeconds: Math.ceil(waitMs / 1000), limit: settings.eventsPerSecond } },
          ),
        );
      }
      if (figures.bytesToday >= settings.bytesPerDay) {
        const nowMs = clock.nowMs();
        const leftMs = (Math.floor(nowMs / dayMs) + 1) * dayMs - nowMs;
        refuse(
          new EventIntakeError(
            'source_quota_exceeded',
            `Cannot take in more of source "${name}" today: it must send at most ${settings.bytesPerDay} bytes a day`,
            { details: { retryAfterSeconds: Math.ceil(leftMs / 1000), limit: settings.bytesPerDay } },
          ),
        );
      }
    },
    spend(events) {
      bucket.spend(clock.monotonicMs(), events);
    },
    change(next) {
      settings = next;
      bucket.setRate(clock.monotonicMs(), rateOf(next));
    },
    takeRefusals() {
      if (refusals === undefined || clock.monotonicMs() - toldAtMs < tellEveryMs) return undefined;
      const { requests, sinceMs, codes } = refusals;
      refusals = undefined;
      toldAtMs = clock.monotonicMs();
      return { requests, sinceMs, codes: [...codes] };
    },
  };
}

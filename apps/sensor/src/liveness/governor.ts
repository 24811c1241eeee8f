import type { Clock } from '@sallyport/platform/clock';

export type GovernorNeeds = {
  readonly clock: Clock;
  /** Processor time this process has used, milliseconds. */
  readonly usedMs: () => number;
};

/** Keeps the sensor from burdening its host: above a quarter of a core it polls less often. */
export type Governor = {
  /** Intervals are multiplied by it: 1, 2, 4 … 16. */
  factor(): number;
  /** Share of one core in the last finished window, percent. */
  percent(): number;
  /** To be called now and then; looks once a window. */
  look(): void;
};

const windowMs = 9000;
const highPercent = 25;
const lowPercent = 10;
const maxFactor = 16;

export function createGovernor({ clock, usedMs }: GovernorNeeds): Governor {
  let beganMs = clock.monotonicMs();
  let beganUsedMs = usedMs();
  let factor = 1;
  let percent = 0;
  return {
    factor: () => factor,
    percent: () => percent,
    look() {
      const passedMs = clock.monotonicMs() - beganMs;
      if (passedMs < windowMs) return;
      const used = usedMs();
      percent = ((used - beganUsedMs) / passedMs) * 100;
      beganMs += passedMs;
      beganUsedMs = used;
      if (percent > highPercent) factor = Math.min(maxFactor, factor * 2);
      else if (percent < lowPercent) factor = Math.max(1, factor / 2);
    },
  };
}

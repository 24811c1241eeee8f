import { packNumbers, unpackDoubles } from './packed.ts';
import { readState } from './read-state.ts';

/** The usual value at each hour of the week, with fading memory. */
export type HourlyMean = {
  /** What was usual at this hour until now, undefined for an hour never seen; then learns the value. */
  observe(value: number, timeMs: number): number | undefined;
  state(): string;
};

const model = 'hourly-mean';
const version = 1;
const hours = 168;
/** Stands for an hour never seen; values are clamped far below it. */
const unseen = 1e200;

/** `weight`: how much the newest value counts against those before. 1.3 kB. */
export function createHourlyMean(weight: number, saved?: string): HourlyMean {
  let means: Float64Array = new Float64Array(hours).fill(unseen);
  if (saved !== undefined) {
    const state = readState(saved, model, version);
    means = unpackDoubles(state.text('means', 2048), hours) ?? state.refuse();
    if (means.length !== hours || means.some((mean) => Math.abs(mean) > 1e100 && mean !== unseen)) state.refuse();
  }
  return {
    observe(value, timeMs) {
      const hour = ((Math.floor(timeMs / 3_600_000) % hours) + hours) % hours;
      const mean = means[hour] ?? unseen;
      means[hour] = mean === unseen ? value : mean + weight * (value - mean);
      return mean === unseen ? undefined : mean;
    },
    state: () => JSON.stringify({ model, version, means: packNumbers(means) }),
  };
}

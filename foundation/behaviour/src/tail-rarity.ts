import { packNumbers, unpackDoubles } from './packed.ts';
import { readState } from './read-state.ts';
import { exceedance, fitTail } from './tail-fit.ts';
import type { TailFit } from './tail-fit.ts';

/** How rare a value is among those before it, also where it is beyond all of them. */
export type TailRarity = {
  /** -log10 of the probability of more than this: 0 below the 95th percentile and while learning, at most 20. Then learns the value. */
  observe(value: number): number;
  /** Values before it says anything. */
  isLearnt(): boolean;
  state(): string;
};

const model = 'tail-rarity';
const version = 1;
/** Values of the past that count: what is older is forgotten, which is how drift is followed. */
const remembered = 4000;
export const tailWarmUp = 100;
const tailShare = 0.05;
const rowsPerFit = 50;
const mostRarity = 20;

/**
 * Peaks over the moving 95th percentile of the last 4,000 values, with a generalised Pareto distribution fitted every 50. Unlike DSPOT it
 * learns from extremes too: what comes again and again, however high, stops being rare. 32 kB.
 */
export function createTailRarity(saved?: string): TailRarity {
  let past: Float64Array = new Float64Array(remembered);
  let length = 0;
  let next = 0;
  let sinceFit = 0;
  let level = 0;
  let share = tailShare;
  let fit: TailFit = { shape: 0, scale: 1 };
  let hasFit = false;
  if (saved !== undefined) {
    const state = readState(saved, model, version);
    const held = unpackDoubles(state.text('past', remembered * 11), remembered) ?? state.refuse();
    length = held.length;
    past = new Float64Array(remembered);
    past.set(held);
    next = state.whole('next', 0, remembered - 1);
    if (length < remembered && next !== length) state.refuse();
    sinceFit = state.whole('sinceFit', 0, rowsPerFit - 1);
    level = state.number('level', -1e101, 1e101);
    share = state.number('share', 0, 1);
    fit = { shape: state.number('shape', -1, 1), scale: state.number('scale', 1e-300, 1e120) };
    hasFit = state.whole('hasFit', 0, 1) === 1;
    if (past.some((value) => Math.abs(value) > 1e101)) state.refuse();
  }

  function fitAnew(): void {
    const rising = past.slice(0, length).toSorted();
    level = rising[Math.floor((1 - tailShare) * (length - 1))] ?? 0;
    const peaks: number[] = [];
    for (let at = length - 1; at >= 0; at -= 1) {
      const value = rising[at] ?? 0;
      if (value <= level) break;
      peaks.push(value - level);
    }
    share = Math.max(1, peaks.length) / length;
    fit = fitTail(peaks.length === 0 ? [1e-12] : peaks);
    hasFit = true;
  }

  return {
    observe(value) {
      let rarity = 0;
      if (length >= tailWarmUp) {
        if (sinceFit === 0 || !hasFit) fitAnew();
        sinceFit = (sinceFit + 1) % rowsPerFit;
        if (value > level) rarity = -Math.log10(Math.max(1e-30, share * exceedance(fit, value - level)));
      }
      past[next] = value;
      next = (next + 1) % remembered;
      length = Math.min(length + 1, remembered);
      return Math.max(0, Math.min(mostRarity, rarity));
    },
    isLearnt: () => length >= tailWarmUp,
    state: () =>
      JSON.stringify({
        model,
        version,
        next,
        sinceFit,
        level,
        share,
        shape: fit.shape,
        scale: fit.scale,
        hasFit: hasFit ? 1 : 0,
        past: packNumbers(past.slice(0, length)),
      }),
  };
}

import { finite, oneIn, scoreOfProbability, shown, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { readState } from './read-state.ts';
import { exceedance, excessAt, fitTail } from './tail-fit.ts';
import type { TailFit } from './tail-fit.ts';

/** A threshold that finds itself: the value exceeded with a given probability, however values are spread. */
export type ExtremeThreshold = {
  observe(value: number, timeMs: number): Judgement;
  isLearnt(): boolean;
  /** The value that is exceeded with probability `risk` now; undefined while learning. */
  threshold(): number | undefined;
  state(): string;
};

const model = 'extreme-threshold';
const version = 1;
export const extremeWarmUp = 200;
const mostPeaks = 200;
/** Share of values that are peaks. */
const peakShare = 0.05;

/**
 * DSPOT (Siffer, Fouque, Termier, Largouët 2017): peaks over a high quantile follow a generalised Pareto distribution, which tells how rare
 * a value is that was never seen. `depth` values make the moving mean that is subtracted first, so that drift is followed; 0 leaves it out
 * (SPOT). Values rarer than `risk` are told and not learnt from. Bounded: the last 200 peaks, `depth` values, and 200 at the start.
 */
export function createExtremeThreshold(
  settings: { what: string; risk?: number; depth?: number },
  saved?: string,
): ExtremeThreshold {
  const risk = settings.risk ?? 1e-4;
  const depth = settings.depth ?? 0;
  const state = saved === undefined ? undefined : readState(saved, model, version);
  let window = state?.numbers('window', { maxLength: depth, least: -1e100, most: 1e100 }) ?? [];
  let starting = state?.numbers('starting', { maxLength: extremeWarmUp, least: -2e100, most: 2e100 }) ?? [];
  let peaks = state?.numbers('peaks', { maxLength: mostPeaks, least: 0, most: 4e100 }) ?? [];
  let level = state?.number('level', -2e100, 2e100) ?? 0;
  let count = state?.whole('count', 0, 1e15) ?? 0;
  let share = state?.number('share', 0, 1) ?? peakShare;
  let fit: TailFit = fitTail(peaks.length === 0 ? [1e-12] : peaks);

  function start(): void {
    const rising = starting.toSorted((a, b) => a - b);
    level = rising[Math.floor(rising.length * (1 - peakShare))] ?? 0;
    peaks = rising.filter((value) => value > level).map((value) => value - level);
    fit = fitTail(peaks.length === 0 ? [1e-12] : peaks);
    starting = [];
  }

  return {
    observe(input) {
      const value = finite(input);
      const base = window.length === 0 ? 0 : window.reduce((sum, one) => sum + one, 0) / window.length;
      const isBase = depth === 0 || window.length === depth;
      const rest = value - base;
      const remember = (): void => {
        if (depth > 0) window = [...window, value].slice(-depth);
      };
      if (!isBase || count < extremeWarmUp) {
        remember();
        if (!isBase) return unremarkable;
        starting.push(rest);
        count += 1;
        if (count === extremeWarmUp) start();
        return unremarkable;
      }
      const excess = rest - level;
      const probability = excess > 0 ? share * exceedance(fit, excess) : 1;
      if (probability < risk) {
        const usual = shown(base + level + excessAt(fit, Math.min(1, risk / share)));
        return {
          score: scoreOfProbability(probability),
          reasons: [`${settings.what} of ${shown(value)} is over ${usual}: ${oneIn(probability)}`],
        };
      }
      count = Math.min(count + 1, 1e15);
      share += ((excess > 0 ? 1 : 0) - share) / Math.min(count, 10_000);
      if (excess > 0) {
        peaks = [...peaks, excess].slice(-mostPeaks);
        fit = fitTail(peaks);
      }
      remember();
      const score = scoreOfProbability(probability);
      return score === 0 ? unremarkable : { score, reasons: [`${settings.what} of ${shown(value)} is high`] };
    },
    isLearnt: () => count >= extremeWarmUp,
    threshold() {
      if (count < extremeWarmUp) return undefined;
      const base = window.length === 0 ? 0 : window.reduce((sum, one) => sum + one, 0) / window.length;
      return base + level + excessAt(fit, Math.min(1, risk / Math.max(share, 1e-9)));
    },
    state: () => JSON.stringify({ model, version, window, starting, peaks, level, count, share }),
  };
}

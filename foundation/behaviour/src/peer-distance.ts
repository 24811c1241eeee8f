import { finite, scoreOfProbability, shown, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { readState } from './read-state.ts';

/** How far one of a group is from the others, in named measures. */
export type PeerDistance = {
  /** Values in the order of the measures' names; of one peer, once a period. */
  observe(values: readonly number[], timeMs: number): Judgement;
  isLearnt(): boolean;
  state(): string;
};

const model = 'peer-distance';
const version = 1;
export const peerWarmUp = 30;
/** The group is remembered over about so many observations. */
const memory = 500;

/**
 * Each measure has a fading mean and variance over the group, of log(1 + value): habits of people differ by factors. The distance is
 * judged by the measure that is furthest out, by Chebyshev's one-sided inequality, which needs no bell curve; of several measures the
 * smallest probability counts times their number.
 */
export function createPeerDistance(measures: readonly string[], saved?: string): PeerDistance {
  const state = saved === undefined ? undefined : readState(saved, model, version);
  const bounds = { maxLength: measures.length, length: measures.length };
  const means = state?.numbers('means', { ...bounds, least: -300, most: 300 }) ?? measures.map(() => 0);
  const variances = state?.numbers('variances', { ...bounds, least: 0, most: 1e6 }) ?? measures.map(() => 0);
  let seen = state?.whole('seen', 0, 1e12) ?? 0;

  return {
    observe(values) {
      const scaled = measures.map((_, order) => logOf(values[order] ?? 0));
      const isLearnt = seen >= peerWarmUp;
      let furthest = { probability: 1, order: 0 };
      for (const [order, value] of scaled.entries()) {
        const deviation = Math.sqrt(Math.max(variances[order] ?? 0, 0.01));
        const distance = (value - (means[order] ?? 0)) / deviation;
        const probability = distance <= 0 ? 1 : 1 / (1 + distance * distance);
        if (probability < furthest.probability) furthest = { probability, order };
      }
      seen = Math.min(seen + 1, 1e12);
      const weight = Math.max(1 / seen, 1 / memory);
      for (const [order, value] of scaled.entries()) {
        const step = value - (means[order] ?? 0);
        means[order] = (means[order] ?? 0) + weight * step;
        variances[order] = Math.min(1e6, (1 - weight) * ((variances[order] ?? 0) + weight * step * step));
      }
      const probability = Math.min(1, furthest.probability * measures.length);
      const score = isLearnt ? scoreOfProbability(probability) : 0;
      if (score === 0) return unremarkable;
      const { order } = furthest;
      const usual = Math.expm1(means[order] ?? 0);
      const said = `${measures[order] ?? ''} ${shown(values[order] ?? 0)} where others have about ${shown(usual)}`;
      return { score, reasons: [said] };
    },
    isLearnt: () => seen >= peerWarmUp,
    state: () => JSON.stringify({ model, version, seen, means, variances }),
  };
}

function logOf(value: number): number {
  const number = finite(value);
  return Math.sign(number) * Math.log1p(Math.abs(number));
}

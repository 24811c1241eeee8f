import { createFrequentValues } from './frequent-values.ts';
import type { FrequentValues } from './frequent-values.ts';
import { oneIn, scoreOfProbability, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { readState } from './read-state.ts';

/** Whether a value was seen before with this entity, and how rare it is. */
export type ValueNovelty = {
  observe(value: string, timeMs: number): Judgement & { readonly isNew: boolean };
  isLearnt(): boolean;
  /** Commonest first. */
  values(): FrequentValues['values'] extends () => infer Result ? Result : never;
  remove(value: string): boolean;
  state(): string;
};

const model = 'value-novelty';
const version = 1;
/** Observations, and time since the first, before anything is said. */
export const noveltyWarmUp = { observations: 20, timeMs: 3 * 86_400_000 } as const;
/** How fast the rate of new values is forgotten: over about a hundred observations. */
const newRateFading = 0.01;

/**
 * First-seen and rarity in one. How surprising a new value is depends on how often the entity's values are new anyway (the share of new
 * ones, fading; Good and Turing's estimate of the mass never seen): a tenth new network of somebody who travels is no news. A value that is
 * known but rare is judged by its share. Values are held exactly, at most `capacity`; the rarest makes room, so a value seen once long ago
 * may count as new again, never the other way round.
 */
export function createValueNovelty(
  settings: { what: string; capacity?: number; warmUp?: { observations: number; timeMs: number } },
  saved?: string,
): ValueNovelty {
  const bounds = { capacity: settings.capacity ?? 64, fadeAt: 20_000 };
  const warmUp = settings.warmUp ?? noveltyWarmUp;
  const state = saved === undefined ? undefined : readState(saved, model, version);
  const held = createFrequentValues(bounds, state?.part('held'));
  let seen = state?.whole('seen', 0, 1e12) ?? 0;
  let since = state?.number('since', -1e100, 1e100) ?? 0;
  let newRate = state?.number('newRate', 0, 1) ?? 0;
  let last = state?.number('last', -1e100, 1e100) ?? 0;

  return {
    observe(value, timeMs) {
      if (seen === 0) since = finiteTime(timeMs);
      last = Math.max(last, finiteTime(timeMs));
      const before = held.add(value);
      const isNew = before === 0;
      const rate = newRate;
      seen = Math.min(seen + 1, 1e12);
      // The first of all had to be new: that says nothing.
      if (seen > 1) newRate += ((isNew ? 1 : 0) - newRate) * Math.max(newRateFading, 1 / (seen + 1));
      if (seen <= warmUp.observations || last - since < warmUp.timeMs) return { ...unremarkable, isNew };
      if (isNew) {
        const probability = Math.max(rate, 1 / held.total());
        const reasons = [`first time with this ${settings.what}; ${oneIn(probability)} was new before`];
        return withScore(scoreOfProbability(probability), reasons, isNew);
      }
      const share = (before + 1) / held.total();
      const reasons = [`rare ${settings.what}: ${oneIn(share)}`];
      // Known, so half as strange as a new one of the same share.
      return withScore(scoreOfProbability(share) / 2, reasons, isNew);
    },
    isLearnt: () => seen >= warmUp.observations && last - since >= warmUp.timeMs,
    values: () => held.values(),
    remove: (value) => held.remove(value),
    state: () =>
      `{"model":"${model}","version":${version},"seen":${seen},"since":${since},"last":${last},"newRate":${newRate},"held":${held.state()}}`,
  };
}

function withScore(score: number, reasons: readonly string[], isNew: boolean): Judgement & { isNew: boolean } {
  return score === 0 ? { ...unremarkable, isNew } : { score, reasons, isNew };
}

function finiteTime(timeMs: number): number {
  return Number.isFinite(timeMs) ? Math.max(-1e100, Math.min(1e100, timeMs)) : 0;
}

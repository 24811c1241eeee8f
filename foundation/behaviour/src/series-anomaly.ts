import { createHourlyMean } from './hourly-mean.ts';
import { bounded, finite, shown, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { readState } from './read-state.ts';
import { createTailRarity, tailWarmUp } from './tail-rarity.ts';

/** Scores a series of measurements, each from those before it alone. */
export type SeriesAnomaly = {
  /** `timeMs` since 1970; rows may be any time apart. 0.5 is about where somebody should look. */
  observe(value: number, timeMs: number): Judgement;
  isLearnt(): boolean;
  state(): string;
};

const model = 'series-anomaly';
const version = 1;
/** Rows before anything is said. */
export const seriesWarmUp = tailWarmUp;
/** Values whose spread is looked at together. */
const spreadRows = 60;
/** Rows after a peak in which only what is stranger still is told: one disturbance is one alarm. */
const restRows = 120;
/** Evidence, in powers of ten, that makes a score of one half. */
const halfEvidence = 6.6;

/**
 * Three detectors, each calibrated by extreme-value theory on its own past (`tail-rarity`), so that their findings are probabilities and
 * add up as evidence: distance from what the hour of the week usually brings, with long memory (a tenth of each new value) and with short
 * (six tenths: yesterday's habits, level shifts that stay are forgiven within a day), and how much the last 60 values vary, which sees both
 * bursts and changes of level on the way. After a peak there is a rest. One pass, about 100 kB, no knowledge of the range or the end.
 */
export function createSeriesAnomaly(saved?: string): SeriesAnomaly {
  const state = saved === undefined ? undefined : readState(saved, model, version);
  const slow = createHourlyMean(0.1, state?.part('slow'));
  const quick = createHourlyMean(0.6, state?.part('quick'));
  const slowRarity = createTailRarity(state?.part('slowRarity'));
  const quickRarity = createTailRarity(state?.part('quickRarity'));
  const spreadRarity = createTailRarity(state?.part('spreadRarity'));
  let recent = state?.numbers('recent', { maxLength: spreadRows, least: -1e100, most: 1e100 }) ?? [];
  let rows = state?.whole('rows', 0, 1e15) ?? 0;
  let peak = state?.number('peak', 0, 100) ?? 0;
  let peakRow = state?.whole('peakRow', -restRows, 1e15) ?? -restRows;

  return {
    observe(input, time) {
      const value = finite(input);
      const timeMs = finite(time);
      const usual = slow.observe(value, timeMs);
      const lately = quick.observe(value, timeMs);
      recent = [...recent, value].slice(-spreadRows);
      const spread = recent.length < spreadRows ? 0 : deviationOf(recent);
      const fromUsual = slowRarity.observe(usual === undefined ? 0 : Math.abs(value - usual));
      const fromLately = quickRarity.observe(lately === undefined ? 0 : Math.abs(value - lately));
      const inSpread = spreadRarity.observe(spread);
      const evidence = fromUsual + fromLately + inSpread;
      rows += 1;
      if (rows - peakRow >= restRows) peak = 0;
      if (evidence <= peak) return unremarkable;
      peak = evidence;
      peakRow = rows;
      const reasons: string[] = [];
      const distance = Math.max(fromUsual, fromLately);
      if (distance >= 1) {
        const expected = shown((fromUsual >= fromLately ? usual : lately) ?? 0);
        reasons.push(`${shown(value)} where about ${expected} is usual at this hour of the week: ${rarely(distance)}`);
      }
      if (inSpread >= 1) reasons.push(`the last ${spreadRows} values vary by ${shown(spread)}: ${rarely(inSpread)}`);
      return { score: bounded(evidence / (evidence + halfEvidence)), reasons };
    },
    isLearnt: () => slowRarity.isLearnt(),
    state: () =>
      `{"model":"${model}","version":${version},"rows":${rows},"peak":${peak},"peakRow":${peakRow},` +
      `"recent":${JSON.stringify(recent)},"slow":${slow.state()},"quick":${quick.state()},` +
      `"slowRarity":${slowRarity.state()},"quickRarity":${quickRarity.state()},"spreadRarity":${spreadRarity.state()}}`,
  };
}

function deviationOf(values: readonly number[]): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  return Math.sqrt(variance);
}

function rarely(rarity: number): string {
  if (rarity > 6) return 'fewer than one in a million of the values before';
  return `one in ${Math.round(10 ** rarity).toLocaleString('en-US')} of the values before`;
}

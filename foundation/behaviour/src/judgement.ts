/** What a model says of one observation: 0 is as ever, 1 as far from it as the model can tell, with why in plain words. */
export type Judgement = { readonly score: number; readonly reasons: readonly string[] };

/** Nothing to say: all as ever, or not learnt enough yet. */
export const unremarkable: Judgement = { score: 0, reasons: [] };

/**
 * The score of something whose like comes with this probability: 0 for one in ten or commoner, 0.5 for one in a thousand, towards 1
 * for what is rarer. Half of a score's range is left for what is far rarer than anything seen.
 */
export function scoreOfProbability(probability: number): number {
  if (!(probability < 0.1)) return 0;
  const rarity = -Math.log10(Math.max(probability, 1e-300)) - 1;
  return bounded(rarity / (rarity + 2));
}

/** Between 0 and 1; what is no number is 0. */
export function bounded(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}

/** A number arithmetic can be done with, however wild the input: no NaN, and no sum or square of two can overflow. */
export function finite(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-1e100, Math.min(1e100, value));
}

/** A time of the calendar (ECMA-262's range): hours since 1970 can be counted one by one. */
export function calendarTime(timeMs: number): number {
  return Math.max(-8.64e15, Math.min(8.64e15, finite(timeMs)));
}

/** A number as people write it. */
export function shown(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(3)));
}

/** "one in 4,000" */
export function oneIn(probability: number): string {
  if (probability < 1e-6) return 'fewer than one in a million';
  const times = Math.round(1 / probability);
  return `one in ${times.toLocaleString('en-US')}`;
}

import { finite, oneIn, scoreOfProbability, shown, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { packNumbers, unpackNumbers } from './packed.ts';
import { readState } from './read-state.ts';

/** How large values are, as a histogram of fixed relative width: bytes sent, counts, durations. */
export type ValueDistribution = {
  observe(value: number, timeMs: number): Judgement;
  isLearnt(): boolean;
  /** The value below which this share lies, within an eighth of it. */
  quantile(share: number): number;
  state(): string;
};

const model = 'value-distribution';
const version = 1;
export const distributionWarmUp = 50;
/** Bins for 0, for magnitudes of 2^-16 to 2^48 in quarters of a power of two, of either sign; what lies outside falls into the last ones. */
const perSign = 256;
const bins = perSign * 2 + 1;
const fadeAt = 5000;

/** The score is the probability of a value at least as far out on its side. Weights are halved every 5,000 values, so that drift is followed. 2 kB. */
export function createValueDistribution(settings: { what: string }, saved?: string): ValueDistribution {
  let counts: Float32Array = new Float32Array(bins);
  let total = 0;
  let seen = 0;
  if (saved !== undefined) {
    const state = readState(saved, model, version);
    counts = unpackNumbers(state.text('counts', bins * 8), bins) ?? state.refuse();
    if (counts.some((count) => count < 0 || count > fadeAt * 2)) state.refuse();
    total = counts.reduce((sum, count) => sum + count, 0);
    seen = state.whole('seen', 0, 1e12);
  }

  function add(bin: number): void {
    counts[bin] = (counts[bin] ?? 0) + 1;
    total += 1;
    seen = Math.min(seen + 1, 1e12);
    if (total < fadeAt) return;
    counts = counts.map((count) => (count < 0.75 ? 0 : count / 2));
    total = counts.reduce((sum, count) => sum + count, 0);
  }

  function quantile(share: number): number {
    let below = 0;
    for (const [bin, count] of counts.entries()) {
      below += count;
      if (count > 0 && below >= total * share) return valueOf(bin);
    }
    return 0;
  }

  return {
    observe(value) {
      const bin = binOf(finite(value));
      const isLearnt = seen >= distributionWarmUp;
      let above = 0;
      if (isLearnt) for (let other = bin; other < bins; other += 1) above += counts[other] ?? 0;
      const below = total - above + (counts[bin] ?? 0);
      const side = Math.min(above, below);
      const probability = (2 * side + 1) / (total + 2);
      const median = isLearnt ? quantile(0.5) : 0;
      add(bin);
      const score = isLearnt ? scoreOfProbability(probability) : 0;
      if (score === 0) return unremarkable;
      const way = above <= below ? 'large' : 'small';
      const said = `${settings.what} of ${shown(value)} is unusually ${way}: about ${shown(median)} is usual`;
      return { score, reasons: [`${said}, so far out ${oneIn(probability)}`] };
    },
    isLearnt: () => seen >= distributionWarmUp,
    quantile,
    state: () => JSON.stringify({ model, version, seen, counts: packNumbers(counts) }),
  };
}

function binOf(value: number): number {
  if (value === 0) return perSign;
  const magnitude = Math.floor(4 * (Math.log2(Math.abs(value)) + 16));
  const step = Math.max(0, Math.min(perSign - 1, magnitude)) + 1;
  return value > 0 ? perSign + step : perSign - step;
}

function valueOf(bin: number): number {
  if (bin === perSign) return 0;
  const magnitude = 2 ** ((Math.abs(bin - perSign) - 0.5) / 4 - 16);
  return bin > perSign ? magnitude : -magnitude;
}

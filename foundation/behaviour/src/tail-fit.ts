/** A generalised Pareto distribution of how far values lie over a threshold. */
export type TailFit = { readonly shape: number; readonly scale: number };

/**
 * Fits it by probability-weighted moments (Hosking and Wallis 1987): closed form, steady with few peaks. The shape is kept between a
 * light, nearly exponential tail and one just short of infinite variance, so that fifty peaks cannot claim to know what is impossible.
 * `peaks` are positive, at least one.
 */
export function fitTail(peaks: readonly number[]): TailFit {
  const rising = peaks.toSorted((a, b) => a - b);
  const count = rising.length;
  let mean = 0;
  let weighted = 0;
  for (const [order, peak] of rising.entries()) {
    mean += peak / count;
    weighted += (peak / count) * ((count - 1 - order) / Math.max(1, count - 1));
  }
  const spread = mean - 2 * weighted;
  if (count < leastPeaks || !(spread > mean * 1e-9)) return { shape: 0, scale: Math.max(mean, smallest) };
  const shape = Math.max(-0.2, Math.min(0.7, 2 - mean / spread));
  return { shape, scale: Math.max((2 * mean * weighted) / spread, smallest) };
}

/** The probability of lying further over the threshold than `excess`, of what lies over it. */
export function exceedance({ shape, scale }: TailFit, excess: number): number {
  const ratio = excess / scale;
  if (Math.abs(shape) < 1e-6) return Math.exp(-ratio);
  const base = 1 + shape * ratio;
  return base <= 0 ? 0 : base ** (-1 / shape);
}

/** The excess that is exceeded with this probability. */
export function excessAt({ shape, scale }: TailFit, probability: number): number {
  return Math.abs(shape) < 1e-6 ? -scale * Math.log(probability) : (scale / shape) * (probability ** -shape - 1);
}

const leastPeaks = 5;
const smallest = 1e-12;

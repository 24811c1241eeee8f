/** What several rounds gave: the middle one and how far the others lay apart. */
export type Summary = {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
};

/** Throws `RangeError` when there is nothing to sum up, or a value is no number: a bench that measured nothing has no figure. */
export function summarise(values: readonly number[]): Summary {
  const sorted = inOrder(values);
  return { median: middle(sorted), min: at(sorted, 0), max: at(sorted, sorted.length - 1), rounds: sorted.length };
}

/** Latencies in milliseconds at the usual places. */
export type Latencies = {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
};

/** Throws `RangeError` as `summarise` does. */
export function latencies(valuesMs: readonly number[]): Latencies {
  const sorted = inOrder(valuesMs);
  return {
    count: sorted.length,
    p50: nearestRank(sorted, 50),
    p90: nearestRank(sorted, 90),
    p99: nearestRank(sorted, 99),
    max: at(sorted, sorted.length - 1),
  };
}

/** The nearest-rank percentile: the smallest value that at least `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  return nearestRank(inOrder(values), percent);
}

/**
 * How fast `y` changes with `x`, by least squares. 0 when `x` does not vary. Used for the growth of a lag: a backlog
 * that keeps growing has a slope, one that only swings has none to speak of.
 */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** Three significant digits: more would claim a precision no shared machine has. */
export function rounded(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1000 ? value : Number(value.toPrecision(3));
}

function inOrder(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('Cannot sum up: there are no values');
  if (!values.every(Number.isFinite)) throw new RangeError('Cannot sum up: a value is not a finite number');
  // One zero: two of them would stand in the order they came in.
  return values.map((value) => value + 0).toSorted((a, b) => a - b);
}

function nearestRank(sorted: readonly number[], percent: number): number {
  if (!(percent >= 0 && percent <= 100))
    throw new RangeError(`Cannot take percentile ${percent}: must be from 0 to 100`);
  return at(sorted, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1));
}

function middle(sorted: readonly number[]): number {
  const upper = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? at(sorted, upper) : (at(sorted, upper - 1) + at(sorted, upper)) / 2;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function at(sorted: readonly number[], place: number): number {
  const value = sorted[place];
  if (value === undefined) throw new RangeError(`Cannot take value ${place} of ${sorted.length}`);
  return value;
}

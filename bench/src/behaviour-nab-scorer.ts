/** Rows of one anomaly window, both ends included. */
export type NabWindow = { readonly first: number; readonly last: number };
export type NabCosts = {
  readonly truePositive: number;
  readonly falseNegative: number;
  readonly falsePositive: number;
};
export type NabSeries = { readonly scores: ArrayLike<number>; readonly windows: readonly NabWindow[] };
export type NabResult = {
  /** 0 is a detector that never speaks, 100 one that speaks on the first row of every window and nowhere else. */
  readonly score: number;
  readonly threshold: number;
  readonly windows: number;
  readonly windowsFound: number;
  /** Rows at or over the threshold outside all windows. */
  readonly falseRows: number;
};

/**
 * The Numenta Anomaly Benchmark's scoring (Lavin and Ahmad 2015, section III): a row over the threshold inside a
 * window earns the more the earlier it stands, only the best row of a window counts, and a row outside costs the
 * more the further it stands behind the last window. The first 15 % of a series (at most 750 rows) count nothing.
 * Without `threshold`, the one that is best over all the series together is taken, as the benchmark does.
 */
export function scoreNab(series: readonly NabSeries[], costs: NabCosts, threshold?: number): NabResult {
  const { points, windows } = pointsOf(series, costs);
  const best = sweep(points, windows, costs, threshold);
  const nothingFound = -windows * costs.falseNegative;
  const allFound = windows * costs.truePositive;
  return {
    score: windows === 0 ? 0 : (100 * (best.total - nothingFound)) / (allFound - nothingFound),
    threshold: threshold ?? best.threshold,
    windows,
    windowsFound: best.found,
    falseRows: best.falseRows,
  };
}

/** What rows at or over the threshold earn and cost together, before it is put between the worst and the best. */
export function nabRawScore(series: readonly NabSeries[], costs: NabCosts, threshold: number): number {
  const { points, windows } = pointsOf(series, costs);
  return sweep(points, windows, costs, threshold).total;
}

/** Rows at the start of a series that are for learning alone. */
function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750);
}

/** `window` counts through all the series; -1 outside of every window. */
type Point = { readonly score: number; readonly worth: number; readonly window: number };
type Best = {
  readonly threshold: number;
  readonly total: number;
  readonly found: number;
  readonly falseRows: number;
};

function pointsOf(series: readonly NabSeries[], costs: NabCosts): { points: Point[]; windows: number } {
  const points: Point[] = [];
  let windows = 0;
  for (const one of series) {
    addPoints(points, one, windows, costs);
    windows += one.windows.length;
  }
  return { points, windows };
}

function addPoints(points: Point[], { scores, windows }: NabSeries, firstWindow: number, costs: NabCosts): void {
  const most = sigmoid(-1);
  let next = 0;
  for (let row = 0; row < scores.length; row += 1) {
    while ((windows[next]?.last ?? Infinity) < row) next += 1;
    const score = scores[row];
    if (row < probationRows(scores.length) || score === undefined) continue;
    const window = windows[next];
    if (window !== undefined && row >= window.first) {
      const width = window.last - window.first + 1;
      const worth = (sigmoid(-(window.last - row + 1) / width) / most) * costs.truePositive;
      points.push({ score, worth, window: firstWindow + next });
    } else {
      const before = windows[next - 1];
      const depth = before === undefined ? -1 : sigmoid((row - before.last) / (before.last - before.first));
      points.push({ score, worth: depth * costs.falsePositive, window: -1 });
    }
  }
}

/** Lowers the threshold from over every score to under all of them and keeps the best end of a run of equal scores. */
function sweep(points: readonly Point[], windows: number, costs: NabCosts, threshold: number | undefined): Best {
  const worths = Array.from({ length: windows }, () => -costs.falseNegative);
  const found = new Set<number>();
  let falseRows = 0;
  let total = -windows * costs.falseNegative;
  let best: Best = { threshold: Infinity, total, found: 0, falseRows: 0 };
  const falling = points.toSorted((a, b) => b.score - a.score);
  for (const [order, { score, worth, window }] of falling.entries()) {
    if (threshold !== undefined && score < threshold) break;
    if (window < 0) {
      falseRows += 1;
      total += worth;
    } else {
      const held = worths[window] ?? 0;
      found.add(window);
      worths[window] = Math.max(held, worth);
      total += Math.max(0, worth - held);
    }
    if (falling[order + 1]?.score === score) continue;
    if (threshold !== undefined || total > best.total) best = { threshold: score, total, found: found.size, falseRows };
  }
  return best;
}

function sigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

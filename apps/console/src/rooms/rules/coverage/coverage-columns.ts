import type { CoverageMap, CoveredTechnique, Verdict } from './coverage-query.ts';

export type Cell = {
  readonly technique: CoveredTechnique;
  readonly subs: readonly CoveredTechnique[];
};

export type Column = { readonly tactic: CoverageMap['tactics'][number]; readonly cells: readonly Cell[] };

/** What is shown: techniques whose verdict and words fit, or one of whose sub-techniques fits the words. */
export type Wanted = { readonly verdict: Verdict | undefined; readonly text: string };

/** The matrix, a column a tactic, by name as MITRE's own; a technique of several tactics stands in each. */
export function columnsOf(map: Pick<CoverageMap, 'tactics' | 'techniques'>, { verdict, text }: Wanted): Column[] {
  const subsOf = Map.groupBy(
    map.techniques.filter(({ parent }) => parent !== undefined),
    ({ parent }) => parent ?? '',
  );
  const words = text.trim().toLowerCase();
  const fits = ({ id, name }: CoveredTechnique): boolean =>
    id.toLowerCase().startsWith(words) || name.toLowerCase().includes(words);
  const shown = map.techniques
    .filter(({ parent }) => parent === undefined)
    .map((technique) => ({ technique, subs: subsOf.get(technique.id) ?? [] }))
    .filter(({ technique }) => verdict === undefined || technique.verdict === verdict)
    .filter(({ technique, subs }) => words === '' || fits(technique) || subs.some(fits));
  const byName = shown.toSorted((left, right) => (left.technique.name < right.technique.name ? -1 : 1));
  return map.tactics.map((tactic) => ({
    tactic,
    cells: byName.filter(({ technique }) => technique.tactics.includes(tactic.short_name)),
  }));
}

/** How a tactic stands in words: where nothing looks it says so. */
export function tacticWords({ tactic }: Pick<Column, 'tactic'>): string {
  const { watched, weak, blind, none } = tactic.counts;
  const all = watched + weak + blind + none;
  if (tactic.rules > 0) return `${watched} of ${all} watched`;
  return tactic.rules_without_technique > 0 ? 'No rule names a technique' : 'No rule at all';
}

/** The cell that an arrow key leads to; the same one at the edge. */
export function neighbour(
  columns: readonly Column[],
  at: { readonly column: number; readonly row: number },
  key: string,
): { column: number; row: number } | undefined {
  const height = (column: number): number => columns[column]?.cells.length ?? 0;
  const step = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] }[key];
  if (step === undefined) {
    if (key === 'Home') return { column: at.column, row: 0 };
    return key === 'End' ? { column: at.column, row: Math.max(0, height(at.column) - 1) } : undefined;
  }
  const [right = 0, down = 0] = step;
  if (right === 0) {
    const row = at.row + down;
    return row >= 0 && row < height(at.column) ? { column: at.column, row } : { ...at };
  }
  let column = at.column + right;
  // Columns without a cell are passed over.
  while (column >= 0 && column < columns.length && height(column) === 0) column += right;
  if (column < 0 || column >= columns.length) return { ...at };
  return { column, row: Math.min(at.row, height(column) - 1) };
}

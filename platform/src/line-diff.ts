/** A line of a text that became another: kept, taken away or new. Numbers are 1-based. */
export type DiffLine = {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
  readonly before?: number;
  readonly after?: number;
};

/** Texts that differ by more than this many lines are shown as one text in place of the other. */
const maxDistance = 500;

/** The fewest lines removed and added that make `after` of `before` (Myers, "An O(ND) Difference Algorithm", 1986). */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = { a: a.slice(start, a.length - end), b: b.slice(start, b.length - end) };
  const kept = keptPairs(middle.a, middle.b);
  const lines: DiffLine[] = [];
  let [x, y] = [0, 0];
  const until = (toX: number, toY: number): void => {
    for (; x < toX; x += 1) lines.push({ kind: 'removed', text: a[x] ?? '', before: x + 1 });
    for (; y < toY; y += 1) lines.push({ kind: 'added', text: b[y] ?? '', after: y + 1 });
  };
  const keep = (): void => {
    lines.push({ kind: 'same', text: a[x] ?? '', before: x + 1, after: y + 1 });
    x += 1;
    y += 1;
  };
  while (x < start) keep();
  for (const [keptX, keptY] of kept) {
    until(start + keptX, start + keptY);
    keep();
  }
  until(a.length - end, b.length - end);
  while (x < a.length) keep();
  return lines;
}

/** Lines that stay, as places in both. */
function keptPairs(a: readonly string[], b: readonly string[]): [number, number][] {
  const trace = furthestPaths(a, b);
  if (trace === undefined) return [];
  const pairs: [number, number][] = [];
  let [x, y] = [a.length, b.length];
  for (let distance = trace.length - 1; distance >= 0; distance -= 1) {
    const furthest = trace[distance] ?? new Map<number, number>();
    const at = (diagonal: number): number => furthest.get(diagonal) ?? -1;
    const diagonal = x - y;
    const isDown = diagonal === -distance || (diagonal !== distance && at(diagonal - 1) < at(diagonal + 1));
    const from = isDown ? diagonal + 1 : diagonal - 1;
    const fromX = distance === 0 ? 0 : at(from);
    const fromY = distance === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    [x, y] = [fromX, fromY];
  }
  return pairs.toReversed();
}

/** How far each diagonal was reached before each distance; undefined where the texts are further apart than is worth telling. */
function furthestPaths(a: readonly string[], b: readonly string[]): ReadonlyMap<number, number>[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  for (let distance = 0; distance <= Math.min(a.length + b.length, maxDistance); distance += 1) {
    trace.push(new Map(furthest));
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      const left = furthest.get(diagonal - 1) ?? -1;
      const above = furthest.get(diagonal + 1) ?? -1;
      let x = diagonal === -distance || (diagonal !== distance && left < above) ? above : left + 1;
      let y = x - diagonal;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      furthest.set(diagonal, x);
      if (x >= a.length && y >= b.length) return trace;
    }
  }
  return undefined;
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

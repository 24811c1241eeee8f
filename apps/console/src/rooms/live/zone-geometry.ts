/** Left and top as parts of the picture, 0…1. */
export type Point = readonly [number, number];

const fewestPoints = 3;
export const mostPoints = 32;

/** Inside the picture, to a tenth of a per cent: finer than a camera sees. */
export function clamped([x, y]: Point): Point {
  const within = (part: number): number => Math.round(Math.min(1, Math.max(0, part)) * 1000) / 1000;
  return [within(x), within(y)];
}

export function movedPoint(points: readonly Point[], at: number, to: Point): readonly Point[] {
  return points.map((point, index) => (index === at ? clamped(to) : point));
}

/** A point halfway to the next one, after `at`. Where it came to stand, or undefined when there are enough. */
export function pointAddedAfter(
  points: readonly Point[],
  at: number,
): { readonly points: readonly Point[]; readonly at: number } | undefined {
  const here = points[at];
  const next = points[(at + 1) % points.length];
  if (here === undefined || next === undefined || points.length >= mostPoints) return undefined;
  const halfway = clamped([(here[0] + next[0]) / 2, (here[1] + next[1]) / 2]);
  return { points: points.toSpliced(at + 1, 0, halfway), at: at + 1 };
}

/** Undefined when it would be no area any more. */
export function pointRemoved(
  points: readonly Point[],
  at: number,
): { readonly points: readonly Point[]; readonly at: number } | undefined {
  if (points.length <= fewestPoints || points[at] === undefined) return undefined;
  return { points: points.toSpliced(at, 1), at: Math.min(at, points.length - 2) };
}

/** Moved as a whole, as far as the picture goes. */
export function movedArea(points: readonly Point[], [byX, byY]: Point): readonly Point[] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const x = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), byX));
  const y = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), byY));
  return points.map((point) => clamped([point[0] + x, point[1] + y]));
}

/** The part of the picture it covers (shoelace formula); what crosses itself counts for less. */
export function areaOf(points: readonly Point[]): number {
  let sum = 0;
  for (const [at, [x, y]] of points.entries()) {
    const [nextX, nextY] = points[(at + 1) % points.length] ?? [x, y];
    sum += x * nextY - nextX * y;
  }
  return Math.abs(sum) / 2;
}

/** Whether two sides that are not neighbours meet: then nobody can say what is inside. */
export function crossesItself(points: readonly Point[]): boolean {
  return points.some((from, at) =>
    points.some((otherFrom, other) => {
      const isNeighbour = other <= at + 1 || (at === 0 && other === points.length - 1);
      const to = points[(at + 1) % points.length];
      const otherTo = points[(other + 1) % points.length];
      if (isNeighbour || to === undefined || otherTo === undefined) return false;
      return meet([from, to], [otherFrom, otherTo]);
    }),
  );
}

type Side = readonly [Point, Point];

function meet([a, b]: Side, [c, d]: Side): boolean {
  const turns = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)].map(Math.sign);
  const [first = 0, second = 0, third = 0, fourth = 0] = turns;
  return first * second < 0 && third * fourth < 0;
}

/** Over 0 when the way from a by b to c turns one way, under 0 the other way, 0 straight on. */
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** A first area to start from: the middle of the picture. */
export const firstArea: readonly Point[] = [
  [0.25, 0.3],
  [0.75, 0.3],
  [0.75, 0.85],
  [0.25, 0.85],
];

/** `point 2 of 4, 75 % from the left, 30 % from the top` */
export function pointWords(points: readonly Point[], at: number): string {
  const [x, y] = points[at] ?? [0, 0];
  const percent = (part: number): string => `${Math.round(part * 1000) / 10} %`;
  return `point ${at + 1} of ${points.length}, ${percent(x)} from the left, ${percent(y)} from the top`;
}

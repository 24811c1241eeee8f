/** A place in a picture: 0…1 from left and from top. */
export type Point = readonly [x: number, y: number];

/** Share of the picture it covers. */
export function areaOf(polygon: readonly Point[]): number {
  let twice = 0;
  for (const [index, [x, y]] of polygon.entries()) {
    const [nextX, nextY] = polygon[(index + 1) % polygon.length] ?? [x, y];
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}

/** Whether two of its sides cross or touch, other than neighbours in their corner. */
export function crossesItself(polygon: readonly Point[]): boolean {
  const sides = polygon.map((from, index): [Point, Point] => [from, polygon[(index + 1) % polygon.length] ?? from]);
  return sides.some(([a, b], one) =>
    sides.some(([c, d], other) => {
      if (other <= one) return false;
      const areNeighbours = other === one + 1 || (one === 0 && other === sides.length - 1);
      // Neighbours share a corner; they may only not run back along each other.
      if (areNeighbours) return other === one + 1 ? runsBack(a, b, d) : runsBack(c, d, b);
      return doCross(a, b, c, d);
    }),
  );
}

function turn([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): number {
  return Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
}

function runsBack(from: Point, corner: Point, to: Point): boolean {
  const ahead = (corner[0] - from[0]) * (to[0] - corner[0]) + (corner[1] - from[1]) * (to[1] - corner[1]);
  return turn(from, corner, to) === 0 && ahead <= 0;
}

function isOn(point: Point, a: Point, b: Point): boolean {
  return (
    turn(a, b, point) === 0 &&
    point[0] >= Math.min(a[0], b[0]) &&
    point[0] <= Math.max(a[0], b[0]) &&
    point[1] >= Math.min(a[1], b[1]) &&
    point[1] <= Math.max(a[1], b[1])
  );
}

function doCross(a: Point, b: Point, c: Point, d: Point): boolean {
  if (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0) return true;
  return isOn(c, a, b) || isOn(d, a, b) || isOn(a, c, d) || isOn(b, c, d);
}

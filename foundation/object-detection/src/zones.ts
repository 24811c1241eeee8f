import type { Box } from './box.ts';

/** Corners in order, as parts of the picture. Closed by itself; may be concave. */
export type Polygon = readonly (readonly [x: number, y: number])[];

/** Even-odd rule. A point on an edge may fall to either side; fewer than three corners enclose nothing. */
export function isInside([x, y]: readonly [x: number, y: number], polygon: Polygon): boolean {
  let inside = false;
  let previous = polygon.at(-1);
  if (polygon.length < 3 || previous === undefined) return false;
  for (const corner of polygon) {
    const [fromX, fromY] = previous;
    const [toX, toY] = corner;
    if (fromY > y !== toY > y && x < ((toX - fromX) * (y - fromY)) / (toY - fromY) + fromX) inside = !inside;
    previous = corner;
  }
  return inside;
}

/** Where a thing stands: the middle of its lower edge, a little up, so that feet cut off by the picture's edge count. */
export function footOf([x, y, width, height]: Box): readonly [x: number, y: number] {
  return [x + width / 2, y + height * 0.98];
}

/** Whether what is in the box stands in the zone. */
export function standsIn(box: Box, zone: Polygon): boolean {
  return isInside(footOf(box), zone);
}

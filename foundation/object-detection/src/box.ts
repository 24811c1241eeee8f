/** Left, top, width and height as parts of the picture, each from 0 to 1. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** Something a model believes to see. `score` is the model's own figure from 0 to 1, no probability. */
export type Detection = { readonly label: string; readonly score: number; readonly box: Box };

/** The box within the picture, or undefined when it is empty, outside or not a number: models are not trusted. */
export function clampBox([x, y, width, height]: Box): Box | undefined {
  const left = Math.max(0, Math.min(1, x));
  const top = Math.max(0, Math.min(1, y));
  const right = Math.max(0, Math.min(1, x + width));
  const bottom = Math.max(0, Math.min(1, y + height));
  if (!(right - left > 0) || !(bottom - top > 0)) return undefined;
  return [left, top, right - left, bottom - top];
}

/** Area both boxes share, as a part of the area either covers: 0 (apart) to 1 (the same). */
export function intersectionOverUnion(one: Box, other: Box): number {
  const width = Math.min(one[0] + one[2], other[0] + other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[1] + one[3], other[1] + other[3]) - Math.max(one[1], other[1]);
  if (!(width > 0) || !(height > 0)) return 0;
  const shared = width * height;
  return shared / (one[2] * one[3] + other[2] * other[3] - shared);
}

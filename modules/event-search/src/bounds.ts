import type { Position } from '@sallyport/contracts';

/** The half-open range [from, to) of positions; without `to`, everything from `from` on. */
export type Bounds = { readonly from: Position; readonly to?: Position };

/** Ranges of one log each, that do not overlap. */
export type ClosedBounds = Required<Bounds>;

/** In any of these ranges. */
export function anyBoundsCondition(ranges: readonly ClosedBounds[]): string {
  return `(${ranges.map(boundsCondition).join(' OR ') || '0'})`;
}

/** As SQL over whole numbers only. Written out because the engine's index does not understand `(log, idx) >= (1, 5)`. */
export function boundsCondition(bounds: Bounds): string {
  const { from, to } = bounds;
  // Everything: the engine knows that count without reading a row.
  if (from.log === 0 && from.index === 0 && to === undefined) return '1';
  const start = `(log > ${whole(from.log)} OR (log = ${whole(from.log)} AND idx >= ${whole(from.index)}))`;
  if (to === undefined) return start;
  const end = `(log < ${whole(to.log)} OR (log = ${whole(to.log)} AND idx < ${whole(to.index)}))`;
  // What every row fulfils would still be asked of every row.
  return from.log === 0 && from.index === 0 ? end : `${start} AND ${end}`;
}

/** Refuses what must never reach SQL text unquoted. */
export function whole(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TypeError(`Cannot write ${value} into SQL: must be a non-negative safe integer`);
  return String(value);
}

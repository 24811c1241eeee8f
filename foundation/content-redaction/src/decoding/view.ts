import type { Encoding } from '../finding.ts';

/** A text that was hidden in another, and where each part of it stands there. */
export type DecodedView = {
  readonly text: string;
  /** What was undone, the outermost first. */
  readonly layers: readonly Encoding[];
  /** Bytes that are no text, with what can be read in them: only what has a form of its own counts there. */
  readonly isBytes: boolean;
  /** Where a piece of it stands in the text that was given: a whole encoded run where it came out of one. */
  placeOf(start: number, end: number): { readonly start: number; readonly end: number };
};

/** Pieces that were replaced in place: where in the decoded text, where in the given one. In order. */
export type Replaced = {
  readonly out: number[];
  readonly outEnd: number[];
  readonly at: number[];
  readonly end: number[];
};

/** Maps a place in the decoded text to the given one; of a replaced piece its beginning or its end. */
export function placeThrough(
  { out, outEnd, at, end }: Replaced,
  place: { readonly start: number; readonly end: number },
): { start: number; end: number } {
  const lastBefore = (position: number): number => {
    let low = 0;
    let high = out.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((out[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const first = lastBefore(place.start);
  const start =
    first < 0
      ? place.start
      : place.start < (outEnd[first] ?? 0)
        ? (at[first] ?? 0)
        : (end[first] ?? 0) + place.start - (outEnd[first] ?? 0);
  const last = lastBefore(place.end - 1);
  const finish = last < 0 ? place.end : (end[last] ?? 0) + Math.max(0, place.end - (outEnd[last] ?? 0));
  return { start, end: finish };
}

/** A list taller than any element may be, shown through a track that is not. All lengths in CSS pixels. */
export type ScrollFrame = {
  /** Height of all rows together. */
  readonly total: number;
  /** Height of what is seen at once. */
  readonly view: number;
};

/** What is at the upper edge of the view, and where the scroll bar stands. The two agree when the list is at rest. */
export type ScrollPlace = { readonly top: number; readonly scrollTop: number };

/** Browsers end an element somewhere between 17 and 33 million pixels; a million rows are 36 million. */
const maxTrack = 8_000_000;

export function trackHeight({ total }: ScrollFrame): number {
  return Math.min(total, maxTrack);
}

/** Where the bar belongs when `top` is at the upper edge. */
export function restingScrollTop(frame: ScrollFrame, top: number): number {
  const longest = frame.total - frame.view;
  if (longest <= 0) return 0;
  const track = trackHeight(frame);
  if (track === frame.total) return clamp(top, longest);
  return (clamp(top, longest) / longest) * (track - frame.view);
}

/**
 * What a move of the bar shows. A short one (wheel, finger, arrow keys) goes on from row to row as in any list; a long
 * one (the bar dragged, Home, End) goes to the proportional place. Both ends are always reached.
 */
export function movedPlace(frame: ScrollFrame, before: ScrollPlace, scrollTop: number): ScrollPlace {
  const longest = Math.max(0, frame.total - frame.view);
  const track = trackHeight(frame);
  if (track === frame.total) return { top: clamp(scrollTop, longest), scrollTop };
  const end = track - frame.view;
  const distance = scrollTop - before.scrollTop;
  const isShort = Math.abs(distance) < frame.view;
  if (isShort) {
    const top = clamp(before.top + distance, longest);
    // The bar hit its end before the rows did: the rest of the way is proportional.
    const isStuck = (scrollTop <= 0 && top > 0) || (scrollTop >= end && top < longest);
    if (!isStuck) return { top, scrollTop };
  }
  return { top: clamp((scrollTop / end) * longest, longest), scrollTop };
}

/** The first and last row in sight, and `beyond` more on either side. */
export function rowsInSight(
  { total, view }: ScrollFrame,
  top: number,
  { rowHeight, beyond }: { readonly rowHeight: number; readonly beyond: number },
): { readonly first: number; readonly last: number } {
  const count = Math.ceil(total / rowHeight);
  return {
    first: Math.max(0, Math.floor(top / rowHeight) - beyond),
    last: Math.min(count - 1, Math.floor((top + view) / rowHeight) + beyond),
  };
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(0, value), Math.max(0, most));
}

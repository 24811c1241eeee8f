import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { flushSync } from 'react-dom';
import { movedPlace, restingScrollTop, rowsInSight, trackHeight } from './scroll-place.ts';
import type { ScrollFrame, ScrollPlace } from './scroll-place.ts';

const beyond = 10;
const restsAfterMs = 140;

type InSight = {
  readonly first: number;
  readonly last: number;
  /** How far rows stand above their place in an element of full height. */
  readonly shift: number;
};

export type ScrolledRows = InSight & {
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly trackHeight: number;
  readonly isAtTop: boolean;
  readonly rowsPerView: number;
  readonly onScroll: () => void;
  /** Brings a row into sight, by the shortest way. */
  readonly show: (row: number) => void;
};

/** Any number of rows of one height in one scrolled element: only those in sight exist, and any place is one drag away. */
export function useScrolledRows(options: {
  readonly count: number;
  readonly rowHeight: number;
  /** Of what stays at the upper edge of the element. */
  readonly headHeight: number;
}): ScrolledRows {
  const { count, rowHeight, headHeight } = options;
  const frame = useRef<HTMLDivElement>(null);
  const place = useRef<ScrollPlace>({ top: 0, scrollTop: 0 });
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [view, setView] = useState(600);
  const [isAtTop, setAtTop] = useState(true);
  const [inSight, setInSight] = useState<InSight>({ first: 0, last: 30, shift: 0 });

  const measured = useCallback(
    (): ScrollFrame => ({
      total: count * rowHeight,
      view: Math.max(rowHeight, (frame.current?.clientHeight ?? 600) - headHeight),
    }),
    [count, rowHeight, headHeight],
  );
  const draw = useCallback(
    (next: ScrollPlace): void => {
      place.current = next;
      const rows = rowsInSight(measured(), next.top, { rowHeight, beyond });
      const shift = Math.round(next.top - next.scrollTop);
      setInSight((before) =>
        before.first === rows.first && before.last === rows.last && before.shift === shift
          ? before
          : { ...rows, shift },
      );
      setAtTop(next.top < rowHeight);
    },
    [measured, rowHeight],
  );
  const moveTo = useCallback(
    (top: number, scrollTop: number): void => {
      const element = frame.current;
      if (element === null) return;
      element.scrollTop = scrollTop;
      // As the browser rounds it: the event this sets off then moves nothing.
      draw({ top, scrollTop: element.scrollTop });
    },
    [draw],
  );

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setView(element.clientHeight - headHeight));
    observer.observe(element);
    return () => {
      observer.disconnect();
      clearTimeout(rest.current);
    };
  }, [headHeight]);

  // More or fewer rows, or another height of the window: what was at the upper edge stays there.
  useLayoutEffect(() => {
    const sizes = measured();
    const top = Math.min(place.current.top, Math.max(0, sizes.total - sizes.view));
    moveTo(top, restingScrollTop(sizes, top));
  }, [measured, moveTo, view]);

  const onScroll = useCallback((): void => {
    const element = frame.current;
    if (element === null) return;
    draw(movedPlace(measured(), place.current, element.scrollTop));
    clearTimeout(rest.current);
    rest.current = setTimeout(() => {
      const { top, scrollTop } = place.current;
      const resting = restingScrollTop(measured(), top);
      // Bar and rows move in the same frame, or the rows would be seen to jump.
      if (Math.abs(resting - scrollTop) > 1) flushSync(() => moveTo(top, resting));
    }, restsAfterMs);
  }, [draw, measured, moveTo]);

  const show = useCallback(
    (row: number): void => {
      const sizes = measured();
      const { top, scrollTop } = place.current;
      const start = row * rowHeight;
      const wanted = start < top ? start : start + rowHeight > top + sizes.view ? start + rowHeight - sizes.view : top;
      if (wanted === top) return;
      const isNear = Math.abs(wanted - top) < sizes.view;
      moveTo(wanted, isNear ? Math.max(0, scrollTop + wanted - top) : restingScrollTop(sizes, wanted));
    },
    [measured, moveTo, rowHeight],
  );

  const sizes = { total: count * rowHeight, view };
  return {
    ...inSight,
    last: Math.min(inSight.last, count - 1),
    frame,
    trackHeight: trackHeight(sizes),
    isAtTop,
    rowsPerView: Math.max(1, Math.floor(view / rowHeight)),
    onScroll,
    show,
  };
}

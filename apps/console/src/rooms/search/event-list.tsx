import { useCallback, useEffect, useLayoutEffect, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useClockChoice } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
import type { Column } from './columns.ts';
import { EventHead } from './event-head.tsx';
import { EventRow, rowId } from './event-row.tsx';
import type { PinnedFilter } from './search-queries.ts';
import { useEventRows } from './use-event-rows.ts';
import { useScrolledRows } from './use-scrolled-rows.ts';

type ListProps = {
  readonly filter: PinnedFilter;
  readonly count: number;
  readonly columns: readonly Column[];
  /** Whether times are written with their day, also today's. */
  readonly hasDates: boolean;
  readonly onColumns: (columns: readonly Column[], isDone: boolean) => void;
  readonly open: string | undefined;
  readonly onOpen: (position: string) => void;
  readonly marked: ReadonlySet<string>;
  readonly onMark: (position: string) => void;
  /** Whether the newest row is in sight. */
  readonly onTop: (isAtTop: boolean) => void;
};

const rowHeight = 36;
const headHeight = 34;

/** Millions of events scroll as ten do: only the rows in sight exist, and any place in the list is one drag away. */
export function EventList(props: ListProps) {
  const { filter, count, columns, hasDates, onColumns, open, onOpen, marked, onMark, onTop } = props;
  const [clock] = useClockChoice();
  const [current, setCurrent] = useState(0);
  const rows = useScrolledRows({ count, rowHeight, headHeight });
  const { first, last, shift, show, isAtTop } = rows;
  const { rowAt, error } = useEventRows(filter, { first, last, count });
  useEffect(() => onTop(isAtTop), [onTop, isAtTop]);

  const openRow = useCallback(
    (row: number, position: string): void => {
      setCurrent(row);
      onOpen(position);
    },
    [onOpen],
  );
  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = rowFor(event.key, { current, count, page: rows.rowsPerView });
    const position = rowAt(current)?.position;
    if (to !== undefined) {
      setCurrent(to);
      show(to);
    } else if (event.target !== event.currentTarget) return;
    else if (event.key === 'Enter' && position !== undefined) onOpen(position);
    else if (event.key === 'x' && position !== undefined) onMark(position);
    else return;
    event.preventDefault();
  };
  const template = `${columns.map(({ width }) => `${width}px`).join(' ')} minmax(110px, 1fr) 32px`;
  const { frame } = rows;
  useLayoutEffect(() => frame.current?.style.setProperty('--event-columns', template), [frame, template]);
  const drawn = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  return (
    <div className="sheet flush event-sheet">
      {error === null ? null : <ProblemNotice problem={error} />}
      <div
        ref={frame}
        className="event-scroll"
        role="grid"
        tabIndex={0}
        aria-label={`Events, ${formatCount(count)}`}
        aria-rowcount={count + 1}
        aria-multiselectable="true"
        aria-activedescendant={current >= first && current <= last ? rowId(current) : undefined}
        onScroll={rows.onScroll}
        onKeyDown={onKey}
      >
        <EventHead columns={columns} onColumns={onColumns} />
        <div role="rowgroup" className="event-track" style={{ height: rows.trackHeight }}>
          {drawn.map((row) => {
            const event = rowAt(row);
            return (
              <EventRow
                key={row}
                event={event}
                hasDates={hasDates}
                row={row}
                top={row * rowHeight - shift}
                columns={columns}
                clock={clock}
                isOpen={event !== undefined && event.position === open}
                isCurrent={row === current}
                isMarked={event !== undefined && marked.has(event.position)}
                onOpen={openRow}
              />
            );
          })}
        </div>
      </div>
      <p className="event-place quiet small">
        {count === 0 ? '\u00a0' : `Row ${formatCount(Math.min(current, count - 1) + 1)} of ${formatCount(count)}`}
        <span className="hint wide-only">
          <kbd>j</kbd> <kbd>k</kbd> move · <kbd>enter</kbd> open · <kbd>x</kbd> mark · <kbd>end</kbd> oldest
        </span>
      </p>
    </div>
  );
}

/** Where a key leads to; undefined when it leads nowhere. */
function rowFor(
  key: string,
  { current, count, page }: { readonly current: number; readonly count: number; readonly page: number },
): number | undefined {
  const moves = new Map([
    ['j', current + 1],
    ['ArrowDown', current + 1],
    ['k', current - 1],
    ['ArrowUp', current - 1],
    ['PageDown', current + page],
    ['PageUp', current - page],
    ['Home', 0],
    ['End', count - 1],
  ]);
  const to = moves.get(key);
  return to === undefined ? undefined : Math.min(Math.max(0, to), Math.max(0, count - 1));
}

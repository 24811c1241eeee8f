import { memo } from 'react';
import { dayAndTime, formatTime } from '../../parts/clock-time.ts';
import type { ClockChoice } from '../../parts/clock-time.ts';
import type { ListedEvent } from '../../parts/listed-event.ts';
import { Seal } from '../../seal/seal.tsx';
import { cellText } from './columns.ts';
import type { Column } from './columns.ts';

type RowProps = {
  /** Undefined while it is fetched. */
  readonly event: ListedEvent | undefined;
  readonly row: number;
  readonly top: number;
  readonly columns: readonly Column[];
  readonly hasDates: boolean;
  readonly clock: ClockChoice;
  readonly isOpen: boolean;
  readonly isCurrent: boolean;
  readonly isMarked: boolean;
  readonly onOpen: (row: number, position: string) => void;
};

export const rowId = (row: number): string => `event-${row}`;

/** One event in one line. Drawn again only when something of it changes: scrolling draws only the rows that come in. */
export const EventRow = memo(function EventRow(props: RowProps) {
  const { event, row, top, columns, hasDates, clock, isOpen, isCurrent, isMarked, onOpen } = props;
  return (
    <div
      id={rowId(row)}
      role="row"
      className="event-row"
      aria-rowindex={row + 2}
      aria-selected={isMarked}
      aria-busy={event === undefined}
      data-open={isOpen}
      data-current={isCurrent}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => {
        if (event !== undefined) onOpen(row, event.position);
      }}
    >
      {columns.map(({ id }) => (
        <span key={id} role="gridcell" className={`event-cell event-${id}`}>
          {event === undefined ? (
            <i className="cell-shape" />
          ) : id === 'received' ? (
            <Received at={event.received} clock={clock} hasDates={hasDates} />
          ) : id === 'class' && event.synthetic ? (
            <>
              {cellText(event, id)} <span className="chip synthetic">Synthetic</span>
            </>
          ) : (
            cellText(event, id)
          )}
        </span>
      ))}
      <span role="gridcell" className="event-cell event-summary">
        {event === undefined ? <i className="cell-shape" /> : event.text}
      </span>
      <span role="gridcell" className="event-cell event-seal">
        {event === undefined ? null : <Seal position={event.position} />}
      </span>
    </div>
  );
});

/** On a phone the day stands above the time; elsewhere before it. */
function Received({ at, clock, hasDates }: { readonly at: string } & Pick<RowProps, 'clock' | 'hasDates'>) {
  const { day, time } = dayAndTime(formatTime(Date.parse(at), clock, hasDates ? 'full' : 'short'));
  return (
    <time dateTime={at} title={at}>
      {day === '' ? null : (
        <span className="event-day">
          {day}
          <span className="event-comma">, </span>
        </span>
      )}
      {time}
    </time>
  );
}

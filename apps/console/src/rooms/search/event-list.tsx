import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { KeyboardEvent } from 'react';
import { Clock } from '../../parts/clock.tsx';
import { className } from '../../parts/event-facts.ts';
import type { ListedEvent } from '../../parts/listed-event.ts';
import { Seal } from '../../seal/seal.tsx';

type ListProps = {
  readonly events: readonly ListedEvent[];
  readonly open: string | undefined;
  readonly onOpen: (position: string) => void;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly isFetching: boolean;
};

const rowHeight = 44;
const fetchAhead = 40;

/** Only the rows in sight exist, so that a million scroll as ten do. */
export function EventList({ events, open, onOpen, hasMore, onMore, isFetching }: ListProps) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isFetching && lastShown > events.length - fetchAhead) onMore();
  }, [hasMore, isFetching, lastShown, events.length, onMore]);
  const onKey = (event: KeyboardEvent<HTMLElement>, index: number, position: string): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to =
      event.key === 'j' || event.key === 'ArrowDown'
        ? index + 1
        : event.key === 'k' || event.key === 'ArrowUp'
          ? index - 1
          : undefined;
    if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(position);
    else if (to === undefined || to < 0 || to >= events.length) return;
    else {
      rows.scrollToIndex(to);
      requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
    }
    event.preventDefault();
  };
  return (
    <div className="sheet flush">
      <div ref={frame} className="event-scroll" tabIndex={0} role="group" aria-label="Events">
        <div role="list" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, start }) => {
            const event = events[index];
            if (event === undefined) return null;
            return (
              <div
                key={event.position}
                role="listitem"
                tabIndex={0}
                data-index={index}
                data-open={event.position === open}
                className="event-row"
                style={{ height: rowHeight, transform: `translateY(${start}px)` }}
                onClick={() => onOpen(event.position)}
                onKeyDown={(key) => onKey(key, index, event.position)}
              >
                <span className="quiet small event-time">
                  <Clock at={event.received} />
                </span>
                <span className="event-class">
                  {event.synthetic ? <span className="chip synthetic">Synthetic</span> : className(event.class_uid)}
                </span>
                <span className="event-host">{event.host}</span>
                <span className="event-summary">{event.text}</span>
                <Seal position={event.position} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

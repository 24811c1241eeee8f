import { eventFacts } from '../../parts/event-facts.ts';
import type { EventRow } from '../../api/queries.ts';
import type { AddressChanges } from '../../app/address.ts';
import { formatTerm } from './query-terms.ts';

const minuteMs = 60_000;
const pivots: ReadonlySet<string> = new Set(['host', 'user', 'src_ip']);

/** A timeline around an event: what else was received shortly before and after, of all or of the same host, user or address. */
export function AroundIt({
  event,
  onAround,
}: {
  readonly event: EventRow;
  readonly onAround: (changes: AddressChanges) => void;
}) {
  const atMs = Date.parse(event.received);
  const around = (minutes: number, q: string | undefined): void =>
    onAround({
      q,
      range: undefined,
      from: new Date(atMs - minutes * minuteMs).toISOString(),
      to: new Date(atMs + minutes * minuteMs + 1).toISOString(),
      open: event.position,
    });
  const facts = event.event === null ? [] : eventFacts(event).filter(({ field }) => pivots.has(field));
  return (
    <div className="row small" role="group" aria-label="Around this event">
      <span className="quiet">Five minutes around it:</span>
      <button type="button" className="chip" onClick={() => around(5, undefined)}>
        everything
      </button>
      {facts.map(({ field, label, value }) => (
        <button key={field} type="button" className="chip" onClick={() => around(5, formatTerm(field, value))}>
          same {label.toLowerCase()}
        </button>
      ))}
    </div>
  );
}

import type { ReactNode } from 'react';
import type { EventRow } from '../api/queries.ts';
import { Clock } from './clock.tsx';
import { className, classUidOf, eventFacts, isSynthetic, rawText } from './event-facts.ts';
import type { EventFact } from './event-facts.ts';

/** An event for reading: the known facts, the original as received, and all of it. */
export function EventFields({
  event,
  actions,
}: {
  readonly event: EventRow;
  readonly actions?: (fact: EventFact) => ReactNode;
}) {
  const raw = rawText(event);
  if (event.event === null) return <p className="quiet">The content was erased; its seal remains.</p>;
  return (
    <div className="stack tight">
      <div className="row">
        <span className="chip">{className(classUidOf(event))}</span>
        {isSynthetic(event) ? <span className="chip synthetic">Synthetic</span> : null}
        <span className="quiet small">
          received <Clock at={event.received} />
        </span>
      </div>
      <dl className="facts">
        {eventFacts(event).map((fact) => (
          <div key={fact.field}>
            <dt>{fact.label}</dt>
            <dd>
              {fact.value} {actions?.(fact)}
            </dd>
          </div>
        ))}
      </dl>
      {raw === undefined ? null : (
        <details className="fold">
          <summary>As received</summary>
          <pre className="raw" tabIndex={0}>
            {indented(raw)}
          </pre>
        </details>
      )}
      <details className="fold">
        <summary>Everything, normalised</summary>
        <pre className="raw" tabIndex={0}>
          {JSON.stringify({ ...event.event, raw_data: undefined }, null, 2)}
        </pre>
      </details>
    </div>
  );
}

function indented(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return raw;
  }
}

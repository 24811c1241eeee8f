import { ActionIcon } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { className, classUidOf, rawText } from '../../parts/event-facts.ts';
import { lagWords } from '../../parts/span.ts';
import { Seal } from '../../seal/seal.tsx';
import { lagOf } from './first-event.tsx';
import { SideBySide, indented } from './side-by-side.tsx';
import { newestOfSourceQuery } from './source-queries.ts';
import type { SourceDetails } from './source-queries.ts';

/** An event of it: the original beside what was read out of it. */
export function SourceSample({ source }: { readonly source: SourceDetails }) {
  const { data: events } = useQuery(newestOfSourceQuery(source));
  const [at, setAt] = useState(0);
  const event = events?.[Math.min(at, (events?.length ?? 1) - 1)];
  if (events === undefined || event === undefined) return null;
  const lagMs = lagOf(event);
  return (
    <section className="sheet" aria-labelledby="sample">
      <div className="sheet-head sample-head">
        <h2 id="sample">A sample</h2>
        <span className="quiet small">
          {className(classUidOf(event))}, received <Clock at={event.received} />
          {lagMs === undefined ? '' : `, ${lagWords(lagMs)}`}
        </span>
        <span className="row nowrap">
          <ActionIcon variant="default" aria-label="A newer one" disabled={at === 0} onClick={() => setAt(at - 1)}>
            <IconChevronLeft size={16} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            aria-label="An older one"
            disabled={at >= events.length - 1}
            onClick={() => setAt(at + 1)}
          >
            <IconChevronRight size={16} />
          </ActionIcon>
          <Link href={`/search?open=${event.position}`} className="small">
            {event.position}
          </Link>
          <Seal position={event.position} />
        </span>
      </div>
      <SideBySide
        original={
          <pre className="raw" tabIndex={0}>
            {indented(rawText(event) ?? '')}
          </pre>
        }
        normalised={
          <pre className="raw" tabIndex={0}>
            {event.event === null
              ? 'The content was erased; its seal remains.'
              : JSON.stringify({ ...event.event, raw_data: undefined }, null, 2)}
          </pre>
        }
      />
    </section>
  );
}

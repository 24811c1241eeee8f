import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { eventQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { eventSummary } from '../../parts/event-facts.ts';
import { printable } from '../../parts/printable.ts';
import { Seal } from '../../seal/seal.tsx';
import { signInFailure } from './sign-in-failure.ts';

/** One of the events a correlation rests on, in a line. */
export function RelatedEvent({ position }: { readonly position: string }) {
  const { data } = useQuery(eventQuery(position));
  const failed = data === undefined ? undefined : signInFailure(data.event);
  const line =
    failed === undefined ? (data === undefined ? '' : eventSummary(data)) : `${failed.name}: ${failed.reason}`;
  return (
    <li>
      <span className="line-main">
        <Link href={`/search?open=${position}`}>{position}</Link> <span className="small">{printable(line)}</span>
      </span>
      <span className="quiet small">{data === undefined ? null : <Clock at={data.received} />}</span>
      <Seal position={position} />
    </li>
  );
}

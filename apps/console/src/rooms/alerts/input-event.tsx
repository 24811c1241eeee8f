import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { eventQuery } from '../../api/queries.ts';
import { EventFields } from '../../parts/event-fields.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Seal } from '../../seal/seal.tsx';

/** The event the rule matched, with its own seal. */
export function InputEvent({ position }: { readonly position: string }) {
  const { data, error, refetch } = useQuery(eventQuery(position));
  return (
    <section aria-labelledby="input">
      <div className="row spread">
        <h3 id="input">
          The event <span className="quiet">{position}</span>
        </h3>
        <span className="row">
          <Seal position={position} />
          <Link href={`/search?open=${position}`} className="small">
            Open in search
          </Link>
        </span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[120]} /> : null}
      {data === undefined ? null : <EventFields event={data} />}
    </section>
  );
}

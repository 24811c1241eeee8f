import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { EventRow } from '../../api/queries.ts';
import { EventFields } from '../../parts/event-fields.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { lagWords } from '../../parts/span.ts';
import { sourceTerms } from '../../parts/source-address.ts';
import type { SourceName } from '../../parts/source-address.ts';
import { Seal } from '../../seal/seal.tsx';

/** An event of a source as it was understood, once search has it. */
export function FirstEvent({ source, sort }: { readonly source: SourceName; readonly sort: 'oldest' | 'newest' }) {
  const { data, error } = useQuery({
    queryKey: ['first-event', source.key_id, source.name, sort],
    queryFn: async ({ signal }): Promise<EventRow | null> => {
      const { events } = await call('GET /v1/events', { query: { q: sourceTerms(source), sort, limit: 1 }, signal });
      return events[0] ?? null;
    },
    refetchInterval: ({ state }) => (state.data === undefined || state.data === null ? 1000 : false),
  });
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined || data === null) return <Loading heights={[120]} label="Waiting for search to have it" />;
  const lagMs = lagOf(data);
  return (
    <div className="first-event">
      <div className="row spread">
        <h3>{sort === 'oldest' ? 'The first event' : 'The newest event'}</h3>
        <Seal position={data.position} />
      </div>
      {lagMs === undefined ? null : <p className="quiet small">Its time is {lagWords(lagMs)}.</p>}
      <EventFields event={data} />
    </div>
  );
}

/** From the time the event claims to when it was received; undefined when it claims none. */
export function lagOf({ event, received }: EventRow): number | undefined {
  const time = new Map<string, unknown>(Object.entries(event ?? {})).get('time');
  return typeof time === 'number' ? Date.parse(received) - time : undefined;
}

import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Notice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { searchAddress, sourceAddress, sourceTerms } from '../../parts/source-address.ts';
import { unreadRemedy, unreadWords } from '../../parts/unread-words.ts';
import { listenerOwners } from './prepared.ts';
import type { Expected } from './prepared.ts';
import { FirstEvent } from './first-event.tsx';
import { LastRefusal, ListenerRefusals, RequestRefusals } from './refusals.tsx';
import { LabelForm } from './label-form.tsx';
import { sourcesOfQuery } from './source-queries.ts';
import type { SourceRow } from './source-queries.ts';

const lookEveryMs = 1000;

/** Looks every second until something came, or says why nothing could. */
export function WaitForFirst({ me, expected }: { readonly me: Me; readonly expected: Expected }) {
  const { data: sources = [] } = useQuery({
    ...sourcesOfQuery(expected.kind === 'key' ? [expected.keyId] : listenerOwners),
    refetchInterval: lookEveryMs,
  });
  const heard = sources.find((source) => isHeard(source, expected));
  return (
    <section className="wait" data-heard={heard !== undefined} aria-label="The first event">
      <div role="status" className="wait-head">
        {heard === undefined ? (
          <>
            <span className="wait-pulse" aria-hidden="true" />
            <span>
              <strong>Waiting for the first event…</strong>
              <span className="quiet small">
                This page sees it within a second or two. It may be left: nothing is missed.
              </span>
            </span>
          </>
        ) : (
          <>
            <IconCircleCheck size={28} stroke={1.5} className="good" aria-hidden="true" />
            <span>
              <strong>Received</strong>
              <span className="quiet small">
                {plural(heard.accepted, 'event')} from {printable(heard.name)} so far
              </span>
            </span>
          </>
        )}
      </div>
      {heard === undefined ? (
        expected.kind === 'key' ? (
          <>
            {sources.map((source) => (
              <LastRefusal key={source.name} source={source} />
            ))}
            <RequestRefusals me={me} sinceMs={expected.sinceMs} />
          </>
        ) : (
          <ListenerRefusals before={expected.refusedBefore} />
        )
      ) : (
        <Heard
          source={heard}
          sort={expected.kind === 'key' ? 'oldest' : 'newest'}
          mayLabel={expected.kind === 'listener' && may(me, 'sources:manage')}
        />
      )}
    </section>
  );
}

/** Syslog senders go by their address: a name reads better. */
function Heard({
  source,
  sort,
  mayLabel,
}: {
  readonly source: SourceRow;
  readonly sort: 'oldest' | 'newest';
  readonly mayLabel: boolean;
}) {
  const unread = Object.entries(source.kept_raw);
  return (
    <>
      {unread.map(([reason, count]) => (
        <Notice key={reason} tone="warn" title={`${plural(count, 'event')} could not be read: ${unreadWords(reason)}`}>
          <p>Nothing is lost: it stands as received and is found by words. {unreadRemedy(reason)}</p>
        </Notice>
      ))}
      <FirstEvent source={source} sort={sort} />
      {mayLabel ? <LabelForm source={source} /> : null}
      <p className="row">
        <Link href={searchAddress(sourceTerms(source))}>Search its events</Link>
        <Link href={sourceAddress(source)}>Page of the source</Link>
      </p>
    </>
  );
}

/** Nothing here goes by a clock: that of this browser is not the server's. */
function isHeard(source: SourceRow, expected: Expected): boolean {
  if (source.accepted === 0) return false;
  return expected.kind === 'key' || source.accepted > (expected.acceptedBefore.get(sourceAddress(source)) ?? 0);
}

import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { Suppressions } from '../settings/suppressions.tsx';
import { AlertFilters, useAlertFilter } from './alert-filters.tsx';
import { AlertList } from './alert-list.tsx';
import { AlertPanel } from './alert-panel.tsx';
import { alertsQuery } from './alerts-query.ts';
import { Link } from 'wouter';

/** What needs a person, and for each one why. */
export function AlertsRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const filter = useAlertFilter();
  const isUnfiltered = Object.values(filter).every((part) => part === undefined);
  const after = get('after');
  const open = get('open');
  const { data, error, refetch } = useQuery(alertsQuery({ ...filter, after }));
  return (
    <div className="room-inner">
      <RoomHead
        title="Alerts"
        lead={
          <span className="hint">
            A rule matched an event. <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens, <kbd>x</kbd> selects,{' '}
            <kbd>Shift x</kbd> all up to here. <Link href="/rules">What the rules are worth</Link>
          </span>
        }
      >
        <AlertFilters filter={filter} />
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      <div className="with-panel" data-open={open !== undefined}>
        <div className="stack">
          {filter.state === 'suppressed' ? (
            <>
              <p className="quiet small">
                What suppressed rules found since they fell silent. Alerts from before stay where they are.
              </p>
              <Suppressions canChange={may(me, 'alerts:write')} />
            </>
          ) : null}
          {data === undefined && error === null ? <Loading heights={[52, 52, 52, 52, 52]} /> : null}
          {data?.alerts.length === 0 ? (
            <div className="sheet">
              <EmptyRoom
                title={isUnfiltered ? 'No alert yet' : 'None of these'}
                action={<Link href="/">Try it from the overview</Link>}
              >
                {filter.state === 'suppressed'
                  ? 'Suppressed rules have found nothing since. Nothing is lost: it would stand here.'
                  : isUnfiltered
                    ? 'When a rule matches an event, it appears here with the reason, the event and its seal.'
                    : 'No alert fits the filter above.'}
              </EmptyRoom>
            </div>
          ) : null}
          {data === undefined || data.alerts.length === 0 ? null : (
            <AlertList
              me={me}
              alerts={data.alerts}
              open={open}
              onOpen={(id) => change({ open: id }, { replace: open !== undefined })}
            />
          )}
          <div className="row">
            {after === undefined ? null : (
              <button type="button" className="plain-button" onClick={() => change({ after: undefined })}>
                {filter.sort === 'newest' ? 'Newest' : 'From the top'}
              </button>
            )}
            {data?.next === undefined ? null : (
              <button type="button" className="plain-button" onClick={() => change({ after: data.next })}>
                {filter.sort === 'newest' ? 'Older' : 'Further'}
              </button>
            )}
          </div>
        </div>
        {open === undefined ? null : (
          <AlertPanel key={open} id={open} me={me} onClose={() => change({ open: undefined })} />
        )}
      </div>
    </div>
  );
}

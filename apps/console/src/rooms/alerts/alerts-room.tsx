import { NativeSelect, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AlertState, Level, Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { levelsFromTop } from '../../parts/level.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { AlertList } from './alert-list.tsx';
import { AlertPanel } from './alert-panel.tsx';
import { alertsQuery } from './alerts-query.ts';
import { Link } from 'wouter';

const states: readonly { readonly value: AlertState | 'all'; readonly label: string }[] = [
  { value: 'new', label: 'New' },
  { value: 'acknowledged', label: 'Taken' },
  { value: 'closed', label: 'Closed' },
  { value: 'suppressed', label: 'Suppressed' },
  { value: 'all', label: 'All' },
];

/** What needs a person, and for each one why. */
export function AlertsRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const state = states.find(({ value }) => value === get('state'))?.value ?? 'all';
  const level = levelsFromTop.find((known) => known === get('level'));
  const after = get('after');
  const open = get('open');
  const { data, error, refetch, isFetching } = useQuery(
    alertsQuery({ state: state === 'all' ? undefined : state, level, after }),
  );
  return (
    <div className="room-inner">
      <RoomHead
        title="Alerts"
        lead={
          <span className="hint">
            A rule matched an event. <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens, <kbd>x</kbd> selects.
          </span>
        }
      >
        <div className="row">
          <SegmentedControl
            aria-label="State"
            value={state}
            data={states.map((entry) => ({ ...entry }))}
            onChange={(value) => change({ state: value === 'all' ? undefined : value, after: undefined })}
          />
          <LevelSelect level={level} onChange={(value) => change({ level: value, after: undefined })} />
        </div>
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      <div className="with-panel" data-open={open !== undefined}>
        <div className="stack">
          {data === undefined && error === null ? <Loading heights={[52, 52, 52, 52, 52]} /> : null}
          {data?.alerts.length === 0 ? (
            <div className="sheet">
              <EmptyRoom
                title={state === 'all' && level === undefined ? 'No alert yet' : 'None of these'}
                action={<Link href="/">Try it from the overview</Link>}
              >
                {state === 'all' && level === undefined
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
              isStale={isFetching}
            />
          )}
          <div className="row">
            {after === undefined ? null : (
              <button type="button" className="plain-button" onClick={() => change({ after: undefined })}>
                Newest
              </button>
            )}
            {data?.next === undefined ? null : (
              <button type="button" className="plain-button" onClick={() => change({ after: data.next })}>
                Older
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

function LevelSelect({
  level,
  onChange,
}: {
  readonly level: Level | undefined;
  readonly onChange: (level: string | undefined) => void;
}) {
  return (
    <NativeSelect
      aria-label="Level"
      value={level ?? ''}
      onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
      data={[
        { value: '', label: 'Any level' },
        ...levelsFromTop.slice(0, -1).map((value) => ({
          value,
          label: value === 'critical' ? 'Critical' : `${value.charAt(0).toUpperCase()}${value.slice(1)} and above`,
        })),
      ]}
    />
  );
}

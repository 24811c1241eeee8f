import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { RoomHead } from '../../../parts/room-head.tsx';
import { AskDialog } from './ask-dialog.tsx';
import { BreakGlassSection } from './break-glass-section.tsx';
import { PrivilegeRules } from './privilege-rules.tsx';
import { optionsQuery, requestsQuery, standingQuery } from './privileges-query.ts';
import type { RequestView } from './privileges-query.ts';
import { RequestList } from './request-list.tsx';
import { RequestPanel } from './request-panel.tsx';

const views: readonly {
  readonly id: RequestView | 'rules' | 'break-glass';
  readonly name: string;
  readonly needs?: string;
}[] = [
  { id: 'mine', name: 'Yours' },
  { id: 'inbox', name: 'For you to decide' },
  { id: 'all', name: 'Everybody’s', needs: 'users:read' },
  { id: 'break-glass', name: 'Break-glass', needs: 'users:read' },
  { id: 'rules', name: 'Rules', needs: 'users:read' },
];

const empty: Readonly<Record<RequestView, string>> = {
  mine: 'You have asked for nothing. What you may not do with your own roles you can ask for here, for a time and with a reason.',
  inbox: 'Nothing waits for you. What others ask for and you may approve comes here, and later what is to be reviewed.',
  all: 'Nobody has asked for a right yet.',
};

const nothingToAsk = 'There is no right you may ask for: your roles have all there is for them.';

/** Rights beyond one's own: asked for, approved, held for a time, and looked at afterwards. */
export function RequestsPage({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const standing = useQuery(standingQuery);
  const waiting = (standing.data?.waiting ?? 0) + (standing.data?.reviews ?? 0);
  const shown = views.filter(({ needs }) => needs === undefined || may(me, needs));
  const view =
    shown.find(({ id }) => id === get('view'))?.id ?? (waiting > 0 && get('view') === undefined ? 'inbox' : 'mine');
  const selected = get('request');
  const options = useQuery(optionsQuery());
  // Whoever holds a role at a site may ask for more there.
  const canAsk = (options.data?.options.length ?? 0) > 0 || me.user.site_roles.length > 0;
  return (
    <div className="room-inner">
      <RoomHead
        title="Requests"
        lead="Rights beyond your own, for a time: somebody else approves, all of it is recorded, and it is over by itself."
      >
        {canAsk ? <Button onClick={() => change({ ask: '1' })}>Ask for a right</Button> : null}
      </RoomHead>
      <div className="privilege-views" role="group" aria-label="What to show">
        {shown.map(({ id, name }) => (
          <button
            key={id}
            type="button"
            aria-pressed={id === view}
            onClick={() => change({ view: id, request: undefined })}
          >
            {name}
            {id === 'inbox' && waiting > 0 ? ` (${waiting})` : ''}
          </button>
        ))}
      </div>
      {view === 'rules' ? <PrivilegeRules canChange={may(me, 'settings:manage')} /> : null}
      {view === 'break-glass' ? <BreakGlassSection canManage={may(me, 'users:manage')} /> : null}
      {view === 'rules' || view === 'break-glass' ? null : (
        <div className="with-panel" data-open={selected !== undefined}>
          <Requests
            view={view}
            canAsk={canAsk}
            mine={me.user.id}
            selected={selected}
            onOpen={(id) => change({ view, request: id })}
          />
          {selected === undefined ? null : (
            <RequestPanel
              key={selected}
              id={selected}
              mine={me.user.id}
              canEnd={may(me, 'users:manage')}
              onClose={() => change({ request: undefined })}
            />
          )}
        </div>
      )}
      {get('ask') === undefined ? null : (
        <AskDialog action={get('for')} onClose={() => change({ ask: undefined, for: undefined }, { replace: true })} />
      )}
    </div>
  );
}

function Requests({
  view,
  canAsk,
  mine,
  selected,
  onOpen,
}: {
  readonly view: RequestView;
  readonly canAsk: boolean;
  readonly mine: string;
  readonly selected: string | undefined;
  readonly onOpen: (id: string) => void;
}) {
  const { data, error, refetch, dataUpdatedAt } = useQuery(requestsQuery(view));
  return (
    <section className="sheet flush" aria-label="Requests">
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[56, 56]} /> : null}
      {data === undefined ? null : (
        <RequestList
          requests={data.requests}
          saidAtMs={dataUpdatedAt}
          mine={mine}
          selected={selected}
          onOpen={onOpen}
          empty={view === 'mine' && !canAsk ? nothingToAsk : empty[view]}
        />
      )}
    </section>
  );
}

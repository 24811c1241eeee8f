import { SegmentedControl } from '@mantine/core';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { AuditTrail } from './audit-trail.tsx';
import { InviteForm } from './invite-form.tsx';
import { SessionRules } from './sessions/session-rules.tsx';
import { Sessions } from './sessions/sessions.tsx';
import { Users } from './users.tsx';

/** Who may do what, who is in now, and what everybody did. */
export function PeopleRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const tabs = [
    ...(may(me, 'users:read') ? [{ value: 'users', label: 'Users' }] : []),
    { value: 'sessions', label: 'Sessions' },
    ...(may(me, 'audit:read') ? [{ value: 'audit', label: 'Audit trail' }] : []),
  ];
  const tab = tabs.find(({ value }) => value === get('tab'))?.value ?? tabs[0]?.value ?? 'sessions';
  return (
    <div className="room-inner">
      <RoomHead title="People & access" lead="Who may do what, who is in now, and what everybody did.">
        <SegmentedControl
          aria-label="What to show"
          value={tab}
          data={tabs}
          onChange={(value) => change({ tab: value })}
        />
      </RoomHead>
      {tab === 'users' ? <Users me={me} /> : null}
      {tab === 'users' && may(me, 'users:manage') ? (
        <section className="sheet" aria-labelledby="invite">
          <h2 id="invite">Invite someone</h2>
          <InviteForm />
        </section>
      ) : null}
      {tab === 'sessions' ? <Sessions whose={may(me, 'users:manage') ? 'all' : 'own'} /> : null}
      {tab === 'sessions' && may(me, 'settings:read') ? <SessionRules canChange={may(me, 'settings:manage')} /> : null}
      {tab === 'audit' ? <AuditTrail /> : null}
    </div>
  );
}

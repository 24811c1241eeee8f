import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { Classes } from './classes.tsx';
import { destructionsQuery } from './destructions-query.ts';
import { Erasures } from './erasures.tsx';
import { Holds } from './holds.tsx';
import { isEnded } from './intent-words.ts';
import { PersonalData } from './about-people.tsx';
import { retentionQuery } from './retention-query.ts';

/** How long what is kept, what must not be destroyed, and what was: everything that ends here ends by two people or by a clock they agreed on. */
export function RetentionRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const retention = useQuery(retentionQuery);
  const destructions = useQuery(destructionsQuery);
  const users = useQuery({ ...usersQuery, enabled: may(me, 'users:read') });
  const names = new Map(users.data?.users.map(({ id, name }) => [id, name]));
  const canManage = may(me, 'vault:manage');
  const waiting = (destructions.data?.intents ?? []).filter((intent) => !isEnded(intent)).length;
  const tabs = [
    { value: 'classes', label: 'Classes' },
    { value: 'erasures', label: waiting === 0 ? 'Erasures' : `Erasures (${waiting})` },
    { value: 'holds', label: 'Holds' },
    ...(may(me, 'personal:read') ? [{ value: 'people', label: 'Personal data' }] : []),
  ];
  const tab = tabs.find(({ value }) => value === get('tab'))?.value ?? 'classes';
  const openIntent = (id: string): void => change({ tab: 'erasures', open: id });
  const shown = tab === 'classes' ? retention : tab === 'people' ? undefined : destructions;
  return (
    <div className="room-inner">
      <RoomHead
        title="Retention"
        lead="How long everything is kept, what must not be destroyed, and what was. One person alone destroys nothing."
      >
        <SegmentedControl
          aria-label="What to show"
          value={tab}
          data={tabs}
          onChange={(value) => change({ tab: value, open: undefined })}
        />
      </RoomHead>
      {shown === undefined || shown.error === null ? null : (
        <ProblemNotice problem={shown.error} retry={() => void shown.refetch()} />
      )}
      {shown !== undefined && shown.data === undefined && shown.error === null ? (
        <Loading heights={[320, 180]} />
      ) : null}
      {tab === 'classes' && retention.data !== undefined ? (
        <Classes retention={retention.data} canManage={canManage} onOpenIntent={openIntent} />
      ) : null}
      {tab === 'erasures' && destructions.data !== undefined ? (
        <Erasures
          overview={destructions.data}
          names={names}
          userId={me.user.id}
          canManage={canManage}
          withOffSite={may(me, 'ledger:read')}
        />
      ) : null}
      {tab === 'people' ? <PersonalData me={me} onOpenIntent={openIntent} /> : null}
      {tab === 'holds' && destructions.data !== undefined ? (
        <Holds overview={destructions.data} names={names} canManage={canManage} onOpenIntent={openIntent} />
      ) : null}
    </div>
  );
}

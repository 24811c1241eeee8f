import { SegmentedControl } from '@mantine/core';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { may } from '../../../app/rooms.ts';
import { BundledPolicies } from './bundled-policies.tsx';
import { PolicyDocument } from './policy-document.tsx';
import { PolicyList } from './policy-list.tsx';
import { PastRefusal } from './past-refusal.tsx';
import { PolicyMatrix } from './policy-matrix.tsx';
import { PolicyReplay } from './policy-replay.tsx';
import { WhyForm } from './why-form.tsx';

const tabs = [
  { value: 'own', label: 'Yours' },
  { value: 'matrix', label: 'Who may what' },
  { value: 'why', label: 'Why?' },
  { value: 'bundled', label: 'Built in' },
] as const;

/** Who may what here, why, and the policies that say so. */
export function PolicyRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const document = get('document');
  const tab = tabs.find(({ value }) => value === get('tab'))?.value ?? 'own';
  // Who came by a link to a refusal wants that first.
  const isAboutThen = get('decision') !== undefined;
  const past = may(me, 'audit:read') ? <PastRefusal key={get('decision')} /> : null;
  if (document !== undefined) return <PolicyDocument key={document} me={me} id={document} />;
  return (
    <div className="room-inner">
      <RoomHead
        title="Policy"
        lead="Who may do what. Some policies are built in and always stand; yours come on top, in versions that are tried before they hold."
      >
        <SegmentedControl
          aria-label="Part of the page"
          value={tab}
          data={[...tabs]}
          onChange={(value) => change({ tab: value === 'own' ? undefined : value })}
        />
      </RoomHead>
      {tab === 'own' ? (
        <div className="stack">
          <PolicyList me={me} />
          {may(me, 'audit:read') ? <PolicyReplay /> : null}
        </div>
      ) : null}
      {tab === 'matrix' ? <PolicyMatrix /> : null}
      {tab === 'why' ? (
        <div className="stack">
          {isAboutThen ? past : null}
          <WhyForm />
          {isAboutThen ? null : past}
        </div>
      ) : null}
      {tab === 'bundled' ? <BundledPolicies /> : null}
    </div>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Redirect, useLocation } from 'wouter';
import { sessionQuery, setupQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { Alone } from '../../parts/alone.tsx';
import { RecoveryCodes } from '../../parts/recovery-codes.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SecondFactor } from '../../parts/second-factor.tsx';
import type { Enrolled } from '../../parts/second-factor.tsx';
import { AdministratorForm } from './administrator-form.tsx';
import { GuidedPath } from './guided-path.tsx';
import { NoToken } from './no-token.tsx';
import { Steps } from './steps.tsx';

/** From the printed link to a signed-in administrator, then a path that may be left at any point. */
export function SetupRoom({ needed, me }: { readonly needed: boolean; readonly me: Me | null }) {
  const queries = useQueryClient();
  const { get, change } = useAddress();
  const [, navigate] = useLocation();
  const [enrolment, setEnrolment] = useState<string>();
  const [enrolled, setEnrolled] = useState<Enrolled>();
  const token = location.hash.slice(1);

  const isGuided = me !== null && enrolled === undefined;
  if (isGuided) {
    return (
      <Alone wide>
        <Steps at={3} />
        <GuidedPath
          me={me}
          open={get('step')}
          onOpen={(step) => change({ step }, { replace: true })}
          onDone={() => navigate('/')}
        />
      </Alone>
    );
  }
  if (enrolled !== undefined) {
    return (
      <Alone>
        <Steps at={2} />
        <RoomHead title="Keep your recovery codes" />
        <RecoveryCodes
          codes={enrolled.recovery_codes}
          account={enrolled.session?.user.name ?? ''}
          onDone={() => {
            queries.setQueryData(setupQuery.queryKey, { needed: false });
            queries.setQueryData(sessionQuery.queryKey, enrolled.session ?? null);
            setEnrolled(undefined);
            navigate('/setup', { replace: true });
          }}
        />
      </Alone>
    );
  }
  if (enrolment !== undefined) {
    return (
      <Alone>
        <Steps at={1} />
        <RoomHead
          title="Add a second factor"
          lead="A password alone can be stolen. This account opens everything, so it needs something only you have."
        />
        <SecondFactor enrolment={enrolment} onEnrolled={setEnrolled} />
      </Alone>
    );
  }
  if (!needed) return <Redirect to="/" replace />;
  if (token === '') {
    return (
      <Alone>
        <NoToken />
      </Alone>
    );
  }
  return (
    <Alone>
      <Steps at={0} />
      <RoomHead
        title="Welcome. Create the administrator"
        lead="Nobody can sign in yet. This account will be able to do everything, and to invite the others."
      />
      <AdministratorForm token={token} onCreated={setEnrolment} />
    </Alone>
  );
}

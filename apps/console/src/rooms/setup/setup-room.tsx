import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Redirect, useLocation } from 'wouter';
import { sessionQuery, setupQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { Alone } from '../../parts/alone.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SignInSteps } from '../../parts/sign-in-steps.tsx';
import type { SignInAnswer } from '../../parts/sign-in-steps.tsx';
import { AdministratorForm } from './administrator-form.tsx';
import { GuidedPath } from './guided-path.tsx';
import { NoToken } from './no-token.tsx';
import { Steps } from './steps.tsx';

/** From the printed link to a signed-in administrator, then a path that may be left at any point. */
export function SetupRoom({ needed, me }: { readonly needed: boolean; readonly me: Me | null }) {
  const queries = useQueryClient();
  const { get, change } = useAddress();
  const [, navigate] = useLocation();
  const [answer, setAnswer] = useState<SignInAnswer>();
  const token = location.hash.slice(1);

  // Before the guided path: whoever is in by now still has codes to keep, which are shown this once.
  if (answer !== undefined) {
    return (
      <Alone>
        <SignInSteps
          answer={answer}
          enrolLead="A password alone can be stolen. This account opens everything, so it needs something only you have."
          backWords="Go on later, by signing in"
          above={(stage) => <Steps at={stage === 'factor' ? 1 : 2} />}
          onEntered={(entered) => {
            queries.setQueryData(setupQuery.queryKey, { needed: false });
            queries.setQueryData(sessionQuery.queryKey, entered);
            setAnswer(undefined);
            navigate('/setup', { replace: true });
          }}
          onBack={() => navigate('/sign-in', { replace: true })}
        />
      </Alone>
    );
  }
  if (me !== null) {
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
      <AdministratorForm token={token} onCreated={setAnswer} />
    </Alone>
  );
}

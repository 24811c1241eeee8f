import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { PasswordChoice } from '../../parts/password-choice.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RecoveryCodes } from '../../parts/recovery-codes.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SecondFactor } from '../../parts/second-factor.tsx';
import type { Enrolled } from '../../parts/second-factor.tsx';

/** Where an invitation's link leads: choose a password, add a second factor, keep the codes. */
export function InvitationRoom() {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [password, setPassword] = useState('');
  const [enrolled, setEnrolled] = useState<Enrolled>();
  const token = location.hash.slice(1);
  const accept = useMutation({ mutationFn: () => call('POST /v1/invitations/accept', { body: { token, password } }) });
  if (enrolled !== undefined) {
    return (
      <Alone>
        <RoomHead title="Keep your recovery codes" />
        <RecoveryCodes
          codes={enrolled.recovery_codes}
          onDone={() => {
            queries.setQueryData(sessionQuery.queryKey, enrolled.session);
            navigate('/', { replace: true });
          }}
        />
      </Alone>
    );
  }
  if (accept.data !== undefined) {
    return (
      <Alone>
        <RoomHead title="Add a second factor" lead="A password alone can be stolen." />
        <SecondFactor enrolment={accept.data.enrolment} onEnrolled={setEnrolled} />
      </Alone>
    );
  }
  return (
    <Alone>
      <RoomHead
        title="Choose a password"
        lead="Then add a second factor, and you are in. Nobody else will know the password, not even who sent you the link."
      />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          accept.mutate();
        }}
      >
        <PasswordChoice value={password} onChange={setPassword} avoid={[]} />
        {accept.error === null ? null : <ProblemNotice problem={accept.error} />}
        <Button type="submit" size="md" loading={accept.isPending} disabled={token === '' || password.length < 10}>
          Continue
        </Button>
      </form>
    </Alone>
  );
}

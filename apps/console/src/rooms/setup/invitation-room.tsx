import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PasswordChoice } from '../../parts/password-choice.tsx';
import { leastPasswordLength, lengthOf } from '../../parts/password-strength.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SignInSteps } from '../../parts/sign-in-steps.tsx';

/** Where an invitation's link leads: choose a password, add a second factor, keep the codes. */
export function InvitationRoom() {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [password, setPassword] = useState('');
  const token = location.hash.slice(1);
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: ({ signal }) => call('POST /v1/invitations/look', { body: { token }, signal }),
    enabled: token !== '',
    retry: false,
    // What is typed stays, whatever becomes of the link meanwhile: accepting it says so.
    staleTime: Infinity,
  });
  const accept = useMutation({ mutationFn: () => call('POST /v1/invitations/accept', { body: { token, password } }) });
  if (accept.data !== undefined) {
    return (
      <Alone>
        <SignInSteps
          answer={accept.data}
          enrolLead="A password alone can be stolen."
          onEntered={(me) => {
            queries.setQueryData(sessionQuery.queryKey, me);
            navigate('/', { replace: true });
          }}
          onBack={() => navigate('/', { replace: true })}
        />
      </Alone>
    );
  }
  if (token === '' || invitation.error !== null) {
    return (
      <Alone>
        <RoomHead title="This link does not work" />
        {invitation.error === null ? (
          <p>It is not whole. Copy all of it, to the last letter, or ask for a new one.</p>
        ) : (
          <ProblemNotice problem={invitation.error} retry={() => void invitation.refetch()} />
        )}
      </Alone>
    );
  }
  if (invitation.data === undefined) {
    return (
      <Alone>
        <Loading heights={[64, 120]} />
      </Alone>
    );
  }
  const { name, organization } = invitation.data;
  return (
    <Alone>
      <RoomHead title={`Welcome, ${name}`} lead={joiningWords(invitation.data)} />
      <p className="quiet">
        Choose a password, then add a second factor, and you are in. Nobody else will know the password, not even who
        sent you the link. You sign in as <strong>{name}</strong>.
      </p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          accept.mutate();
        }}
      >
        <PasswordChoice
          value={password}
          onChange={setPassword}
          avoid={organization === null ? [name] : [name, organization]}
        />
        {accept.error === null ? null : <ProblemNotice problem={accept.error} />}
        <Button type="submit" size="md" loading={accept.isPending} disabled={lengthOf(password) < leastPasswordLength}>
          Continue
        </Button>
      </form>
    </Alone>
  );
}

function joiningWords({ organization, roles, invited_by, reset }: Answer<'POST /v1/invitations/look'>): string {
  const place = organization ?? 'this server';
  const role = `as ${roles.join(', ').toLowerCase()}`;
  if (reset) return `Your account at ${place}, ${role}, was reset. You begin anew.`;
  return `You join ${place} ${role}${invited_by === null ? '' : `, invited by ${invited_by}`}.`;
}

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
import { sessionQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SignInSteps } from '../../parts/sign-in-steps.tsx';
import { TrialResult, tellTrial } from '../people/providers/trial-result.tsx';

type Came = Answer<'POST /v1/session/provider'>;

/** Whoever was told that they are signed in too often, and said which session is to go, says so once more when they come back. */
const endsOldestKey = 'sallyport.ends-oldest';

/** Where a provider sends the browser back to: hands its answer in, once, and goes on from there. */
export function ProviderReturn({ id }: { readonly id: string }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [query] = useState(() => location.search);
  const isHanded = useRef(false);
  const enter = (me: Me, to = '/'): void => {
    queries.setQueryData(sessionQuery.queryKey, me);
    navigate(to, { replace: true });
  };
  const hand = useMutation({
    mutationFn: () => {
      const endsOldest = sessionStorage.getItem(endsOldestKey) !== null;
      sessionStorage.removeItem(endsOldestKey);
      return call('POST /v1/session/provider', {
        body: { provider: id, query },
        ...(endsOldest ? { endsOldest: true } : {}),
      });
    },
    onSuccess(came) {
      if (came.trial !== undefined) tellTrial({ provider: id, trial: came.trial });
      if (came.session !== undefined) enter(came.session, came.return_to);
    },
    onError: (problem) => tellTrial({ provider: id, problem: problem.message }),
  });
  useEffect(() => {
    if (isHanded.current) return;
    isHanded.current = true;
    // The code is good once and for minutes; still, it has no business in the address bar.
    history.replaceState(null, '', location.pathname);
    hand.mutate();
  }, [hand]);
  const again = useMutation({
    mutationFn: () => call('POST /v1/session/providers/{id}', { params: { id }, body: {} }),
    onSuccess: ({ url }) => {
      sessionStorage.setItem(endsOldestKey, '1');
      location.assign(url);
    },
  });

  if (hand.data?.trial !== undefined) {
    return (
      <Alone wide>
        <RoomHead
          title={`Trial of ${hand.data.trial.provider.name}`}
          lead="Nobody was signed in. You can close this tab."
        />
        <TrialResult trial={hand.data.trial} />
      </Alone>
    );
  }
  if (hand.data?.linked !== undefined) {
    return (
      <Alone>
        <Notice tone="good" title="Linked">
          <p>
            From now on you can sign in with {hand.data.linked.provider} as {hand.data.linked.name}.
          </p>
        </Notice>
        <div>
          <Button onClick={() => navigate('/settings?tab=account', { replace: true })}>Back to your account</Button>
        </div>
      </Alone>
    );
  }
  if (hand.data !== undefined && hand.data.session === undefined)
    return <MoreNeeded came={hand.data} onEntered={(me) => enter(me, hand.data.return_to)} />;
  const isExceeded = hand.error instanceof Problem && hand.error.code === 'sessions_exceeded';
  return (
    <Alone>
      <RoomHead title={hand.error === null ? 'Signing in' : 'Not signed in'} />
      {hand.error === null ? <Loading heights={[48, 48]} /> : <ProblemNotice problem={hand.error} />}
      {again.error === null ? null : <ProblemNotice problem={again.error} />}
      {hand.error === null ? null : (
        <div className="row">
          {isExceeded ? (
            <Button loading={again.isPending || again.isSuccess} onClick={() => again.mutate()}>
              End the oldest and sign in
            </Button>
          ) : null}
          <Button variant="default" onClick={() => navigate('/', { replace: true })}>
            Other ways to sign in
          </Button>
        </div>
      )}
    </Alone>
  );
}

/** The provider’s word is not enough for what they may do here. */
function MoreNeeded({ came, onEntered }: { readonly came: Came; readonly onEntered: (me: Me) => void }) {
  const [, navigate] = useLocation();
  return (
    <Alone>
      <SignInSteps
        answer={came}
        enrolLead="For what you may do here, the provider’s word alone is not enough. This is asked of you once."
        onEntered={onEntered}
        onBack={() => navigate('/', { replace: true })}
      />
    </Alone>
  );
}

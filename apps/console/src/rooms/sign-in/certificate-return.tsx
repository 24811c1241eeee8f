import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { accountQuery, sessionQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SignInSteps } from '../../parts/sign-in-steps.tsx';
import { tellProved } from './certificate-channel.ts';

type Came = { readonly kind: string; readonly ticket: string | null; readonly problem: string | null };

/** Where the door for certificates sends the browser back to: hands in what it gave, once, and goes on from there. */
export function CertificateReturn() {
  const [came] = useState<Came>(() => {
    const given = new URLSearchParams(location.hash.slice(1));
    return { kind: given.get('for') ?? 'sign-in', ticket: given.get('ticket'), problem: given.get('problem') };
  });
  useEffect(() => {
    // It is good once and for minutes; still, it has no business in the address bar.
    history.replaceState(null, '', location.pathname);
  }, []);
  if (came.ticket === null) return <NotShown kind={came.kind} problem={came.problem ?? ''} />;
  if (came.kind === 'enrol') return <Enrolled ticket={came.ticket} />;
  if (came.kind === 'bind') return <Bound ticket={came.ticket} />;
  return came.kind === 'step-up' ? <Proved ticket={came.ticket} /> : <SignedIn ticket={came.ticket} />;
}

/** Once, when the page is there: in development React shows everything twice. */
function useHandedIn(hand: { mutate(): void }): void {
  const isHanded = useRef(false);
  useEffect(() => {
    if (isHanded.current) return;
    isHanded.current = true;
    hand.mutate();
  }, [hand]);
}

function SignedIn({ ticket }: { readonly ticket: string }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const enter = (me: Me, to: string): void => {
    queries.setQueryData(sessionQuery.queryKey, me);
    navigate(to, { replace: true });
  };
  const hand = useMutation({
    mutationFn: (): Promise<Answer<'POST /v1/session/certificate'>> =>
      call('POST /v1/session/certificate', { body: { ticket } }),
    onSuccess({ session, offer, return_to: to }) {
      if (session !== undefined && (offer?.from ?? null) === null) enter(session, to);
    },
  });
  useHandedIn(hand);
  if (hand.data !== undefined && (hand.data.session === undefined || (hand.data.offer?.from ?? null) !== null)) {
    const { return_to: to } = hand.data;
    return (
      <Alone>
        <SignInSteps
          answer={hand.data}
          enrolLead="For what you may do here, a certificate alone is not enough. This is asked of you once."
          onEntered={(me) => enter(me, to)}
          onBack={() => navigate('/', { replace: true })}
        />
      </Alone>
    );
  }
  return (
    <Alone>
      <RoomHead title={hand.error === null ? 'Signing in' : 'Not signed in'} />
      {hand.error === null ? <Loading heights={[48, 48]} /> : <ProblemNotice problem={hand.error} />}
      {hand.error === null ? null : <OtherWays />}
    </Alone>
  );
}

/** Whoever had no factor yet: it is bound, they are in, and their recovery codes are shown this once. */
function Enrolled({ ticket }: { readonly ticket: string }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const enter = (me: Me): void => {
    queries.setQueryData(sessionQuery.queryKey, me);
    navigate('/', { replace: true });
  };
  const hand = useMutation({
    mutationFn: () => call('POST /v1/enrolment/certificate', { body: { ticket } }),
    onSuccess({ session, recovery_codes: codes, offer }) {
      if (session !== undefined && codes.length === 0 && (offer?.from ?? null) === null) enter(session);
    },
  });
  useHandedIn(hand);
  if (hand.data !== undefined)
    return (
      <Alone>
        <SignInSteps answer={hand.data} onEntered={enter} onBack={() => navigate('/', { replace: true })} />
      </Alone>
    );
  return (
    <Alone>
      <RoomHead title={hand.error === null ? 'Smart card or certificate' : 'Not added'} />
      {hand.error === null ? <Loading heights={[48]} /> : <ProblemNotice problem={hand.error} />}
      {hand.error === null ? null : (
        <>
          <p className="quiet">
            Sign in with your name and password to choose another card, a passkey or an authenticator app.
          </p>
          <OtherWays />
        </>
      )}
    </Alone>
  );
}

function Bound({ ticket }: { readonly ticket: string }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const hand = useMutation({
    mutationFn: () => call('POST /v1/account/certificates', { body: { ticket }, purpose: 'bind your certificate' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: accountQuery.queryKey }),
  });
  useHandedIn(hand);
  return (
    <Alone>
      <RoomHead title={hand.error === null ? 'Smart card or certificate' : 'Not added'} />
      {hand.isSuccess ? (
        <Notice tone="good" title="Added">
          <p>From now on you can sign in with it, here and in any browser that can show it.</p>
        </Notice>
      ) : hand.error === null ? (
        <Loading heights={[48]} />
      ) : (
        <ProblemNotice problem={hand.error} />
      )}
      <div>
        <Button onClick={() => navigate('/settings?tab=account', { replace: true })}>Back to your account</Button>
      </div>
    </Alone>
  );
}

/** In a window of its own: the page that asked waits in the other. */
function Proved({ ticket }: { readonly ticket: string }) {
  const hand = useMutation({
    mutationFn: () => call('POST /v1/session/step-up/certificate', { body: { ticket } }),
    onSuccess() {
      tellProved();
      window.close();
    },
  });
  useHandedIn(hand);
  return (
    <Alone>
      <RoomHead title={hand.isSuccess ? 'Proved' : hand.error === null ? 'One moment' : 'Not proved'} />
      {hand.isSuccess ? <p>You can close this window and go on in the other.</p> : null}
      {hand.error === null ? null : (
        <>
          <ProblemNotice problem={hand.error} />
          <p className="quiet">Close this window and try again in the other.</p>
        </>
      )}
    </Alone>
  );
}

const problems: Readonly<Record<string, { readonly title: string; readonly words: string }>> = {
  'none-shown': {
    title: 'Your browser showed no certificate',
    words:
      'Is the card in the reader, and did you choose it when the browser asked? Browsers remember a “no” until all their windows are closed: close them, or use a private window, and try again.',
  },
  'not-begun-here': {
    title: 'This was not begun in this browser',
    words:
      'Or it took longer than five minutes. Start again from the sign-in page, not from a link that somebody sent.',
  },
  'too-large': { title: 'This certificate is too large', words: 'Ask whoever gave you the card.' },
};

function NotShown({ kind, problem }: { readonly kind: string; readonly problem: string }) {
  const { title, words } = problems[problem] ?? { title: 'That did not work', words: 'Start again.' };
  return (
    <Alone>
      <RoomHead title={kind === 'sign-in' ? 'Not signed in' : 'Smart card or certificate'} />
      <Notice tone="warn" title={title}>
        <p>{words}</p>
      </Notice>
      {kind === 'step-up' ? <p className="quiet">Close this window and go on in the other.</p> : <OtherWays />}
    </Alone>
  );
}

function OtherWays() {
  const [, navigate] = useLocation();
  return (
    <div>
      <Button variant="default" onClick={() => navigate('/', { replace: true })}>
        Go on
      </Button>
    </div>
  );
}

import { Button } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { call } from '../api/call.ts';
import type { Answer } from '../api/call.ts';
import { Problem } from '../api/problem.ts';
import type { Me } from '../api/queries.ts';
import { FactorStep } from '../rooms/sign-in/factor-step.tsx';
import { formatDay } from './day.ts';
import { Notice, ProblemNotice } from './notice.tsx';
import { createPasskey, passkeyRefusal, passkeysPossible } from './passkey.ts';
import { RecoveryCodes } from './recovery-codes.tsx';
import { RoomHead } from './room-head.tsx';
import { SecondFactor } from './second-factor.tsx';

/** What the server answers whoever shows something to come in: a session, or what is still missing. */
export type SignInAnswer = Answer<'POST /v1/session'> & { readonly recovery_codes?: readonly string[] };

type SignInStage = 'factor' | 'recovery-codes';

type Props = {
  readonly answer: SignInAnswer;
  readonly onEntered: (me: Me) => void;
  readonly onBack: () => void;
  /** Instead of why something is to be added. */
  readonly enrolLead?: string;
  /** Instead of “Start over”, where what came before cannot be done twice. */
  readonly backWords?: string;
  /** Above each step, where it is part of a longer way. */
  readonly above?: (stage: SignInStage) => ReactNode;
};

const reasons = {
  'no-second-factor': 'This account has none yet, and cannot be used without.',
  'stronger-required':
    'What you showed is right. For what your account may do, your organisation now asks for one that cannot be phished or guessed: add it once, and you are in.',
  'factor-lost': 'You came with a recovery code. Add a new one in place of what you lost.',
} as const;

/** From the first answer to the session, whatever comes in between; every way in goes on here. */
export function SignInSteps({ answer, onEntered, onBack, enrolLead, backWords = 'Start over', above }: Props) {
  const [current, setCurrent] = useState(answer);
  // Told once, perhaps with a step that is not the last: they are shown once somebody is in.
  const [codes, setCodes] = useState(answer.recovery_codes ?? []);
  const [hasCodes, setHasCodes] = useState(false);
  const { session, offer } = current;
  const next = (after: SignInAnswer): void => {
    const told = after.recovery_codes ?? [];
    if (told.length > 0) setCodes(told);
    if (after.session === undefined || told.length > 0 || codes.length > 0 || isPressing(after)) setCurrent(after);
    else onEntered(after.session);
  };
  if (session !== undefined && codes.length > 0 && !hasCodes) {
    return (
      <>
        {above?.('recovery-codes')}
        <RoomHead title="Keep your recovery codes" />
        <RecoveryCodes
          codes={[...codes]}
          account={session.user.name}
          onDone={() => (isPressing(current) ? setHasCodes(true) : onEntered(session))}
        />
      </>
    );
  }
  // Whoever is in goes on without a word of ours.
  if (session !== undefined && !isPressing(current)) return null;
  if (session !== undefined) return <PasskeyOffer from={offer?.from ?? null} onDone={() => onEntered(session)} />;
  if (current.enrolment !== undefined) {
    const reason = current.reason ?? 'no-second-factor';
    return (
      <>
        {above?.('factor')}
        <RoomHead
          title={reason === 'no-second-factor' ? 'Add a second factor' : 'Add a passkey'}
          lead={reason === 'no-second-factor' ? (enrolLead ?? reasons[reason]) : reasons[reason]}
        />
        <SecondFactor
          key={current.enrolment}
          enrolment={current.enrolment}
          methods={current.methods ?? ['passkey', 'totp']}
          onEnrolled={next}
        />
        <button type="button" className="plain-button" onClick={onBack}>
          {backWords}
        </button>
      </>
    );
  }
  return (
    <>
      {above?.('factor')}
      <FactorStep
        key={current.ticket}
        ticket={current.ticket ?? ''}
        methods={current.methods ?? []}
        onAnswer={next}
        onBack={onBack}
      />
    </>
  );
}

/** It will be required: now is the moment. What is only better is offered where people look after their account. */
function isPressing({ offer }: SignInAnswer): boolean {
  return offer !== undefined && offer.from !== null;
}

function PasskeyOffer({ from, onDone }: { readonly from: string | null; readonly onDone: () => void }) {
  const add = useMutation({
    mutationFn: async () => {
      const options = await call('POST /v1/account/passkeys/options', { purpose: 'add a passkey' });
      const response = await createPasskey(options);
      return call('POST /v1/account/passkeys', { body: { response, label: 'Passkey' } });
    },
    onSuccess: onDone,
  });
  return (
    <div className="stack">
      <RoomHead
        title="You will need a passkey"
        lead={
          from === null
            ? 'It signs you in with your fingerprint, face or screen lock, and cannot be phished.'
            : `From ${formatDay(from.slice(0, 10))} your organisation asks for a passkey to sign in. Add it now and nothing changes for you that day.`
        }
      />
      {passkeysPossible() ? null : (
        <Notice title="Passkeys need a name, not a number">
          <p>Open this page under a host name with HTTPS to add one.</p>
        </Notice>
      )}
      {add.error === null ? null : add.error instanceof Problem ? (
        <ProblemNotice problem={add.error} />
      ) : (
        <Notice tone="warn" title="No passkey was made">
          <p>{passkeyRefusal(add.error)}</p>
        </Notice>
      )}
      <div className="row">
        <Button
          size="md"
          loading={add.isPending}
          disabled={!passkeysPossible()}
          leftSection={<IconFingerprint size={18} aria-hidden="true" />}
          onClick={() => add.mutate()}
        >
          Add a passkey
        </Button>
        <Button size="md" variant="default" onClick={onDone}>
          Not now
        </Button>
      </div>
    </div>
  );
}

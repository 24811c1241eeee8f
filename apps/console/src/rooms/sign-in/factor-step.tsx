import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { CodeInput } from '../../parts/code-input.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { passkeysPossible, usePasskey as askPasskey } from '../../parts/passkey.ts';
import { RoomHead } from '../../parts/room-head.tsx';

type Method = 'totp' | 'passkey' | 'certificate' | 'recovery' | 'code';
type Props = {
  readonly ticket: string;
  readonly methods: readonly string[];
  readonly onAnswer: (answer: Answer<'POST /v1/session'>) => void;
  readonly onBack: () => void;
};

const otherWords: Readonly<Record<Method, string>> = {
  passkey: 'Use a passkey',
  certificate: 'Use a smart card or certificate',
  totp: 'Use the authenticator app',
  recovery: 'Use a recovery code',
  code: 'Have a code sent',
};
const known: readonly Method[] = ['passkey', 'certificate', 'totp', 'code', 'recovery'];

/** The second of the two: what the account has, the strongest first. */
export function FactorStep({ ticket, methods, onAnswer, onBack }: Props) {
  const usable = known.filter((one) => methods.includes(one) && (one !== 'passkey' || passkeysPossible()));
  const [method, setMethod] = useState<Method>(usable[0] ?? 'recovery');
  const [code, setCode] = useState('');
  const enter = useMutation({
    mutationFn: async () => {
      if (method === 'totp') return call('POST /v1/session/totp', { body: { ticket, code } });
      if (method === 'code') return call('POST /v1/session/code', { body: { ticket, code } });
      if (method === 'recovery') return call('POST /v1/session/recovery', { body: { ticket, code: code.trim() } });
      const options = await call('POST /v1/session/passkey/options', { body: { ticket } });
      return call('POST /v1/session/passkey', { body: { ticket, response: await askPasskey(options) } });
    },
    onSuccess: onAnswer,
  });
  const showCard = useMutation({
    mutationFn: () =>
      call('POST /v1/session/certificate/begin', {
        body: { ticket, return_to: `${location.pathname}${location.search}`.slice(0, 500) },
      }),
    onSuccess: ({ url }) => location.assign(url),
  });
  const send = useMutation({ mutationFn: () => call('POST /v1/session/code/send', { body: { ticket } }) });
  const isSent = send.data !== undefined;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (method === 'certificate') showCard.mutate();
        else if (method === 'code' && !isSent) send.mutate();
        else enter.mutate();
      }}
    >
      <RoomHead
        title="Second factor"
        lead={
          method === 'passkey'
            ? 'Confirm with your passkey.'
            : method === 'certificate'
              ? 'Put your card in. Your browser asks which certificate to show, and for its PIN.'
              : method === 'totp'
                ? 'The six digits your authenticator app shows now.'
                : method === 'code'
                  ? isSent
                    ? `We sent eight digits to ${send.data.sent_to}. They are good once and for ten minutes.`
                    : 'We send you eight digits. Of all factors this is the weakest: with it you cannot do what needs a proof of who you are.'
                  : usable.length === 0
                    ? 'Nothing this account has can be used here. If you have a passkey, open the console under the name you made it for; else an administrator can reset your account.'
                    : 'One of the codes you kept. It works once.'
        }
      />
      {method === 'totp' ? <CodeInput label="Code" value={code} onChange={setCode} /> : null}
      {method === 'code' && isSent ? (
        <TextInput
          label="Code"
          size="md"
          autoFocus
          autoComplete="one-time-code"
          inputMode="numeric"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      ) : null}
      {send.error === null ? null : <ProblemNotice problem={send.error} />}
      {showCard.error === null ? null : <ProblemNotice problem={showCard.error} />}
      {method === 'recovery' && usable.length > 0 ? (
        <TextInput
          label="Recovery code"
          size="md"
          autoComplete="off"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      ) : null}
      {enter.error === null || enter.error.name === 'NotAllowedError' ? null : <ProblemNotice problem={enter.error} />}
      {usable.length === 0 ? null : (
        <Button
          type="submit"
          size="md"
          loading={enter.isPending || send.isPending || showCard.isPending || showCard.isSuccess}
          disabled={(method === 'totp' && code.length !== 6) || (method === 'code' && isSent && code === '')}
        >
          {method === 'passkey'
            ? 'Use the passkey'
            : method === 'certificate'
              ? 'Show the certificate'
              : method === 'code' && !isSent
                ? 'Send the code'
                : 'Sign in'}
        </Button>
      )}
      {method === 'code' && isSent ? (
        <button type="button" className="plain-button" onClick={() => send.mutate()}>
          Send another
        </button>
      ) : null}
      <div className="row">
        {usable
          .filter((other) => other !== method)
          .map((other) => (
            <button
              key={other}
              type="button"
              className="plain-button"
              onClick={() => {
                setMethod(other);
                setCode('');
                enter.reset();
              }}
            >
              {otherWords[other]}
            </button>
          ))}
        <button type="button" className="plain-button" onClick={onBack}>
          Start over
        </button>
      </div>
    </form>
  );
}

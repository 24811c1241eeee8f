import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { CodeInput } from '../../parts/code-input.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { passkeysPossible, usePasskey as askPasskey } from '../../parts/passkey.ts';
import { RoomHead } from '../../parts/room-head.tsx';

type Method = 'totp' | 'passkey' | 'recovery';
type Props = {
  readonly ticket: string;
  readonly methods: readonly Method[];
  readonly onEntered: (me: Me) => void;
  readonly onBack: () => void;
};

const otherWords: Readonly<Record<Method, string>> = {
  passkey: 'Use a passkey',
  totp: 'Use the authenticator app',
  recovery: 'Use a recovery code',
};

/** The second of the two: what the account has, the strongest first. */
export function FactorStep({ ticket, methods, onEntered, onBack }: Props) {
  const usable = methods.filter((method) => method !== 'passkey' || passkeysPossible());
  const [method, setMethod] = useState<Method>(
    usable.includes('passkey') ? 'passkey' : usable.includes('totp') ? 'totp' : 'recovery',
  );
  const [code, setCode] = useState('');
  const enter = useMutation({
    mutationFn: async () => {
      if (method === 'totp') return call('POST /v1/session/totp', { body: { ticket, code } });
      if (method === 'recovery') return call('POST /v1/session/recovery', { body: { ticket, code: code.trim() } });
      const options = await call('POST /v1/session/passkey/options', { body: { ticket } });
      return call('POST /v1/session/passkey', { body: { ticket, response: await askPasskey(options) } });
    },
    onSuccess: ({ session }) => onEntered(session),
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        enter.mutate();
      }}
    >
      <RoomHead
        title="Second factor"
        lead={
          method === 'passkey'
            ? 'Confirm with your passkey.'
            : method === 'totp'
              ? 'The six digits your authenticator app shows now.'
              : 'One of the codes you kept. It works once.'
        }
      />
      {method === 'totp' ? <CodeInput label="Code" value={code} onChange={setCode} /> : null}
      {method === 'recovery' ? (
        <TextInput
          label="Recovery code"
          size="md"
          autoComplete="off"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      ) : null}
      {enter.error === null || enter.error.name === 'NotAllowedError' ? null : <ProblemNotice problem={enter.error} />}
      <Button type="submit" size="md" loading={enter.isPending} disabled={method === 'totp' && code.length !== 6}>
        {method === 'passkey' ? 'Use the passkey' : 'Sign in'}
      </Button>
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

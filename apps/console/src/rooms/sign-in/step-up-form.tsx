import { Button, PasswordInput } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
import { sessionQuery } from '../../api/queries.ts';
import { CodeInput } from '../../parts/code-input.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { passkeyRefusal, passkeysPossible, usePasskey as askPasskey } from '../../parts/passkey.ts';

type Props = { readonly purpose: string; readonly onProved: () => void; readonly onCancel: () => void };

/** With a passkey when there is one, else with password and code. */
export function StepUpForm({ purpose, onProved, onCancel }: Props) {
  const queries = useQueryClient();
  const [wantsPassword, setWantsPassword] = useState(false);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const choices = useQuery({
    queryKey: ['step-up'],
    queryFn: ({ signal }) => call('POST /v1/session/step-up/options', { signal }),
    gcTime: 0,
    staleTime: Infinity,
  });
  const methods = choices.data?.methods.filter((method) => method !== 'passkey' || passkeysPossible()) ?? [];
  const isPasskey = methods.includes('passkey') && !(wantsPassword && methods.includes('totp'));
  const prove = useMutation({
    mutationFn: async () => {
      if (!isPasskey) return call('POST /v1/session/step-up', { body: { password, code } });
      // A challenge is good once and for five minutes: each try has its own.
      const { passkey } = await call('POST /v1/session/step-up/options', {});
      return call('POST /v1/session/step-up', { body: { passkey: await askPasskey(passkey) } });
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
      onProved();
    },
    onError: () => setCode(''),
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        prove.mutate();
      }}
    >
      <p>
        To {purpose}, show once more who you are. It holds for ten minutes, so that nobody does this with a computer you
        left open.
      </p>
      {choices.error === null ? null : <ProblemNotice problem={choices.error} retry={() => void choices.refetch()} />}
      {choices.data === undefined && choices.error === null ? <Loading heights={[42]} /> : null}
      {choices.data !== undefined && methods.length === 0 ? (
        <Notice tone="warn" title="Your passkeys belong to another name of this server">
          <p>Open the console under the name you made them for, or sign in again with a recovery code.</p>
        </Notice>
      ) : null}
      {methods.length > 0 && !isPasskey ? (
        <>
          <PasswordInput
            label="Password"
            size="md"
            autoComplete="current-password"
            data-autofocus
            autoFocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <CodeInput label="Code of your authenticator app" value={code} onChange={setCode} />
        </>
      ) : null}
      {prove.error === null ? null : prove.error instanceof Problem ? (
        <ProblemNotice problem={prove.error} />
      ) : (
        <Notice tone="warn" title="No passkey was used">
          <p>{passkeyRefusal(prove.error)}</p>
        </Notice>
      )}
      <div className="row">
        {methods.length === 0 ? null : (
          <Button
            type="submit"
            autoFocus={isPasskey}
            loading={prove.isPending}
            disabled={!isPasskey && (password === '' || code.length !== 6)}
            leftSection={isPasskey ? <IconFingerprint size={18} aria-hidden="true" /> : undefined}
          >
            {isPasskey ? 'Use a passkey' : 'Confirm'}
          </Button>
        )}
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      {methods.length === 2 ? (
        <button
          type="button"
          className="plain-button"
          onClick={() => {
            setWantsPassword(!wantsPassword);
            prove.reset();
          }}
        >
          {isPasskey ? 'Use password and code' : 'Use a passkey'}
        </button>
      ) : null}
    </form>
  );
}

import { Button, PasswordInput } from '@mantine/core';
import { IconFingerprint, IconId } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { call } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
import { sessionQuery } from '../../api/queries.ts';
import { CodeInput } from '../../parts/code-input.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { onProved as onCardProved } from './certificate-channel.ts';
import { passkeyRefusal, passkeysPossible, usePasskey as askPasskey } from '../../parts/passkey.ts';

type Way = 'passkey' | 'certificate' | 'totp';
const wayWords: Readonly<Record<Way, string>> = {
  passkey: 'Use a passkey',
  certificate: 'Use a smart card or certificate',
  totp: 'Use password and code',
};

type Props = { readonly purpose: string; readonly onProved: () => void; readonly onCancel: () => void };

/** Why there is nothing to show, in words; `browser`: the server would take a passkey, and this browser has no use of them. */
const lackWords = {
  other_name: {
    title: 'Your passkeys belong to another name of this server',
    help: 'Open the console under the name you made them for, or sign in again with a recovery code.',
  },
  stronger_factor: {
    title: 'Your roles ask for more than your authenticator app',
    help: 'Sign in again with a recovery code, then add a passkey under Settings, Account.',
  },
  factor: {
    title: 'Your account has nothing to prove this with',
    help: 'Sign in again, and within ten minutes add an authenticator app or a passkey under Settings, Account. If that is refused too, an administrator can reset your account.',
  },
  browser: {
    title: 'This browser cannot use your passkey here',
    help: 'Use a browser that knows passkeys, and open the console over HTTPS or on this machine.',
  },
} as const;

/** With a passkey or certificate when there is one, else with password and code. */
export function StepUpForm({ purpose, onProved, onCancel }: Props) {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState<Way>();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const choices = useQuery({
    queryKey: ['step-up'],
    queryFn: ({ signal }) => call('POST /v1/session/step-up/options', { signal }),
    gcTime: 0,
    staleTime: Infinity,
  });
  const methods = choices.data?.methods.filter((method) => method !== 'passkey' || passkeysPossible()) ?? [];
  const way = wanted !== undefined && methods.includes(wanted) ? wanted : methods[0];
  const isPasskey = way === 'passkey';
  const isCard = way === 'certificate';
  const lack = choices.data?.lacks ?? 'browser';
  const succeed = (): void => {
    void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    onProved();
  };
  const prove = useMutation({
    mutationFn: async () => {
      if (!isPasskey) return call('POST /v1/session/step-up', { body: { password, code } });
      // A challenge is good once and for five minutes: each try has its own.
      const { passkey } = await call('POST /v1/session/step-up/options', {});
      return call('POST /v1/session/step-up', { body: { passkey: await askPasskey(passkey) } });
    },
    onSuccess: () => {
      succeed();
    },
    onError: () => setCode(''),
  });
  // In a window of its own: what was being done here stays as it is.
  const showCard = useMutation({
    mutationFn: () => call('POST /v1/session/step-up/certificate/begin', { body: {} }),
    onSuccess: ({ url }) => void window.open(url, '_blank', 'popup,width=520,height=640'),
  });
  useEffect(() => onCardProved(succeed));
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (isCard) showCard.mutate();
        else prove.mutate();
      }}
    >
      <p>
        To {purpose}, show once more who you are. It holds for ten minutes, so that nobody does this with a computer you
        left open.
      </p>
      {choices.error === null ? null : <ProblemNotice problem={choices.error} retry={() => void choices.refetch()} />}
      {choices.data === undefined && choices.error === null ? <Loading heights={[42]} /> : null}
      {choices.data !== undefined && methods.length === 0 ? (
        <Notice tone="warn" title={lackWords[lack].title}>
          <p>{lackWords[lack].help}</p>
        </Notice>
      ) : null}
      {isCard ? (
        <p className="quiet">
          Another window opens, where your browser asks which certificate to show, and for the PIN of the card.
          {showCard.isSuccess ? ' This one goes on by itself once that is done.' : ''}
        </p>
      ) : null}
      {showCard.error === null ? null : <ProblemNotice problem={showCard.error} />}
      {methods.length > 0 && !isPasskey && !isCard ? (
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
            autoFocus={isPasskey || isCard}
            loading={prove.isPending || showCard.isPending}
            disabled={!isPasskey && !isCard && (password === '' || code.length !== 6)}
            leftSection={
              isPasskey ? (
                <IconFingerprint size={18} aria-hidden="true" />
              ) : isCard ? (
                <IconId size={18} aria-hidden="true" />
              ) : undefined
            }
          >
            {way === undefined || way === 'totp' ? 'Confirm' : wayWords[way]}
          </Button>
        )}
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      {methods
        .filter((other) => other !== way)
        .map((other) => (
          <button
            key={other}
            type="button"
            className="plain-button"
            onClick={() => {
              setWanted(other);
              prove.reset();
            }}
          >
            {wayWords[other]}
          </button>
        ))}
    </form>
  );
}

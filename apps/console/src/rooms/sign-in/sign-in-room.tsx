import { Button, PasswordInput, TextInput } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { passkeysPossible, usePasskey as askPasskey } from '../../parts/passkey.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { SignInSteps } from '../../parts/sign-in-steps.tsx';
import { CertificateButton } from './certificate-button.tsx';
import { ProviderButtons } from './provider-buttons.tsx';

/** Password, then second factor; or a passkey alone. The address stays: after it the wanted room stands there. */
export function SignInRoom() {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const enter = (session: Me): void => void queries.setQueryData(sessionQuery.queryKey, session);
  const first = useMutation({
    mutationFn: () => call('POST /v1/session', { body: { name: name.trim(), password } }),
    onError: () => setPassword(''),
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const options = await call('POST /v1/session/passkey/options', { body: {} });
      return call('POST /v1/session/passkey', { body: { response: await askPasskey(options) } });
    },
    onSuccess: (answer) => {
      if (answer.session !== undefined && (answer.offer?.from ?? null) === null) enter(answer.session);
    },
  });
  const answer = first.data ?? passkey.data;
  if (answer !== undefined) {
    return (
      <Alone>
        <SignInSteps
          answer={answer}
          onEntered={enter}
          onBack={() => {
            first.reset();
            passkey.reset();
          }}
        />
      </Alone>
    );
  }
  return (
    <Alone>
      <RoomHead title="Sign in" />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          first.mutate();
        }}
      >
        <TextInput
          label="Name"
          size="md"
          autoComplete="username webauthn"
          autoFocus
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          size="md"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {first.error === null ? null : <ProblemNotice problem={first.error} />}
        <Button type="submit" size="md" loading={first.isPending}>
          Continue
        </Button>
        {passkeysPossible() ? (
          <Button
            variant="default"
            size="md"
            loading={passkey.isPending}
            leftSection={<IconFingerprint size={18} aria-hidden="true" />}
            onClick={() => passkey.mutate()}
          >
            Sign in with a passkey
          </Button>
        ) : null}
        <CertificateButton />
        {passkey.error === null || passkey.error.name === 'NotAllowedError' ? null : (
          <ProblemNotice problem={passkey.error} />
        )}
      </form>
      <ProviderButtons />
      <p className="small quiet">
        Lost the second factor? After the password, one of your recovery codes takes its place. Lost those too, or
        forgotten the password? An administrator can reset your account. Are you the only one? On the server itself:{' '}
        <code>./sallyport users recover NAME</code>. Nobody can come in and you hold the sealed envelopes?{' '}
        <Link href="/break-glass">Break the glass</Link>.
      </p>
    </Alone>
  );
}

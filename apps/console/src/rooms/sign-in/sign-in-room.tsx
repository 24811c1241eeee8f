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
import { RecoveryCodes } from '../../parts/recovery-codes.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { SecondFactor } from '../../parts/second-factor.tsx';
import type { Enrolled } from '../../parts/second-factor.tsx';
import { FactorStep } from './factor-step.tsx';
import { ProviderButtons } from './provider-buttons.tsx';

/** Password, then second factor; or a passkey alone. The address stays: after it the wanted room stands there. */
export function SignInRoom() {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [enrolled, setEnrolled] = useState<Enrolled>();
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
    onSuccess: ({ session }) => enter(session),
  });
  if (enrolled !== undefined) {
    return (
      <Alone>
        <RoomHead title="Keep your recovery codes" />
        <RecoveryCodes
          codes={enrolled.recovery_codes}
          account={enrolled.session.user.name}
          onDone={() => enter(enrolled.session)}
        />
      </Alone>
    );
  }
  if (first.data?.enrolment !== undefined) {
    return (
      <Alone>
        <RoomHead title="Add a second factor" lead="This account has none yet, and cannot be used without." />
        <SecondFactor enrolment={first.data.enrolment} onEnrolled={setEnrolled} />
      </Alone>
    );
  }
  if (first.data?.ticket !== undefined) {
    return (
      <Alone>
        <FactorStep
          ticket={first.data.ticket}
          methods={first.data.methods ?? []}
          onEntered={enter}
          onBack={() => first.reset()}
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
        {passkey.error === null || passkey.error.name === 'NotAllowedError' ? null : (
          <ProblemNotice problem={passkey.error} />
        )}
      </form>
      <ProviderButtons />
      <p className="small quiet">
        Lost the second factor? After the password, one of your recovery codes takes its place. Lost those too, or
        forgotten the password? An administrator can reset your account. Are you the only one? On the server itself:{' '}
        <code>./sallyport users recover NAME</code>. Nobody can come in and you hold both sealed codes?{' '}
        <Link href="/break-glass">Break the glass</Link>.
      </p>
    </Alone>
  );
}

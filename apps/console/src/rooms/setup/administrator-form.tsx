import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { PasswordChoice } from '../../parts/password-choice.tsx';
import { leastPasswordLength, lengthOf } from '../../parts/password-strength.ts';
import { ProblemNotice } from '../../parts/notice.tsx';

export function AdministratorForm({
  token,
  onCreated,
}: {
  readonly token: string;
  readonly onCreated: (answer: Answer<'POST /v1/setup/administrator'>) => void;
}) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const create = useMutation({
    mutationFn: () => call('POST /v1/setup/administrator', { body: { token, name: name.trim(), password } }),
    onSuccess: onCreated,
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <TextInput
        label="Your name"
        description="You sign in with it, and the audit trail shows it."
        size="md"
        autoComplete="username"
        autoFocus
        required
        withAsterisk={false}
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordChoice value={password} onChange={setPassword} avoid={[name]} />
      {create.error === null ? null : <ProblemNotice problem={create.error} />}
      <Button
        type="submit"
        size="md"
        loading={create.isPending}
        disabled={name.trim() === '' || lengthOf(password) < leastPasswordLength}
      >
        Create the account
      </Button>
    </form>
  );
}

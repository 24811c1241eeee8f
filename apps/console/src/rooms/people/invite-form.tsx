import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { InvitationMessage } from './invitation-message.tsx';

/** Makes a link that lets one person choose a password and a second factor. */
export function InviteForm() {
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const users = useQuery(usersQuery);
  const [role, setRole] = useState('analyst');
  const invite = useMutation({
    mutationFn: () => call('POST /v1/invitations', { body: { name: name.trim(), roles: [role] } }),
    onSuccess: () => {
      setName('');
      return queries.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
  });
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate();
      }}
    >
      <div className="row form-row">
        <TextInput
          className="grow"
          label="Their name"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label="Role"
          value={role}
          data={(users.data?.roles ?? []).map(({ id, name: roleName, words }) => ({
            value: id,
            label: `${roleName}: ${words.replace(/^\S+ /, '')}`,
          }))}
          onChange={(event) => setRole(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={invite.isPending} disabled={name.trim() === ''}>
          Make a link
        </Button>
      </div>
      {invite.error === null ? null : <ProblemNotice problem={invite.error} />}
      {invite.data === undefined ? null : (
        <>
          <CopyField value={invite.data.link} label="the invitation" />
          <p className="quiet small">
            Shown this once. Send it over a channel you trust; it works once, until{' '}
            <Clock at={invite.data.expires_at} short={false} />.
          </p>
          <InvitationMessage link={invite.data.link} />
        </>
      )}
    </form>
  );
}

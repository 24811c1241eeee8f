import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useSites } from '../../parts/use-sites.ts';
import { InvitationMessage } from './invitation-message.tsx';

/** Makes a link that lets one person choose a password and a second factor. */
export function InviteForm() {
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const users = useQuery(usersQuery);
  const [role, setRole] = useState('analyst');
  const [site, setSite] = useState('');
  const sites = useSites();
  const at = site.trim();
  const invite = useMutation({
    mutationFn: () =>
      call('POST /v1/invitations', {
        body: {
          name: name.trim(),
          ...(at === '' ? { roles: [role] } : { roles: [], site_roles: [{ role, site: at }] }),
        },
      }),
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
        <TextInput
          label="Only at a site"
          placeholder="Everywhere"
          maxLength={60}
          list="sites-of-invitations"
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
        />
        <datalist id="sites-of-invitations">
          {(sites ?? []).map((known) => (
            <option key={known} value={known} />
          ))}
        </datalist>
        <Button type="submit" variant="default" loading={invite.isPending} disabled={name.trim() === ''}>
          Make a link
        </Button>
      </div>
      {at === '' || sites === undefined || sites.includes(at) ? null : (
        <p className="quiet small">Nothing stands at “{at}” yet. Sites are compared letter by letter.</p>
      )}
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

import { Button, Modal, MultiSelect, NativeSelect, Switch, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { usersQuery } from '../../../api/queries.ts';
import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { SitesInput } from '../../../parts/sites-input.tsx';
import { isAboutSites } from '../../../parts/use-sites.ts';
import { servicesQuery } from './service-account.tsx';

/** In days; empty: no end. */
const lifetimes = [
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
] as const;
const dayMs = 86_400_000;

/** An account for a program: named, answered for by a person, and for no more than whoever makes it may do. */
export function MakeService({
  me,
  opened,
  onClose,
  onMade,
}: {
  readonly me: Me;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onMade: (id: string) => void;
}) {
  const queries = useQueryClient();
  const users = useQuery({ ...usersQuery, enabled: opened && may(me, 'users:read') });
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [owner, setOwner] = useState(me.user.id);
  const [scopes, setScopes] = useState<string[]>([]);
  const [sites, setSites] = useState<string[]>([]);
  const [days, setDays] = useState<string>('365');
  const [boundOnly, setBoundOnly] = useState(true);
  const create = useMutation({
    mutationFn: () =>
      call('POST /v1/service-accounts', {
        body: {
          name: name.trim(),
          description: description.trim(),
          ownerId: owner,
          scopes,
          boundOnly,
          ...(sites.length === 0 ? {} : { sites }),
          ...(days === '' ? {} : { expiresAtMs: Date.now() + Number(days) * dayMs }),
        },
        purpose: 'make a service account',
      }),
    async onSuccess({ id }) {
      await queries.invalidateQueries({ queryKey: servicesQuery.queryKey });
      setName('');
      setDescription('');
      setScopes([]);
      setSites([]);
      onMade(id);
    },
  });
  const active = (users.data?.users ?? []).filter(({ state }) => state === 'active');
  const owners = active.length === 0 ? [{ id: me.user.id, name: me.user.name }] : active;
  return (
    <Modal opened={opened} onClose={onClose} title="New service account">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <TextInput
          label="Name"
          description="Which program it is."
          data-autofocus
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Textarea
          label="What it is for"
          maxLength={500}
          autosize
          minRows={2}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <NativeSelect
          label="Who answers for it"
          description="It stops when they are disabled or may do less than it."
          value={owner}
          data={owners.map(({ id, name: label }) => ({ value: id, label }))}
          onChange={(event) => setOwner(event.currentTarget.value)}
        />
        <MultiSelect
          label="It may"
          description="At most what you may yourself."
          searchable
          hidePickedOptions
          data={me.permissions.filter((action) => sites.length === 0 || isAboutSites(action))}
          value={scopes}
          onChange={setScopes}
        />
        <SitesInput
          value={sites}
          onChange={(chosen) => {
            setSites(chosen);
            if (chosen.length > 0) setScopes(scopes.filter(isAboutSites));
          }}
        />
        <NativeSelect
          label="It ends"
          value={days}
          data={[...lifetimes]}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Switch
          label="Only tokens bound to a key or certificate"
          description="A copied token is then of no use. Turn it off only for programs that know neither DPoP nor client certificates."
          checked={boundOnly}
          onChange={(event) => setBoundOnly(event.currentTarget.checked)}
        />
        {create.error === null ? null : <ProblemNotice problem={create.error} />}
        <Button type="submit" loading={create.isPending} disabled={name.trim() === '' || scopes.length === 0}>
          Make the account
        </Button>
      </form>
    </Modal>
  );
}

import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Answer } from '../../api/call.ts';
import { useSites } from '../../parts/use-sites.ts';

/** Which role at which site; the sites that cameras and devices name are proposed. */
export function RoleAtSite({
  name,
  roles,
  onGive,
  onClose,
}: {
  readonly name: string;
  readonly roles: Answer<'GET /v1/users'>['roles'];
  readonly onGive: (given: { role: string; site: string }) => void;
  readonly onClose: () => void;
}) {
  const [role, setRole] = useState('guard');
  const [site, setSite] = useState('');
  const sites = useSites();
  const trimmed = site.trim();
  const isNew = trimmed !== '' && sites !== undefined && !sites.includes(trimmed);
  return (
    <Modal opened onClose={onClose} title={`A role for ${name} at a site`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (trimmed !== '') onGive({ role, site: trimmed });
        }}
      >
        <NativeSelect
          label="Role"
          value={role}
          data={roles.map(({ id, name: label }) => ({ value: id, label }))}
          onChange={({ currentTarget }) => setRole(currentTarget.value)}
        />
        <TextInput
          label="Site"
          data-autofocus
          maxLength={60}
          list="sites-there-are"
          value={site}
          onChange={({ currentTarget }) => setSite(currentTarget.value)}
        />
        <datalist id="sites-there-are">
          {(sites ?? []).map((known) => (
            <option key={known} value={known} />
          ))}
        </datalist>
        <p className="quiet small">
          {isNew
            ? `Nothing stands at “${trimmed}” yet. Sites are compared letter by letter with those of cameras and devices.`
            : 'It counts for the cameras, devices, events and alerts of this site, and for nothing else.'}
        </p>
        <Button type="submit" disabled={trimmed === ''}>
          Give the role
        </Button>
      </form>
    </Modal>
  );
}

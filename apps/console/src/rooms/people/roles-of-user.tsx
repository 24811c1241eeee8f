import { Button, CloseButton, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { Answer } from '../../api/call.ts';
import { RoleAtSite } from './role-at-site.tsx';

type Users = Answer<'GET /v1/users'>;
type User = Users['users'][number];
export type SiteRole = { readonly role: string; readonly site: string };
export type RolesChange = { readonly roles?: string[]; readonly site_roles?: { role: string; site: string }[] };

/** What somebody is everywhere, and at single sites; with `onChange` to be given and taken. */
export function RolesOfUser({
  user,
  roles,
  chosenRole,
  busy,
  onChange,
}: {
  readonly user: User;
  readonly roles: Users['roles'];
  /** Chosen, and not stored yet. */
  readonly chosenRole: string | undefined;
  readonly busy: boolean;
  readonly onChange: ((change: RolesChange, purpose: string) => void) | undefined;
}) {
  const [adding, setAdding] = useState(false);
  const nameOf = (role: string): string => roles.find(({ id }) => id === role)?.name ?? role;
  const held: readonly SiteRole[] = user.site_roles;
  const provided =
    user.provided_roles.length === 0 ? null : (
      <span className="quiet small">
        {user.provided_roles.map(nameOf).join(', ')} by the provider they sign in with
      </span>
    );
  if (onChange === undefined) {
    const everywhere = user.roles.map(nameOf);
    const own = [...everywhere, ...held.map(({ role, site }) => `${nameOf(role)} at ${site}`)].join(', ');
    return (
      <span className="stack tight">
        {own === '' && provided !== null ? null : own || 'none'}
        {provided}
      </span>
    );
  }
  const none = held.length === 0 ? [] : [{ value: '', label: 'No role everywhere' }];
  const without = (gone: SiteRole): { role: string; site: string }[] =>
    held.filter((one) => one !== gone).map(({ role, site }) => ({ role, site }));
  return (
    <div className="stack tight roles-of-user">
      <span className="row nowrap">
        <NativeSelect
          size="xs"
          aria-label={`Role of ${user.name}`}
          disabled={busy}
          value={chosenRole ?? ''}
          data={[
            ...(user.roles.length === 0 && none.length === 0 ? [{ value: '', label: 'No role here' }] : none),
            ...roles.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={({ currentTarget: { value } }) =>
            onChange(
              { roles: value === '' ? [] : [value] },
              value === ''
                ? `take the role that ${user.name} has everywhere`
                : `make ${user.name} ${withArticle(nameOf(value))}`,
            )
          }
        />
        <Button
          size="compact-xs"
          variant="subtle"
          disabled={busy}
          aria-label={`Give ${user.name} a role at a site`}
          onClick={() => setAdding(true)}
        >
          At a site…
        </Button>
      </span>
      {provided}
      {held.length === 0 ? null : (
        <ul className="row" aria-label={`Roles of ${user.name} at sites`}>
          {held.map((one) => (
            <li key={`${one.site} ${one.role}`} className="chip">
              {nameOf(one.role)} at {one.site}
              <CloseButton
                size="xs"
                disabled={busy || (held.length === 1 && user.roles.length === 0)}
                aria-label={`Take ${nameOf(one.role)} at ${one.site} from ${user.name}`}
                onClick={() =>
                  onChange({ site_roles: without(one) }, `take ${nameOf(one.role)} at ${one.site} from ${user.name}`)
                }
              />
            </li>
          ))}
        </ul>
      )}
      {adding ? (
        <RoleAtSite
          name={user.name}
          roles={roles}
          onClose={() => setAdding(false)}
          onGive={(given) => {
            setAdding(false);
            const kept = held.filter(({ role, site }) => role !== given.role || site !== given.site);
            onChange(
              { site_roles: [...kept.map(({ role, site }) => ({ role, site })), given] },
              `make ${user.name} ${withArticle(nameOf(given.role))} at ${given.site}`,
            );
          }}
        />
      ) : null}
    </div>
  );
}

function withArticle(name: string): string {
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

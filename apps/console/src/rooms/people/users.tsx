import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { authoritiesQuery } from './certificates/authorities-query.ts';
import { CardsOfUser } from './cards-of-user.tsx';
import { DisableUser } from './disable-user.tsx';
import { ResetUser } from './reset-user.tsx';
import { RolesOfUser } from './roles-of-user.tsx';

type User = Answer<'GET /v1/users'>['users'][number];

const stateWords = {
  invited: 'Has a link',
  enrolling: 'No second factor yet',
  active: '',
  disabled: 'Disabled',
} as const;

const factorWords: Readonly<Record<string, string>> = { totp: 'app', passkey: 'passkey', certificate: 'certificate' };

type UserChange = {
  readonly id: string;
  /** To go after “to”, where a proof of who asks is needed. */
  readonly purpose: string;
  readonly roles?: string[];
  readonly site_roles?: { role: string; site: string }[];
  readonly disabled?: boolean;
};

export function Users({ me }: { readonly me: Me }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(usersQuery);
  const change = useMutation({
    mutationFn: ({ id, purpose, ...body }: UserChange) =>
      call('PATCH /v1/users/{id}', { params: { id }, body, purpose }),
    // Until the list is fetched anew the choice stays as it was made.
    onSettled: () => queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  const canManage = may(me, 'users:manage');
  const authorities = useQuery({ ...authoritiesQuery, enabled: canManage && may(me, 'settings:read') });
  const hasCards = (authorities.data?.authorities.length ?? 0) > 0;
  const chosenRole = (user: User): string | undefined =>
    (change.isPending && change.variables.id === user.id ? change.variables.roles?.[0] : undefined) ?? user.roles[0];
  const { get, change: changeAddress } = useAddress();
  const withCards = data?.users.find(({ id }) => id === get('cards'));
  const [disabling, setDisabling] = useState<User>();
  const [resetting, setResetting] = useState<User>();
  return (
    <section className="sheet flush" aria-label="Users">
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {change.error === null ? null : <ProblemNotice problem={change.error} />}
      {data === undefined && error === null ? <Loading heights={[44, 44]} /> : null}
      {data === undefined ? null : (
        <div className="table-wrap" tabIndex={0} role="group" aria-label="Users, as a table">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">Second factor</th>
                <th scope="col">Last sign-in</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.users.map((user) => (
                <tr key={user.id}>
                  <td>
                    <Link href={`/people/risk?who=user/${user.id}`}>{user.name}</Link>{' '}
                    {user.id === me.user.id ? <span className="quiet">(you)</span> : null}{' '}
                    {user.state === 'active' ? null : <span className="chip">{stateWords[user.state]}</span>}
                  </td>
                  <td>
                    <RolesOfUser
                      user={user}
                      roles={data.roles}
                      chosenRole={chosenRole(user)}
                      busy={change.isPending}
                      onChange={
                        canManage && user.id !== me.user.id
                          ? (roles, purpose) => change.mutate({ id: user.id, ...roles, purpose })
                          : undefined
                      }
                    />
                  </td>
                  <td className="quiet">
                    {user.factors.length === 0
                      ? 'none yet'
                      : user.factors.map((factor) => factorWords[factor] ?? factor).join(', ')}{' '}
                    {hasCards || user.factors.includes('certificate') ? (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        aria-label={`Cards of ${user.name}`}
                        onClick={() => changeAddress({ cards: user.id })}
                      >
                        Cards…
                      </Button>
                    ) : null}
                  </td>
                  <td className="quiet">
                    {user.last_sign_in_at === null ? 'never' : <Clock at={user.last_sign_in_at} short={false} />}
                  </td>
                  <td>
                    {canManage && user.id !== me.user.id ? (
                      <span className="row nowrap">
                        {user.disabled ? (
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() =>
                              change.mutate({ id: user.id, disabled: false, purpose: `let ${user.name} in again` })
                            }
                          >
                            Let {user.name} in again
                          </Button>
                        ) : (
                          <>
                            <Button
                              size="compact-sm"
                              variant="default"
                              aria-label={`Reset ${user.name}`}
                              onClick={() => setResetting(user)}
                            >
                              Reset…
                            </Button>
                            <Button
                              size="compact-sm"
                              variant="default"
                              aria-label={`Disable ${user.name}`}
                              onClick={() => setDisabling(user)}
                            >
                              Disable…
                            </Button>
                          </>
                        )}
                      </span>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {withCards === undefined ? null : (
        <CardsOfUser
          user={withCards}
          canManage={canManage}
          onClose={() => changeAddress({ cards: undefined }, { replace: true })}
        />
      )}
      {disabling === undefined ? null : (
        <DisableUser user={disabling} canSeeKeys={may(me, 'keys:manage')} onClose={() => setDisabling(undefined)} />
      )}
      {resetting === undefined ? null : <ResetUser user={resetting} onClose={() => setResetting(undefined)} />}
    </section>
  );
}

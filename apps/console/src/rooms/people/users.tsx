import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';

const stateWords = { invited: 'Invited', enrolling: 'Adding a factor', active: '', disabled: 'Disabled' } as const;

export function Users({ me }: { readonly me: Me }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(usersQuery);
  const change = useMutation({
    mutationFn: ({ id, ...body }: { readonly id: string; readonly roles?: string[]; readonly disabled?: boolean }) =>
      call('PATCH /v1/users/{id}', { params: { id }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  const canManage = may(me, 'users:manage');
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
                    {user.name} {user.id === me.user.id ? <span className="quiet">(you)</span> : null}{' '}
                    {user.state === 'active' ? null : <span className="chip">{stateWords[user.state]}</span>}
                  </td>
                  <td>
                    {canManage && user.id !== me.user.id ? (
                      <NativeSelect
                        size="xs"
                        aria-label={`Role of ${user.name}`}
                        value={user.roles[0] ?? ''}
                        data={data.roles.map(({ id, name }) => ({ value: id, label: name }))}
                        onChange={(event) => change.mutate({ id: user.id, roles: [event.currentTarget.value] })}
                      />
                    ) : (
                      user.roles.map((role) => data.roles.find(({ id }) => id === role)?.name ?? role).join(', ')
                    )}
                  </td>
                  <td className="quiet">{user.factors.length === 0 ? 'none yet' : user.factors.join(', ')}</td>
                  <td className="quiet">
                    {user.last_sign_in_at === null ? 'never' : <Clock at={user.last_sign_in_at} short={false} />}
                  </td>
                  <td>
                    {canManage && user.id !== me.user.id ? (
                      <Button
                        size="compact-sm"
                        variant="default"
                        onClick={() => change.mutate({ id: user.id, disabled: !user.disabled })}
                      >
                        {user.disabled ? `Let ${user.name} in again` : `Disable ${user.name}`}
                      </Button>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

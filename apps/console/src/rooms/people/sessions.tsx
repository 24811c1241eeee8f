import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';

/** Who is signed in, from where, and how to end it. */
export function Sessions({ whose }: { readonly whose: 'own' | 'all' }) {
  const queries = useQueryClient();
  const all = whose === 'all';
  const { data, error, refetch } = useQuery({
    queryKey: ['sessions', all],
    queryFn: ({ signal }) => call('GET /v1/sessions', { query: all ? { all: '1' } : {}, signal }),
  });
  const end = useMutation({
    mutationFn: (id: string | undefined) =>
      id === undefined ? call('DELETE /v1/sessions', {}) : call('DELETE /v1/sessions/{id}', { params: { id } }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['sessions'] }),
        queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]),
  });
  return (
    <div className="stack">
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {end.error === null ? null : <ProblemNotice problem={end.error} />}
      {data === undefined && error === null ? <Loading heights={[56, 56]} /> : null}
      {data === undefined ? null : (
        <section className="sheet flush" aria-label="Sessions">
          <div className="table-wrap" tabIndex={0} role="group" aria-label="Sessions, as a table">
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">Who</th>
                  <th scope="col">From</th>
                  <th scope="col">Signed in</th>
                  <th scope="col">Last seen</th>
                  <th scope="col">
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.sessions.map((session) => (
                  <tr key={session.id}>
                    <td>
                      {session.user.name} {session.current ? <span className="chip">This one</span> : null}
                    </td>
                    <td>
                      {session.address} <span className="quiet small">{shortAgent(session.agent)}</span>
                    </td>
                    <td className="quiet">
                      <Clock at={session.created_at} />
                    </td>
                    <td className="quiet">
                      <Clock at={session.last_seen_at} />
                    </td>
                    <td>
                      {session.current ? null : (
                        <Button size="compact-sm" variant="default" onClick={() => end.mutate(session.id)}>
                          End it
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      <div>
        <Button variant="default" onClick={() => end.mutate(undefined)}>
          Sign me out everywhere
        </Button>
      </div>
    </div>
  );
}

function shortAgent(agent: string): string {
  const browser = /(Firefox|Edg|Chrome|Safari)\/[\d]+/.exec(agent)?.[0]?.replace('/', ' ').replace('Edg', 'Edge');
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent)?.[1]?.replace('Mac OS X', 'macOS');
  return [browser, system].filter((part) => part !== undefined).join(', ') || agent.slice(0, 60);
}

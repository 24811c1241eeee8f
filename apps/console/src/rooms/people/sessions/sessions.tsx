import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { sessionQuery } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import type { Risk } from '../risk/risk-words.tsx';
import { SessionLine } from './session-line.tsx';
import { browserWords } from './session-words.ts';

type Session = Answer<'GET /v1/sessions'>['sessions'][number];
type End =
  | { readonly kind: 'one'; readonly id: string }
  | { readonly kind: 'others' | 'everywhere' }
  | { readonly kind: 'person'; readonly id: string; readonly name: string };

/** Those most at risk come first. */
const mostAtRisk = 100;

/** Who is signed in, how, from where, and how to end it. `own`: of whoever looks; `all`: of everybody, to be narrowed. */
export function Sessions({ whose }: { readonly whose: 'own' | 'all' }) {
  const queries = useQueryClient();
  const { get, change } = useAddress();
  const isAll = whose === 'all' && get('whose') !== 'own';
  const wanted = isAll ? (get('who') ?? '') : '';
  const { data, error, refetch } = useQuery({
    queryKey: ['sessions', isAll],
    queryFn: ({ signal }) => call('GET /v1/sessions', { query: isAll ? { all: '1' } : {}, signal }),
  });
  // What cannot be told is left out: the sessions are there all the same.
  const { data: risks } = useQuery({
    queryKey: ['sessions', 'risk'],
    queryFn: ({ signal }) => call('GET /v1/access-risk', { query: { limit: mostAtRisk, after: 0 }, signal }),
    enabled: isAll,
  });
  const riskOf = new Map<string, Risk>(
    risks?.people.flatMap(({ sessions }) => sessions.map(({ id, risk }): [string, Risk] => [id, risk])),
  );
  const end = useMutation({
    mutationFn: (what: End) => endThem(what),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['sessions'] }),
        queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]),
  });
  const shown = data?.sessions.filter((session) => isWanted(session, wanted)) ?? [];
  const owners = new Map(shown.map(({ user }) => [user.id, user.name]));
  const own = data?.sessions.find(({ current }) => current)?.user.id;
  const onlyOwner = owners.size === 1 ? [...owners].find(([id]) => id !== own) : undefined;
  const others = data?.sessions.filter(({ current, user }) => !current && user.id === own).length ?? 0;
  return (
    <div className="stack">
      {whose === 'all' ? (
        <div className="row">
          <SegmentedControl
            aria-label="Whose sessions"
            value={isAll ? 'all' : 'own'}
            data={[
              { value: 'all', label: 'Everybody’s' },
              { value: 'own', label: 'My own' },
            ]}
            onChange={(value) => change({ whose: value === 'own' ? 'own' : undefined })}
          />
          {isAll ? (
            <TextInput
              className="session-find"
              aria-label="Find a name, an address or a browser"
              placeholder="Name, address or browser"
              value={wanted}
              onChange={(event) => change({ who: event.currentTarget.value }, { replace: true })}
            />
          ) : null}
          {data === undefined ? null : <span className="quiet small">{plural(shown.length, 'session')} open</span>}
        </div>
      ) : null}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {end.error === null ? null : <ProblemNotice problem={end.error} />}
      {data === undefined && error === null ? <Loading heights={[56, 56]} /> : null}
      {data === undefined ? null : (
        <section className="sheet" aria-label="Sessions">
          {shown.length === 0 ? <p className="quiet">Nobody is signed in whose session matches.</p> : null}
          <ul className="lines session-lines">
            {shown.map((session) => (
              <SessionLine
                key={session.id}
                session={session}
                showsOwner={isAll}
                risk={riskOf.get(session.id)}
                isEnding={end.isPending && end.variables.kind === 'one' && end.variables.id === session.id}
                onEnd={() => end.mutate({ kind: 'one', id: session.id })}
              />
            ))}
          </ul>
        </section>
      )}
      <div className="row">
        {onlyOwner !== undefined && wanted !== '' ? (
          <Button
            variant="default"
            loading={end.isPending && end.variables.kind === 'person'}
            onClick={() => end.mutate({ kind: 'person', id: onlyOwner[0], name: onlyOwner[1] })}
          >
            End all of {onlyOwner[1]}’s
          </Button>
        ) : null}
        {others > 0 ? (
          <Button
            variant="default"
            loading={end.isPending && end.variables.kind === 'others'}
            onClick={() => end.mutate({ kind: 'others' })}
          >
            {others === 1 ? 'End my other session' : `End my ${others} other sessions`}
          </Button>
        ) : null}
        <Button variant="default" onClick={() => end.mutate({ kind: 'everywhere' })}>
          Sign me out everywhere
        </Button>
      </div>
    </div>
  );
}

function endThem(what: End): Promise<unknown> {
  switch (what.kind) {
    case 'one':
      return call('DELETE /v1/sessions/{id}', { params: { id: what.id } });
    case 'others':
      return call('DELETE /v1/sessions', { query: { others: '1' } });
    case 'everywhere':
      return call('DELETE /v1/sessions', {});
    case 'person':
      return call('DELETE /v1/sessions', { query: { user: what.id }, purpose: `end all sessions of ${what.name}` });
  }
}

function isWanted({ user, address, agent }: Session, wanted: string): boolean {
  const text = `${user.name}\n${address}\n${browserWords(agent)}`.toLowerCase();
  return text.includes(wanted.trim().toLowerCase());
}

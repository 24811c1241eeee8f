import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { accountQuery } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { PasswordChoice } from '../../../parts/password-choice.tsx';

const leastLength = 12;

export function OwnPassword({ changedAt, name }: { readonly changedAt: string | null; readonly name: string }) {
  const { get, change } = useAddress();
  const queries = useQueryClient();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () => call('PUT /v1/account/password', { body: { current, password } }),
    onSuccess: async () => {
      setCurrent('');
      setPassword('');
      change({ do: undefined }, { replace: true });
      await Promise.all([
        queries.invalidateQueries({ queryKey: accountQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['sessions'] }),
      ]);
    },
  });
  const isOpen = get('do') === 'password';
  return (
    <section className="sheet" aria-labelledby="own-password">
      <div className="sheet-head">
        <h2 id="own-password">Password</h2>
        <span className="quiet small">
          {changedAt === null ? (
            ''
          ) : (
            <>
              set <Clock at={changedAt} short={false} />
            </>
          )}
        </span>
        {isOpen ? null : (
          <Button size="compact-sm" variant="default" onClick={() => change({ do: 'password' })}>
            Change it
          </Button>
        )}
      </div>
      {save.data === undefined ? null : (
        <Notice tone="good" title="Your password is changed">
          <p>{endedWords(save.data.ended_sessions)} The old password opens nothing any more.</p>
        </Notice>
      )}
      {isOpen ? (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <PasswordInput
            label="Current password"
            size="md"
            autoComplete="current-password"
            autoFocus
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
          <PasswordChoice label="New password" value={password} onChange={setPassword} avoid={[name]} />
          <p className="small quiet">Every other place where you are signed in is signed out.</p>
          {save.error === null ? null : <ProblemNotice problem={save.error} />}
          <div className="row">
            <Button type="submit" loading={save.isPending} disabled={current === '' || password.length < leastLength}>
              Change the password
            </Button>
            <Button variant="default" onClick={() => change({ do: undefined })}>
              Leave it
            </Button>
          </div>
        </form>
      ) : null}
    </section>
  );
}

function endedWords(count: number): string {
  if (count === 0) return 'You were signed in nowhere else.';
  return count === 1 ? 'One other session was ended.' : `${count} other sessions were ended.`;
}

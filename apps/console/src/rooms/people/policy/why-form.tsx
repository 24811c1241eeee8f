import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { usersQuery } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { actionWords } from '../../../parts/action-words.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { ExplanationView } from './explanation.tsx';
import { matrixQuery } from './policy-queries.ts';

/** May somebody do something, and why: of a person there is, or of anybody with a role. */
export function WhyForm() {
  const { get, change } = useAddress();
  const { data: matrix } = useQuery(matrixQuery);
  const { data: users } = useQuery({ ...usersQuery, retry: false });
  const [site, setSite] = useState('');
  const [risk, setRisk] = useState<number | ''>('');
  const [assurance, setAssurance] = useState('2');
  const who = get('who') ?? 'role/analyst';
  const action = get('action') ?? 'cameras:export';
  const [kind = 'role', id = 'analyst'] = who.split('/');
  const explain = useMutation({
    mutationFn: () =>
      call('POST /v1/policy/explain', {
        body: {
          principal: {
            kind: 'user',
            ...(kind === 'user' ? { id } : { roles: [id] }),
            assurance: assurance === '3' ? 3 : assurance === '1' ? 1 : 2,
          },
          action,
          ...(site === '' ? {} : { resource: { kind: 'site', id: site } }),
          ...(risk === '' ? {} : { facts: { risk } }),
        },
      }),
  });
  return (
    <section className="sheet stack" aria-label="Why may somebody do something, or not">
      <form
        className="stack tight"
        onSubmit={(event) => {
          event.preventDefault();
          explain.mutate();
        }}
      >
        <NativeSelect
          label="Who"
          value={who}
          onChange={(event) => change({ who: event.currentTarget.value }, { replace: true })}
          data={[
            {
              group: 'Somebody who is',
              items: (matrix?.roles ?? []).map((role) => ({ value: `role/${role.id}`, label: role.name })),
            },
            {
              group: 'People',
              items: (users?.users ?? []).map((user) => ({ value: `user/${user.id}`, label: user.name })),
            },
          ]}
        />
        <NativeSelect
          label="What"
          value={action}
          onChange={(event) => change({ action: event.currentTarget.value }, { replace: true })}
          data={(matrix?.actions ?? [action]).map((one) => ({ value: one, label: `${actionWords(one)} (${one})` }))}
        />
        <TextInput
          label="At site"
          description="Everywhere when empty"
          value={site}
          maxLength={200}
          onChange={(event) => setSite(event.currentTarget.value)}
        />
        <div className="row">
          <NativeSelect
            label="Signed in with"
            value={assurance}
            onChange={(event) => setAssurance(event.currentTarget.value)}
            data={[
              { value: '2', label: 'Two factors' },
              { value: '3', label: 'A passkey' },
              { value: '1', label: 'A password alone' },
            ]}
          />
          <NumberInput
            label="At a risk of"
            placeholder="as it is"
            min={0}
            max={100}
            value={risk}
            onChange={(value) => setRisk(typeof value === 'number' ? value : '')}
          />
        </div>
        <div>
          <Button type="submit" loading={explain.isPending}>
            Ask
          </Button>
        </div>
      </form>
      {explain.error === null ? null : <ProblemNotice problem={explain.error} />}
      {explain.data === undefined ? null : <ExplanationView explained={explain.data} />}
    </section>
  );
}

import { NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';

const queryKey = ['agents', 'notices'];
const choices = [
  { value: 'none', label: 'About no question' },
  { value: 'own', label: 'About their own agents, and of service accounts they answer for' },
  { value: 'all', label: 'About all that they may answer' },
];

/** Whom the organisation sends mail when something waits; each person may choose otherwise. */
export function NoticesSheet({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey, queryFn: ({ signal }) => call('GET /v1/agent/notices', { signal }) });
  const choose = useMutation({
    mutationFn: (mail: 'none' | 'own' | 'all') =>
      call('PUT /v1/agent/notices', { body: { mail }, purpose: 'change who gets mail about questions of agents' }),
    onSuccess: (now) => queries.setQueryData(queryKey, now),
  });
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return null;
  return (
    <section className="sheet stack tight" aria-labelledby="agent-notices">
      <h2 id="agent-notices">Mail when something waits</h2>
      <p className="quiet small">
        It says that something waits and where, never what. Each person may choose otherwise under{' '}
        <Link href="/settings?tab=account">Settings, Account</Link>.
      </p>
      <NativeSelect
        label="People who chose nothing get mail"
        value={data.mail}
        disabled={!canChange || choose.isPending}
        data={choices}
        onChange={({ currentTarget: { value } }) => {
          if (value === 'none' || value === 'own' || value === 'all') choose.mutate(value);
        }}
      />
      {canChange ? null : <p className="quiet small">An administrator may change it.</p>}
      {choose.error === null ? null : <ProblemNotice problem={choose.error} />}
    </section>
  );
}

import { Button, NativeSelect, SegmentedControl, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { rulesQuery } from '../../api/queries.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { huntsQuery } from './hunts-query.ts';

const ranges = [
  { value: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { value: '7d', label: 'Last 7 days', ms: 604_800_000 },
  { value: '30d', label: 'Last 30 days', ms: 2_592_000_000 },
  { value: 'all', label: 'Everything that is kept', ms: undefined },
];

/** Which rules, over what: all in force, one of them, or one that is typed in. */
export function StartHunt({ onStarted }: { readonly onStarted: (id: string) => void }) {
  const [kind, setKind] = useState('all');
  const [rule, setRule] = useState('');
  const [text, setText] = useState('');
  const [q, setQuery] = useState('');
  const [range, setRange] = useState('7d');
  const { data } = useQuery({ ...rulesQuery, enabled: kind === 'one' });
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: async () => {
      const ms = ranges.find(({ value }) => value === range)?.ms;
      const chosen = kind === 'all' ? { all: true } : kind === 'one' ? { rules: [rule] } : { text };
      return call('POST /v1/hunts', {
        body: {
          ...chosen,
          ...(q.trim() === '' ? {} : { q: q.trim() }),
          ...(ms === undefined ? {} : { from: new Date(Date.now() - ms).toISOString() }),
        },
      });
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: huntsQuery.queryKey });
      onStarted(id);
    },
  });
  const isReady = kind === 'all' || (kind === 'one' ? rule !== '' : text.trim() !== '');
  return (
    <form
      className="sheet stack tight"
      aria-label="New hunt"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <SegmentedControl
        aria-label="Rules"
        value={kind}
        data={[
          { value: 'all', label: 'All rules in force' },
          { value: 'one', label: 'One rule' },
          { value: 'typed', label: 'A rule of my own' },
        ]}
        onChange={setKind}
      />
      {kind === 'one' ? (
        <NativeSelect
          label="Rule"
          value={rule}
          data={[
            { value: '', label: data === undefined ? 'Loading…' : 'Choose a rule' },
            ...(data?.rules ?? []).map(({ id, title }) => ({ value: id, label: title })),
          ]}
          onChange={(event) => setRule(event.currentTarget.value)}
        />
      ) : null}
      {kind === 'typed' ? (
        <Textarea
          label="Sigma rule"
          classNames={{ input: 'hunt-text' }}
          rows={12}
          spellCheck={false}
          placeholder={
            'title: Encoded command\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  sel:\n    CommandLine|contains: " -enc "\n  condition: sel'
          }
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      ) : null}
      <div className="row">
        <NativeSelect
          label="Received"
          value={range}
          data={ranges.map(({ value, label }) => ({ value, label }))}
          onChange={(event) => setRange(event.currentTarget.value)}
        />
        <TextInput
          className="grow"
          label="Only events that fit (optional)"
          placeholder="host:web1"
          value={q}
          spellCheck={false}
          autoCapitalize="off"
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
      </div>
      {start.error === null ? null : <ProblemNotice problem={start.error} />}
      <div className="row">
        <Button type="submit" disabled={!isReady} loading={start.isPending}>
          Start the hunt
        </Button>
        <span className="quiet small">It gives way to searches and live detection, and goes on after a restart.</span>
      </div>
    </form>
  );
}

import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount } from '../../../parts/numbers.ts';
import { HuntProgress } from '../../hunts/hunt-progress.tsx';
import { huntMatchesQuery, huntQuery, huntsQuery, isUnderWay } from '../../hunts/hunts-query.ts';
import { MakeTest } from './make-test.tsx';
import type { RuleTestDraft } from './rule-test-draft.ts';

const ranges = [
  { value: '1', label: 'Last 24 hours' },
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
  { value: 'all', label: 'Everything that is kept' },
];
const dayMs = 86_400_000;

/** The rule as it stands, over what is kept: a hunt that can be left, found again, and ended. */
export function RunPanel({
  text,
  mayRun,
  onTest,
}: {
  readonly text: string;
  readonly mayRun: boolean;
  readonly onTest: (test: RuleTestDraft) => void;
}) {
  const { get, change } = useAddress();
  const queries = useQueryClient();
  const [days, setDays] = useState('7');
  const open = get('hunt');
  const start = useMutation({
    mutationFn: () =>
      call('POST /v1/hunts', {
        body: { text, ...(days === 'all' ? {} : { from: new Date(Date.now() - Number(days) * dayMs).toISOString() }) },
      }),
    async onSuccess({ id }) {
      change({ tab: 'run', hunt: id }, { replace: true });
      await queries.invalidateQueries({ queryKey: huntsQuery.queryKey });
    },
  });
  return (
    <section className="stack tight" aria-label="Try on history">
      <div className="row">
        <NativeSelect
          aria-label="Received"
          value={days}
          data={ranges}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Button disabled={!mayRun || text.trim() === ''} loading={start.isPending} onClick={() => start.mutate()}>
          Run
        </Button>
      </div>
      <p className="quiet small">
        The text as it stands here, saved or not. Of a correlation the rules it counts are run one by one.
      </p>
      {start.error === null ? null : <ProblemNotice problem={start.error} />}
      {open === undefined ? null : <Found key={open} id={open} onTest={onTest} />}
    </section>
  );
}

function Found({ id, onTest }: { readonly id: string; readonly onTest: (test: RuleTestDraft) => void }) {
  const { data, error, refetch } = useQuery(huntQuery(id));
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => call('POST /v1/hunts/{id}/cancel', { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: huntQuery(id).queryKey }),
  });
  const total = data?.rules.reduce((sum, { matches }) => sum + matches, 0) ?? 0;
  const matches = useQuery({ ...huntMatchesQuery(id, undefined, total), enabled: total > 0 });
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[80]} />;
  const { hunt } = data;
  return (
    <div className="stack tight">
      <HuntProgress hunt={hunt} />
      {isUnderWay(hunt) ? (
        <div>
          <Button variant="default" size="xs" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            End it here
          </Button>
        </div>
      ) : null}
      {hunt.notes.map((note) => (
        <p key={note} className="quiet small">
          {note}
        </p>
      ))}
      <p role="status">
        {total === 0
          ? isUnderWay(hunt)
            ? 'Nothing found so far.'
            : 'It matches nothing of this time.'
          : `It matches ${formatCount(total)} ${total === 1 ? 'event' : 'events'}.`}
      </p>
      {matches.data === undefined ? null : (
        <ul className="lines" aria-label="Events it matches">
          {matches.data.matches.map(({ position, received }) => (
            <li key={position}>
              <Clock at={received} short={false} />
              <Link href={`/search?open=${position}`}>{position}</Link>
              <MakeTest position={position} onTest={onTest} />
            </li>
          ))}
        </ul>
      )}
      <Link className="small" href={`/search/hunts?hunt=${id}`}>
        Open in the hunts
      </Link>
    </div>
  );
}

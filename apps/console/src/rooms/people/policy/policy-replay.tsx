import { Button, NativeSelect, NumberInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { actionWords } from '../../../parts/action-words.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { answerWords } from './answer-words.ts';
import { replayQuery, replaysQuery, versionsQuery } from './policy-queries.ts';
import type { Replay } from './policy-queries.ts';
import { WorkProgress } from '../../policies/work-progress.tsx';

const most = 10_000;

/** What was decided last, asked again of what is written or of a version: who would have been answered otherwise. */
export function PolicyReplay() {
  const { get, change } = useAddress();
  const queries = useQueryClient();
  const versions = useQuery(versionsQuery);
  const replays = useQuery(replaysQuery);
  const [of, setOf] = useState('');
  const [last, setLast] = useState<number | ''>(most);
  const begin = useMutation({
    mutationFn: () =>
      call('POST /v1/policy/replays', {
        body: { ...(of === '' ? {} : { version: Number(of) }), ...(last === '' ? {} : { last }) },
      }),
    onSuccess: ({ id }) => change({ replay: id }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['policy', 'replays'] }),
  });
  // Left and found again: the one that was begun last, while it is kept.
  const id = get('replay') ?? replays.data?.replays[0]?.id;
  return (
    <section className="sheet stack tight" aria-label="Replay of recorded decisions">
      <h2>What would have been decided</h2>
      <p className="quiet small">
        Asks the decisions that were recorded last once more, each with its facts as they were: who would have been
        answered otherwise. Nothing changes by it.
      </p>
      <form
        className="row form-row"
        onSubmit={(event) => {
          event.preventDefault();
          begin.mutate();
        }}
      >
        <NativeSelect
          label="Ask"
          value={of}
          onChange={(event) => setOf(event.currentTarget.value)}
          data={[
            { value: '', label: 'What is written now' },
            { value: '0', label: 'The built-in policies alone' },
            ...(versions.data?.versions ?? []).map(({ version }) => ({
              value: String(version),
              label: `Version ${version}`,
            })),
          ]}
        />
        <NumberInput
          label="Records"
          min={1}
          max={most}
          value={last}
          onChange={(value) => setLast(typeof value === 'number' ? value : '')}
        />
        <Button type="submit" loading={begin.isPending}>
          Replay
        </Button>
      </form>
      {begin.error === null ? null : <ProblemNotice problem={begin.error} />}
      {id === undefined ? null : <OneReplay key={id} id={id} />}
    </section>
  );
}

function OneReplay({ id }: { readonly id: string }) {
  const queries = useQueryClient();
  const { data, error } = useQuery(replayQuery(id));
  const cancel = useMutation({
    mutationFn: () => call('POST /v1/policy/replays/{id}/cancel', { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['policy', 'replay', id] }),
  });
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[60]} />;
  if (data.state === 'running')
    return (
      <WorkProgress
        label="Asking recorded decisions again…"
        done={data.done}
        leftSeconds={data.left_seconds}
        onCancel={() => cancel.mutate()}
      />
    );
  if (data.state === 'cancelled') return <Notice title="It was called off" />;
  if (data.replay === undefined) return <Notice tone="bad" title={data.problem?.message ?? 'It came to no end'} />;
  return <Differences replay={data.replay} of={data.version} />;
}

function Differences({
  replay,
  of,
}: {
  readonly replay: NonNullable<Replay['replay']>;
  readonly of: number | undefined;
}) {
  const { records, requests, untold, different, differences, partly, from } = replay;
  return (
    <div className="stack tight" aria-live="polite">
      <Notice
        tone={different === 0 ? 'good' : 'warn'}
        title={
          different === 0
            ? `None of the last ${formatCount(requests)} requests would be answered otherwise`
            : `${formatCount(different)} of the last ${formatCount(requests)} requests would be answered otherwise`
        }
      >
        <p className="small">
          {of === undefined
            ? 'By what is written now'
            : of === 0
              ? 'By the built-in policies alone'
              : `By version ${of}`}
          , over {plural(records, 'record')}
          {from === undefined ? '' : ' since '}
          {from === undefined ? null : <Clock at={from} short={false} />}.
          {untold === 0 ? '' : ` Of ${formatCount(untold)} more the record does not hold the question.`}
        </p>
      </Notice>
      <ul className="lines">
        {differences.map(
          ({
            who,
            action,
            route,
            resource,
            was,
            would,
            requests: times,
            last,
            position,
            reason,
            also_now: alsoNow,
          }) => (
            <li key={JSON.stringify([who.kind, who.id, action, route, resource, was, would])}>
              <div className="replayed">
                <span className="chip">{would === 'deny' ? '− No' : was === 'deny' ? '+ Yes' : '± Otherwise'}</span>{' '}
                <strong>{printable(who.name)}</strong> {actionWords(action)}{' '}
                <code className="small">{printable(route)}</code>: {answerWords[was] ?? was} →{' '}
                {answerWords[would] ?? would}, {plural(times, 'request')}, last <Clock at={last} short={false} />{' '}
                <Link className="small" href={`/people/policy?tab=why&decision=${encodeURIComponent(position)}`}>
                  Why then?
                </Link>
                <p className="quiet small">
                  {printable(reason)}
                  {alsoNow ? ' (what is in force now would answer so, too)' : ''}
                </p>
              </div>
            </li>
          ),
        )}
      </ul>
      {partly ? <p className="quiet small">There are more than are shown.</p> : null}
    </div>
  );
}

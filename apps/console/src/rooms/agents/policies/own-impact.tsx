import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { InDoubt } from '../../policies/in-doubt.tsx';
import { WorkProgress } from '../../policies/work-progress.tsx';
import { OwnReplayed } from './own-replayed.tsx';
import { ownVersionQuery, prospectQuery, replayQuery } from './own-policy-queries.ts';
import type { Version } from './own-policy-queries.ts';
import { OwnTexts } from './own-texts.tsx';

/** What a version may let through, what it would have said of recorded calls, and then the step into force. */
export function OwnImpact({
  made,
  inForce,
  mayWrite,
}: {
  readonly made: Version;
  readonly inForce: number;
  readonly mayWrite: boolean;
}) {
  const { version, state, digest } = made;
  const queries = useQueryClient();
  const isOpen = state === 'staged' || state === 'waiting';
  const whole = useQuery(ownVersionQuery(version));
  const prospect = useQuery({ ...prospectQuery(version, inForce), enabled: isOpen });
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['agent-policies'] });
  const begin = useMutation({
    mutationFn: () => call('POST /v1/agents/policies/replays', { body: { version } }),
  });
  const replay = useQuery(replayQuery(begin.data?.id));
  const cancel = useMutation({
    mutationFn: (id: string) => call('POST /v1/agents/policies/replays/{id}/cancel', { params: { id } }),
    onSettled: refresh,
  });
  const ended = replay.data?.state === 'running' ? undefined : replay.data?.state;
  useEffect(() => {
    if (ended !== undefined) void queries.invalidateQueries({ queryKey: ['agent-policies', 'version'] });
    if (ended !== undefined) void queries.invalidateQueries({ queryKey: ['agent-policies', 'versions'] });
  }, [ended, queries]);
  const step = useMutation({
    mutationFn: () =>
      state === 'waiting'
        ? call('POST /v1/agents/policies/versions/{version}/approve', {
            params: { version },
            body: { expected: inForce, digest },
            purpose: 'approve policies for agents',
          })
        : call('POST /v1/agents/policies/versions/{version}/activate', {
            params: { version },
            body: { expected: inForce, digest },
            purpose: 'put policies for agents into force',
          }),
    onSettled: refresh,
  });
  const isReplayed = made.replay !== undefined && made.replay.against === prospect.data?.against;
  const error = whole.error ?? prospect.error ?? begin.error ?? replay.error ?? step.error;
  const running = replay.data?.state === 'running' ? replay.data : undefined;
  return (
    <div className="stack tight" role="group" aria-label={`What version ${version} would change`}>
      {error === null ? null : <ProblemNotice problem={error} />}
      {replay.data?.problem === undefined ? null : <Notice tone="bad" title={replay.data.problem.message} />}
      {isOpen && prospect.isPending ? <Loading heights={[40]} label="What it may let through" /> : null}
      {prospect.data === undefined ? null : <Opens prospect={prospect.data} />}
      {running === undefined ? null : (
        <WorkProgress
          label="Asking about recorded calls again…"
          done={running.done}
          leftSeconds={running.left_seconds}
          onCancel={() => cancel.mutate(running.id)}
        />
      )}
      {whole.data?.replayed === undefined || running !== undefined ? null : (
        <OwnReplayed replayed={whole.data.replayed} against={made.replay?.against ?? 0} />
      )}
      {isOpen && mayWrite && running === undefined ? (
        <div className="row">
          <Button
            size="xs"
            variant={isReplayed ? 'default' : 'filled'}
            loading={begin.isPending}
            onClick={() => begin.mutate()}
          >
            {isReplayed ? 'Replay once more' : 'Replay on recorded calls'}
          </Button>
          {isReplayed ? (
            <Button size="xs" loading={step.isPending} onClick={() => step.mutate()}>
              {state === 'waiting' ? 'Approve' : 'Put into force'}
            </Button>
          ) : (
            <span className="quiet small">
              It comes into force once it was tried on what agents did, on top of what is in force now.
            </span>
          )}
        </div>
      ) : null}
      {whole.data === undefined ? null : <OwnTexts texts={whole.data.texts} />}
    </div>
  );
}

function Opens({ prospect }: { readonly prospect: Answer<'GET /v1/agents/policies/versions/{version}/prospect'> }) {
  const { openings, widened, second_person: gaining, doubt } = prospect;
  if (doubt !== undefined) return <InDoubt doubt={doubt} comparedWith="no policies of your own" />;
  if (openings.length === 0) return <Notice title="It lets nothing through that is not let through now" />;
  return (
    <Notice
      tone="warn"
      title={
        gaining.length === 0
          ? 'It may let through what is not now'
          : `It may let through what is not now: somebody other than ${gaining.map(printable).join(', ')} must approve it`
      }
    >
      <ul>
        {openings.map(({ id, kind, words }) => (
          <li key={`${kind} ${id}`}>
            {kind === 'permit' ? 'Lets go' : 'Forbids no more'}: {printable(words)}
          </li>
        ))}
      </ul>
      {widened.length === 0 ? null : (
        <p className="small">
          Without a question at the worst it can be: {[...new Set(widened.map(({ action }) => action))].join(', ')}.
        </p>
      )}
    </Notice>
  );
}

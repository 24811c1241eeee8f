import { Button } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { httpsQuery } from './https-query.ts';
import type { Https } from './https-query.ts';

const steps = [
  { id: 'account', words: 'Open an account' },
  { id: 'order', words: 'Ask for a certificate' },
  { id: 'challenge', words: 'Prove that the name is yours' },
  { id: 'certificate', words: 'Fetch the certificate' },
] as const;

/** Where an order stands, or why the last one failed and when the next begins. */
export function OrderProgress({
  https,
  acme,
  canChange,
}: {
  readonly https: Https;
  readonly acme: NonNullable<Https['acme']>;
  readonly canChange: boolean;
}) {
  const queries = useQueryClient();
  const { phase, step, problem, next_at: nextAt, failures } = acme.order;
  const again = useMutation({
    mutationFn: () => call('POST /v1/settings/https/order', {}),
    onSuccess: (answer) => queries.setQueryData(httpsQuery.queryKey, answer),
  });
  if (phase === 'idle') return null;
  const host = new URL(acme.directory_url).host;
  const at = steps.findIndex(({ id }) => id === step);
  return (
    <div className="stack tight" aria-live="polite">
      {phase === 'running' ? (
        <>
          <strong>Ordering from {host}…</strong>
          <ol className="order-steps">
            {steps.map(({ id, words }, index) => (
              <li key={id} data-state={index < at ? 'done' : index === at ? 'now' : 'later'}>
                <span className="tick">{index < at ? <IconCheck size={14} aria-label="done" /> : index + 1}</span>
                {words}
              </li>
            ))}
          </ol>
        </>
      ) : null}
      {problem === null || phase === 'running' ? null : (
        <Notice tone={https.certificate === null ? 'bad' : 'warn'} title={problem.message}>
          {problem.hint === null ? null : <p>{problem.hint}</p>}
          <p className="small">
            {failures === 1 ? 'Failed once' : `Failed ${failures} times`}
            {nextAt === null ? (
              ' and stopped.'
            ) : (
              <>
                . Next try at <Clock at={nextAt} />.
              </>
            )}{' '}
            Code <code>{problem.code}</code>
          </p>
        </Notice>
      )}
      {again.error === null ? null : <ProblemNotice problem={again.error} />}
      {phase !== 'running' && canChange ? (
        <div className="row">
          <Button variant="default" loading={again.isPending} onClick={() => again.mutate()}>
            Try again now
          </Button>
        </div>
      ) : null}
    </div>
  );
}

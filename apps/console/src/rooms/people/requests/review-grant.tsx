import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { privilegesKey } from './privileges-query.ts';
import type { RequestDetails } from './privileges-query.ts';

/** Everything that was done with a grant, and what somebody who did not hold it says about it. */
export function ReviewGrant({ request }: { readonly request: RequestDetails }) {
  const queries = useQueryClient();
  const { id, state } = request;
  const { data, error } = useQuery({
    queryKey: [...privilegesKey, 'done', id],
    queryFn: ({ signal }) => call('GET /v1/privileges/requests/{id}/done', { params: { id }, signal }),
  });
  const [note, setNote] = useState('');
  const review = useMutation({
    mutationFn: (verdict: 'proper' | 'concern') =>
      call('POST /v1/privileges/requests/{id}/review', {
        params: { id },
        body: { verdict, note: note.trim() },
        purpose: 'review what was done',
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: privilegesKey }),
  });
  const given = request.decisions.find(({ kind }) => kind === 'review');
  return (
    <section className="stack tight" aria-label="What was done with it">
      <h3>What was done with it</h3>
      {error === null ? null : <ProblemNotice problem={error} />}
      {data === undefined ? null : (
        <>
          <p className="small">
            {data.entries.length === 0 ? 'Nothing that is recorded yet.' : `${data.entries.length} records`}
            {data.has_more ? ', and more' : ''}{' '}
            {data.entries.length === 0 ? null : (
              <Link href={`/search?q=${encodeURIComponent(data.search)}`}>Open them in the search</Link>
            )}
          </p>
          <ul className="privilege-done small">
            {data.entries.slice(0, 60).map((entry) => (
              <li key={entry.position}>
                <Clock at={entry.at} /> <code>{entry.action}</code> {printable(entry.target)}
                {entry.outcome === 'failure' ? ' (refused)' : ''}
              </li>
            ))}
          </ul>
        </>
      )}
      {given === undefined ? null : (
        <p>
          {printable(given.by)} found it {given.verdict === 'concern' ? 'not proper' : 'proper'}:{' '}
          {printable(given.note)}
        </p>
      )}
      {state === 'ended' && request.may_decide && given === undefined ? (
        <>
          <Textarea
            label="What you found"
            autosize
            minRows={2}
            maxLength={1000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          {review.error === null ? null : <ProblemNotice problem={review.error} />}
          <div className="row">
            <Button
              disabled={note.trim().length < 3}
              loading={review.isPending}
              onClick={() => review.mutate('proper')}
            >
              It was proper
            </Button>
            <Button
              variant="default"
              disabled={note.trim().length < 3}
              loading={review.isPending}
              onClick={() => review.mutate('concern')}
            >
              It was not
            </Button>
          </div>
        </>
      ) : null}
    </section>
  );
}

import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { AlertDetails } from '../../api/queries.ts';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Seal } from '../../seal/seal.tsx';
import { useTriage } from './use-triage.ts';

/** What people said about it. Each comment is an entry of the ledger, with a seal of its own. */
export function Comments({ alert, canWrite }: { readonly alert: AlertDetails; readonly canWrite: boolean }) {
  const [text, setText] = useState('');
  const triage = useTriage();
  const { comments } = alert;
  if (comments.length === 0 && !canWrite) return null;
  return (
    <section aria-labelledby="comments">
      <h3 id="comments">Comments</h3>
      {comments.length === 0 ? null : (
        <ul className="comments">
          {comments.map((comment) => (
            <li key={`${comment.at}-${comment.actor.id}`}>
              <p className="small quiet row">
                <strong>{comment.actor.name}</strong> <Clock at={comment.at} />{' '}
                {comment.position === null ? null : <Seal position={comment.position} />}
              </p>
              <p className="comment-text">{comment.text}</p>
            </li>
          ))}
        </ul>
      )}
      {canWrite ? (
        <form
          className="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            triage.mutate(
              { alerts: [{ id: alert.id }], change: { comment: text.trim() } },
              { onSuccess: () => setText('') },
            );
          }}
        >
          <Textarea
            aria-label="Comment"
            placeholder="What did you find out?"
            rows={2}
            maxLength={2000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {triage.error === null ? null : <ProblemNotice problem={triage.error} />}
          <div>
            <Button type="submit" variant="default" loading={triage.isPending} disabled={text.trim() === ''}>
              Comment
            </Button>
          </div>
        </form>
      ) : null}
    </section>
  );
}

import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import type { Me } from '../../../api/queries.ts';
import { announceQuestion, questionAddress } from '../../../app/announce-question.ts';
import { printable } from '../../../parts/printable.ts';
import { useMyApprovals } from './approvals-query.ts';

const page = '/agents/approvals';

/** Above every other room while an agent waits for whoever is signed in. */
export function ApprovalBanner({ me }: { readonly me: Me }) {
  const waiting = useMyApprovals(me);
  const [path] = useLocation();
  const known = useRef<ReadonlySet<string>>(new Set());
  const ids = waiting.map(({ id }) => id).join(' ');
  useEffect(() => {
    const now = new Set(ids.split(' ').filter((id) => id !== ''));
    const fresh = [...now].find((id) => !known.current.has(id));
    known.current = now;
    if (fresh !== undefined) announceQuestion(fresh);
  }, [ids]);
  const [first] = waiting;
  const isShown = first !== undefined && path !== page;
  return (
    <div aria-live="polite">
      {isShown ? (
        <div className="grant-banner">
          <span className="breaks">
            <strong>{printable(first.agent.name)} waits for your answer</strong>:{' '}
            {printable(first.does[0] ?? first.tool)}
            {waiting.length === 1 ? '' : `, and ${waiting.length - 1} more`}
          </span>
          <Link href={questionAddress(first.id)}>Look at it</Link>
        </div>
      ) : null}
    </div>
  );
}

/** How many wait, beside the name of the room. */
export function ApprovalCount({ me }: { readonly me: Me }) {
  const { length } = useMyApprovals(me);
  if (length === 0) return null;
  return (
    <span className="rail-count">
      {length} <span className="visually-hidden">{length === 1 ? 'waits for you' : 'wait for you'}</span>
    </span>
  );
}

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { printable } from '../parts/printable.ts';
import { Countdown } from '../rooms/people/requests/countdown.tsx';
import { actionWords } from '../parts/action-words.ts';
import { standingQuery } from '../rooms/people/requests/privileges-query.ts';
import { useRequestAction } from '../rooms/people/requests/use-request-action.ts';

/** Above every room while somebody holds more than their own, when they may take something up, and while a break-glass is open. */
export function GrantBanner() {
  const { data, dataUpdatedAt } = useQuery(standingQuery);
  const act = useRequestAction();
  if (data === undefined) return null;
  return (
    <>
      {data.break_glass.map((opened) => (
        <div key={opened.id} className="grant-banner" data-tone="bad" role="alert">
          <span>
            <strong>Break-glass is open</strong>: {printable(opened.name)}, from {printable(opened.address)}. Do you
            know of it?
          </span>
          <Countdown seconds={opened.left_seconds} saidAtMs={dataUpdatedAt} />
          <Link href={`/people/requests?view=all&request=${opened.id}`}>Look at it</Link>
        </div>
      ))}
      {data.break_glass_unsealed.length > 0 && data.break_glass.length === 0 ? (
        <div className="grant-banner">
          <span>
            A break-glass account was opened and is not sealed again:{' '}
            {data.break_glass_unsealed.map(printable).join(', ')}.
          </span>
          <Link href="/people/requests?view=break-glass">Seal it anew</Link>
        </div>
      ) : null}
      {data.reviews_overdue === 0 ? null : (
        <div className="grant-banner">
          <span>
            {data.reviews_overdue === 1
              ? 'Nobody has looked at what was done with a right that was held for a time.'
              : `Nobody has looked at what was done with ${data.reviews_overdue} rights that were held for a time.`}
          </span>
          <Link href="/people/requests?view=inbox">Review it</Link>
        </div>
      )}
      {data.active.map((grant) => (
        <div key={grant.id} className="grant-banner" role="status">
          <span>
            For now you {grant.actions === null ? 'are' : 'may'} <strong>{heldWords(grant)}</strong>. What you do with
            it is marked.
          </span>
          <Countdown seconds={grant.left_seconds} saidAtMs={dataUpdatedAt} />
          <Button
            size="compact-sm"
            variant="default"
            loading={act.isPending}
            onClick={() => act.mutate({ id: grant.id, action: 'end' })}
          >
            End it now
          </Button>
        </div>
      ))}
      {data.ready.map((grant) => (
        <div key={grant.id} className="grant-banner" role="status">
          <span>
            You may {grant.actions === null ? 'be ' : ''}
            <strong>{heldWords(grant)}</strong> now: it was approved.
          </span>
          <Link href="/people/requests?view=mine">Take it up</Link>
        </div>
      ))}
    </>
  );
}

/** What somebody is, or may do, for now. */
function heldWords({
  role_name: role,
  site,
  actions,
}: {
  readonly role_name: string;
  readonly site: string | null;
  readonly actions: readonly string[] | null;
}): string {
  const where = site === null ? '' : ` at ${printable(site)}`;
  return `${actions === null ? role : actions.map(actionWords).join(', ')}${where}`;
}

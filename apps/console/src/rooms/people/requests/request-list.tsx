import { Button } from '@mantine/core';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { Countdown } from './countdown.tsx';
import type { PrivilegeRequest } from './privileges-query.ts';
import { partWords, span, stateWords } from './request-words.ts';
import { useRequestAction } from './use-request-action.ts';

/** Requests as lines: who, what, why, how it stands, and the one thing to do with it. */
export function RequestList({
  requests,
  saidAtMs,
  mine,
  selected,
  onOpen,
  empty,
}: {
  readonly requests: readonly PrivilegeRequest[];
  readonly saidAtMs: number;
  readonly mine: string;
  readonly selected: string | undefined;
  readonly onOpen: (id: string) => void;
  readonly empty: string;
}) {
  const act = useRequestAction();
  if (requests.length === 0) return <p className="quiet privilege-empty">{empty}</p>;
  return (
    <>
      {act.error === null ? null : <ProblemNotice problem={act.error} />}
      <ul className="privilege-lines">
        {requests.map((request) => {
          const isMine = request.requester.id === mine;
          return (
            <li key={request.id} data-selected={request.id === selected ? 'true' : undefined}>
              <div className="privilege-line">
                <button type="button" className="plain-button privilege-title" onClick={() => onOpen(request.id)}>
                  {isMine ? '' : `${printable(request.requester.name)}: `}
                  {partWords(request)} for {span(request.minutes)}
                </button>
                <span className="small privilege-reason">{printable(request.reason)}</span>
                <span className="small quiet">
                  {request.review_overdue ? <strong>Review overdue · </strong> : null}
                  {stateWords(request)} · <Clock at={request.asked_at} />
                  {request.needs_review && !request.review_overdue ? ' · to be reviewed' : ''}
                </span>
              </div>
              <div className="row">
                {request.state === 'active' ? <Countdown seconds={request.left_seconds} saidAtMs={saidAtMs} /> : null}
                {isMine && request.state === 'approved' ? (
                  <Button
                    size="compact-sm"
                    loading={act.isPending}
                    onClick={() => act.mutate({ id: request.id, action: 'take-up' })}
                  >
                    Take up now
                  </Button>
                ) : null}
                {isMine && (request.state === 'pending' || request.state === 'approved') ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    loading={act.isPending}
                    onClick={() => act.mutate({ id: request.id, action: 'withdraw' })}
                  >
                    Take back
                  </Button>
                ) : null}
                {isMine && request.state === 'active' ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    loading={act.isPending}
                    onClick={() => act.mutate({ id: request.id, action: 'end' })}
                  >
                    End it now
                  </Button>
                ) : null}
                {!isMine && request.may_decide && request.state === 'pending' ? (
                  <Button size="compact-sm" onClick={() => onOpen(request.id)}>
                    Look and decide
                  </Button>
                ) : null}
                {!isMine && request.may_decide && request.needs_review ? (
                  <Button size="compact-sm" onClick={() => onOpen(request.id)}>
                    Review
                  </Button>
                ) : null}
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}

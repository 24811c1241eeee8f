import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { RoomHead } from '../../../parts/room-head.tsx';
import { AnsweredList } from './answered-list.tsx';
import { ApprovalCard } from './approval-card.tsx';
import { AskedFor } from './asked-for.tsx';
import { approvalsQuery } from './approvals-query.ts';
import type { WaitingApproval } from './approvals-query.ts';
import { NoticesSheet } from './notices-sheet.tsx';
import { ProposalsSheet } from './proposals-sheet.tsx';

/** Calls of agents that wait for a person, one under the other, and how those of before were answered. */
export function ApprovalsPage({ me }: { readonly me: Me }) {
  const { data, error, refetch, dataUpdatedAt } = useQuery(approvalsQuery(me));
  const [all, dismiss] = useInPlace(data?.waiting);
  const question = useAddress().get('question');
  // What somebody came for stands first.
  const shown = [...all.filter(({ id }) => id === question), ...all.filter(({ id }) => id !== question)];
  return (
    <div className="room-inner">
      <RoomHead
        title="Approvals"
        lead="What agents want to do and policy leaves to a person. Your yes is to the very call you see; without an answer it is a no."
      />
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[280, 96]} /> : null}
      {question === undefined || data === undefined ? null : <AskedFor id={question} approvals={data} />}
      {data !== undefined && shown.length === 0 ? (
        <EmptyRoom title="Nothing waits">
          When an agent wants to do what its policies leave to you, it stands here at once, on the phone too.
        </EmptyRoom>
      ) : null}
      <div className="approvals">
        {shown.map((approval) => (
          <ApprovalCard
            key={approval.id}
            approval={approval}
            saidAtMs={dataUpdatedAt}
            isOver={data?.waiting.every(({ id }) => id !== approval.id) ?? false}
            outcome={data?.answered.find(({ id }) => id === approval.id)}
            onDismiss={() => dismiss(approval.id)}
          />
        ))}
      </div>
      {may(me, 'agents:read') ? <ProposalsSheet canClose={may(me, 'agents:manage')} /> : null}
      {may(me, 'settings:read') ? <NoticesSheet canChange={may(me, 'settings:manage')} /> : null}
      {data === undefined || data.answered.length === 0 ? null : <AnsweredList answered={data.answered} />}
    </div>
  );
}

/**
 * What waits, in the places where it stood: what is over stays until somebody takes it away, so that nothing moves under a finger that is
 * on its way to a button.
 */
function useInPlace(
  waiting: readonly WaitingApproval[] | undefined,
): readonly [shown: readonly WaitingApproval[], dismiss: (id: string) => void] {
  const [seen, setSeen] = useState(waiting);
  const [shown, setShown] = useState<readonly WaitingApproval[]>(waiting ?? []);
  if (waiting !== seen) {
    setSeen(waiting);
    // As it is now: of two people one may have said yes meanwhile.
    setShown((before) => [
      ...before.map((one) => waiting?.find(({ id }) => id === one.id) ?? one),
      ...(waiting ?? []).filter(({ id }) => before.every((one) => one.id !== id)),
    ]);
  }
  return [shown, (id) => setShown((before) => before.filter((one) => one.id !== id))];
}

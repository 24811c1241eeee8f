import { Button } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { Notice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { approverWords, approversVerdict } from './approver-words.ts';
import { destructionsQuery } from './destructions-query.ts';
import type { Approver, Destructions } from './destructions-query.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { retentionNextSteps } from './next-steps.ts';

/** Whose passkeys count for destructions. The vault keeps them itself: nobody who owns the server can add one at once. */
export function ApproversSheet({
  overview,
  userId,
  canEnrol,
  onProposed,
}: {
  readonly overview: Destructions;
  readonly userId: string;
  readonly canEnrol: boolean;
  /** Two people have to sign this now. */
  readonly onProposed: (id: string) => void;
}) {
  const queries = useQueryClient();
  const { approvers, isListBound } = overview;
  const [withdrawing, setWithdrawing] = useState<Approver>();
  const [reinstating, setReinstating] = useState<Approver>();
  const isEnrolled = approvers.some((approver) => approver.userId === userId);
  const verdict = approversVerdict(approvers);
  const enrol = useMutation({
    mutationFn: async () => {
      if (isListBound) return call('POST /v1/vault/approvers/offer', { body: {} });
      const { proposal } = await call('POST /v1/vault/approvers', {
        body: {},
        purpose: 'enrol your passkey for destructions',
      });
      return proposal;
    },
    onSuccess: async (proposal) => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      if (proposal !== undefined) onProposed(proposal.id);
    },
  });
  return (
    <section className="sheet" aria-labelledby="approvers">
      <div className="sheet-head">
        <h2 id="approvers">Who may sign</h2>
        <span className="quiet small">two people, two passkeys</span>
        {canEnrol || isListBound ? (
          <Button
            size="compact-sm"
            variant={isEnrolled ? 'default' : 'filled'}
            leftSection={<IconFingerprint size={16} aria-hidden="true" />}
            loading={enrol.isPending}
            onClick={() => enrol.mutate()}
          >
            {enrolWords(isListBound, isEnrolled)}
          </Button>
        ) : null}
      </div>
      {enrol.error === null ? null : <ProblemWithStep problem={enrol.error} nextSteps={retentionNextSteps} />}
      {verdict === undefined ? null : (
        <Notice tone="warn" title={verdict.title}>
          <p>{verdict.text}</p>
        </Notice>
      )}
      {isListBound ? (
        <p className="small quiet">
          Somebody new opens this page signed in as themselves and offers their own passkey; two of those below sign
          that with theirs, and it counts.
        </p>
      ) : null}
      {approvers.length === 0 ? null : (
        <ul className="lines" aria-label="Passkeys that count for destructions">
          {approvers.map((approver) => {
            const { word, tone } = approverWords(approver);
            return (
              <li key={approver.credentialId}>
                <span className="line-main">
                  <span className="line-name">
                    {printable(approver.name)}{' '}
                    {approver.userId === userId ? <span className="quiet">(you)</span> : null}
                  </span>
                  <span className="small quiet">
                    passkey for {approver.hostName}, enrolled <Clock at={approver.atMs} short={false} />
                    {approver.agreedBy === undefined || approver.agreedBy.length === 0
                      ? null
                      : `, agreed to by ${approver.agreedBy.map(printable).join(' and ')}`}
                  </span>
                </span>
                <span className={`state-mark ${tone}`}>{word}</span>
                {canEnrol && approver.stopped !== undefined ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Let the passkey of ${approver.name} count again`}
                    onClick={() => setReinstating(approver)}
                  >
                    Let it count again…
                  </Button>
                ) : canEnrol ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Withdraw the passkey of ${approver.name}`}
                    onClick={() => setWithdrawing(approver)}
                  >
                    Withdraw…
                  </Button>
                ) : null}
              </li>
            );
          })}
        </ul>
      )}
      {withdrawing === undefined ? null : (
        <ChangeApprover
          what="withdraw"
          approver={withdrawing}
          isBound={isListBound}
          onProposed={onProposed}
          onClose={() => setWithdrawing(undefined)}
        />
      )}
      {reinstating === undefined ? null : (
        <ChangeApprover
          what="reinstate"
          approver={reinstating}
          isBound={isListBound}
          onProposed={onProposed}
          onClose={() => setReinstating(undefined)}
        />
      )}
    </section>
  );
}

function enrolWords(isListBound: boolean, isEnrolled: boolean): string {
  if (isListBound) return isEnrolled ? 'Offer my new passkeys' : 'Offer my passkey';
  return isEnrolled ? 'Enrol my new passkeys' : 'Enrol my passkey';
}

function ChangeApprover({
  what,
  approver,
  isBound,
  onProposed,
  onClose,
}: {
  readonly what: 'withdraw' | 'reinstate';
  readonly approver: Approver;
  readonly isBound: boolean;
  readonly onProposed: (id: string) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const { credentialId, name } = approver;
  const change = useMutation({
    mutationFn: async (reason: string) => {
      const body = { credentialId, reason };
      if (what === 'reinstate')
        return call('POST /v1/vault/approvers/reinstate', { body, purpose: 'let a passkey count again' });
      return (await call('POST /v1/vault/approvers/withdraw', { body })).proposal;
    },
    onSuccess: async (proposal) => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      if (proposal !== undefined) onProposed(proposal.id);
      onClose();
    },
  });
  const isWithdrawing = what === 'withdraw';
  return (
    <ReasonDialog
      title={isWithdrawing ? `Withdraw the passkey of ${name}?` : `Let the passkey of ${name} count again?`}
      points={
        isWithdrawing
          ? [
              'It signs nothing any more, at once.',
              'What it signed and is not carried out yet must be signed anew.',
              isBound
                ? 'It leaves the list when two people have signed that; until then two can let it count again.'
                : 'Enrolled again, it counts after the waiting time.',
            ]
          : ['Any two people who are enrolled sign that, the one who was stopped included.']
      }
      confirm={isWithdrawing ? 'Withdraw it' : 'Ask for it'}
      {...(isWithdrawing ? { isFinal: true } : {})}
      isPending={change.isPending}
      problem={change.error === null ? null : <ProblemWithStep problem={change.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => change.mutate(reason)}
      onClose={onClose}
    />
  );
}

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
}: {
  readonly overview: Destructions;
  readonly userId: string;
  readonly canEnrol: boolean;
}) {
  const queries = useQueryClient();
  const { approvers } = overview;
  const [withdrawing, setWithdrawing] = useState<Approver>();
  const isEnrolled = approvers.some((approver) => approver.userId === userId);
  const verdict = approversVerdict(approvers);
  const enrol = useMutation({
    mutationFn: () => call('POST /v1/vault/approvers', { body: {}, purpose: 'enrol your passkey for destructions' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: destructionsQuery.queryKey }),
  });
  return (
    <section className="sheet" aria-labelledby="approvers">
      <div className="sheet-head">
        <h2 id="approvers">Who may sign</h2>
        <span className="quiet small">two people, two passkeys</span>
        {canEnrol ? (
          <Button
            size="compact-sm"
            variant={isEnrolled ? 'default' : 'filled'}
            leftSection={<IconFingerprint size={16} aria-hidden="true" />}
            loading={enrol.isPending}
            onClick={() => enrol.mutate()}
          >
            {isEnrolled ? 'Enrol my new passkeys' : 'Enrol my passkey'}
          </Button>
        ) : null}
      </div>
      {enrol.error === null ? null : <ProblemWithStep problem={enrol.error} nextSteps={retentionNextSteps} />}
      {verdict === undefined ? null : (
        <Notice tone="warn" title={verdict.title}>
          <p>{verdict.text}</p>
        </Notice>
      )}
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
                  </span>
                </span>
                <span className={`state-mark ${tone}`}>{word}</span>
                {canEnrol ? (
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
        <WithdrawApprover approver={withdrawing} onClose={() => setWithdrawing(undefined)} />
      )}
    </section>
  );
}

function WithdrawApprover({ approver, onClose }: { readonly approver: Approver; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/approvers/withdraw', { body: { credentialId: approver.credentialId, reason } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      onClose();
    },
  });
  return (
    <ReasonDialog
      title={`Withdraw the passkey of ${approver.name}?`}
      points={[
        'It signs nothing any more, at once.',
        'What it signed and is not carried out yet must be signed anew.',
        'Enrolled again, it counts after the waiting time.',
      ]}
      confirm="Withdraw it"
      isFinal
      isPending={withdraw.isPending}
      problem={
        withdraw.error === null ? null : <ProblemWithStep problem={withdraw.error} nextSteps={retentionNextSteps} />
      }
      onConfirm={(reason) => withdraw.mutate(reason)}
      onClose={onClose}
    />
  );
}

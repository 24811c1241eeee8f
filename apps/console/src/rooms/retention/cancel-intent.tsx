import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { destructionsQuery } from './destructions-query.ts';
import type { Intent } from './destructions-query.ts';
import { retentionNextSteps } from './next-steps.ts';

export function CancelIntent({
  intent,
  title,
  onClose,
}: {
  readonly intent: Intent;
  readonly title: string;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/destructions/{id}/cancel', { params: { id: intent.id }, body: { reason } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      onClose();
    },
  });
  return (
    <ReasonDialog
      title={`Cancel: ${title}?`}
      points={[
        'Nothing of it happens. What was signed counts for nothing any more.',
        'It stays in this list and in the ledger, with your name and why.',
        'It can be asked for again, and is then signed and waits anew.',
      ]}
      confirm="Cancel it"
      isPending={cancel.isPending}
      problem={cancel.error === null ? null : <ProblemWithStep problem={cancel.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => cancel.mutate(reason)}
      onClose={onClose}
    />
  );
}

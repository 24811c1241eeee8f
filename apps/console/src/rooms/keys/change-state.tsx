import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { changeWords } from './key-changes.ts';
import { keyTitle } from './key-words.ts';
import { vaultNextSteps } from './next-steps.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { vaultQuery } from './vault-query.ts';
import type { KeyState, VaultKey } from './vault-query.ts';

/** Puts one key into another state, after saying what that means. */
export function ChangeState({
  keyEntry,
  to,
  onClose,
}: {
  readonly keyEntry: VaultKey;
  readonly to: KeyState;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const { verb, points, isFinal } = changeWords(keyEntry, to);
  const name = keyTitle(keyEntry);
  const change = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/keys/{id}/state', {
        params: { id: keyEntry.id },
        body: { state: to, reason },
        purpose: `change a key of the vault`,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: vaultQuery.queryKey });
      onClose();
    },
  });
  return (
    <ReasonDialog
      title={`${verb}: ${name}, version ${keyEntry.version}?`}
      points={points}
      confirm={verb}
      isFinal={isFinal}
      isPending={change.isPending}
      problem={change.error === null ? null : <ProblemWithStep problem={change.error} nextSteps={vaultNextSteps} />}
      onConfirm={(reason) => change.mutate(reason)}
      onClose={onClose}
    />
  );
}

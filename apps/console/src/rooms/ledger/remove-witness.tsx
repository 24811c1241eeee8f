import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { witnessesQuery } from './witnesses-query.ts';
import type { Witness, WitnessesReport } from './witnesses-query.ts';

export function RemoveWitness({
  witness,
  policy,
  onClose,
}: {
  readonly witness: Witness;
  readonly policy: WitnessesReport['policy'];
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => call('DELETE /v1/ledger/witnesses/{id}', { params: { id: witness.id } }),
    onSuccess: (report) => {
      queries.setQueryData(witnessesQuery.queryKey, report);
      onClose();
    },
  });
  const remaining = policy.of - 1;
  return (
    <Modal opened onClose={onClose} title={`Remove ${witness.name}?`} closeOnClickOutside={false}>
      <div className="stack">
        <ul className="plain-points">
          <li>What it has cosigned stays in evidence that was exported, and in what was witnessed so far.</li>
          {remaining === 0 ? (
            <li>Without a witness, nobody can notice when everything is put back together.</li>
          ) : policy.needed > remaining ? (
            <li>Of the {remaining} that remain, all must cosign from then on, which is one fewer than now.</li>
          ) : null}
          <li>It is recorded in your name and raises an alert.</li>
        </ul>
        {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
        <div className="row">
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            Remove it
          </Button>
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}

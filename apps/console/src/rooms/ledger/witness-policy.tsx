import { Button, Modal, NumberInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { witnessesQuery } from './witnesses-query.ts';
import type { WitnessesReport } from './witnesses-query.ts';

/** How many must cosign, and when an unwitnessed end is an alarm. */
export function WitnessPolicy({
  policy,
  onClose,
}: {
  readonly policy: WitnessesReport['policy'];
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [needed, setNeeded] = useState(policy.needed);
  const [minutes, setMinutes] = useState(policy.tail_limit_minutes);
  const change = useMutation({
    mutationFn: () => call('PUT /v1/ledger/witnesses/policy', { body: { needed, tail_limit_minutes: minutes } }),
    onSuccess: (report) => {
      queries.setQueryData(witnessesQuery.queryKey, report);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="How many witnesses are enough">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <NumberInput
          label={`Of the ${policy.of}, so many must cosign the same checkpoint`}
          description="one that lies or was put back must not be enough; one that is down must not stop the others"
          min={1}
          max={policy.of}
          allowDecimal={false}
          value={needed}
          onChange={(value) => setNeeded(Number(value))}
        />
        <NumberInput
          label="Alarm when the end stays unwitnessed, minutes"
          min={1}
          max={43_200}
          allowDecimal={false}
          value={minutes}
          onChange={(value) => setMinutes(Number(value))}
        />
        <p className="quiet small">Fewer witnesses, or more minutes, raise an alert in your name.</p>
        {change.error === null ? null : <ProblemNotice problem={change.error} />}
        <div className="row">
          <Button type="submit" loading={change.isPending} disabled={needed < 1 || minutes < 1}>
            Save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

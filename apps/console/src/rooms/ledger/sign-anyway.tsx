import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { witnessesQuery } from './witnesses-query.ts';

/** Somebody vouches in place of witnesses that do not answer. */
export function SignAnyway({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const sign = useMutation({
    mutationFn: () => call('POST /v1/ledger/witnesses/sign-anyway', { body: { reason: reason.trim() } }),
    onSuccess: (report) => {
      queries.setQueryData(witnessesQuery.queryKey, report);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Vouch for the log?" closeOnClickOutside={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          sign.mutate();
        }}
      >
        <ul className="plain-points">
          <li>You say that nothing was put back: this is the newest of what was ever recorded here.</li>
          <li>If it is not, a second history is signed, and anybody with a checkpoint of the first can prove it.</li>
          <li>It is recorded in your name and raises an alert.</li>
        </ul>
        <Textarea
          label="Why the witnesses do not answer"
          autosize
          minRows={2}
          maxLength={2000}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {sign.error === null ? null : <ProblemNotice problem={sign.error} />}
        <div className="row">
          <Button color="red" type="submit" loading={sign.isPending} disabled={reason.trim() === ''}>
            Vouch for it
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

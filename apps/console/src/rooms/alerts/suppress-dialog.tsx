import { Button, Checkbox, Modal, NativeSelect, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { AlertDetails } from '../../api/queries.ts';
import { ProblemNotice } from '../../parts/notice.tsx';

const durations = [
  { value: '1', label: 'For a day' },
  { value: '7', label: 'For a week' },
  { value: '30', label: 'For 30 days' },
  { value: '', label: 'Until somebody lifts it' },
];

/** Makes a rule quiet, with a reason. What it finds stays in the ledger and is counted. */
export function SuppressDialog({
  alert,
  opened,
  onClose,
}: {
  readonly alert: AlertDetails;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [days, setDays] = useState('7');
  const [onlyHost, setOnlyHost] = useState(alert.host !== undefined);
  const suppress = useMutation({
    mutationFn: () =>
      call('POST /v1/suppressions', {
        body: {
          rule_id: alert.rule_id,
          reason: reason.trim(),
          ...(days === '' ? {} : { until: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
          ...(onlyHost && alert.host !== undefined ? { host: alert.host } : {}),
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['suppressions'] });
      onClose();
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="Suppress this rule" lockScroll={false} centered>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          suppress.mutate();
        }}
      >
        <p className="quiet">
          “{alert.title}” will make no more open alerts. What it finds is still sealed in the ledger and counted, and
          this decision is in the audit trail.
        </p>
        {alert.host === undefined ? null : (
          <Checkbox
            label={`Only on ${alert.host}`}
            checked={onlyHost}
            onChange={(event) => setOnlyHost(event.currentTarget.checked)}
          />
        )}
        <NativeSelect
          label="How long"
          value={days}
          data={durations}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Textarea
          label="Reason"
          description="Whoever reads the audit trail sees it."
          autosize={false}
          rows={3}
          maxLength={500}
          required
          withAsterisk={false}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {suppress.error === null ? null : <ProblemNotice problem={suppress.error} />}
        <div className="row">
          <Button type="submit" loading={suppress.isPending} disabled={reason.trim() === ''}>
            Suppress
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

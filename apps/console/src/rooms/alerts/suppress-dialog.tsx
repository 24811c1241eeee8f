import { Button, Checkbox, Modal, NativeSelect, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { AlertDetails, Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';

type Duration = { readonly value: string; readonly label: string };

/** What a person may choose: a guard a day, who maintains rules anything that names something, an administrator anything. */
function durationsFor(me: Me, isNarrow: boolean): readonly Duration[] {
  const day = { value: '1', label: 'For a day' };
  if (!may(me, 'rules:manage')) return [day];
  const bounded = [day, { value: '7', label: 'For a week' }, { value: '30', label: 'For 30 days' }];
  return isNarrow || may(me, 'settings:manage')
    ? [...bounded, { value: '', label: 'Until somebody lifts it' }]
    : bounded;
}

/** Makes a rule quiet, with a reason. What it finds stays in the ledger and is counted. */
export function SuppressDialog({
  alert,
  me,
  opened,
  onClose,
}: {
  readonly alert: AlertDetails;
  readonly me: Me;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [wanted, setWanted] = useState('1');
  const [onlyHost, setOnlyHost] = useState(alert.host !== undefined);
  const [onlyUser, setOnlyUser] = useState(false);
  const [field, setField] = useState('');
  const matched = alert.matched[Number(field)];
  const conditions = {
    ...(onlyHost && alert.host !== undefined ? { host: alert.host } : {}),
    ...(onlyUser && alert.user !== undefined ? { user: alert.user } : {}),
    ...(field === '' || matched === undefined ? {} : { field: { name: matched.field, value: matched.value } }),
  };
  const isNarrow = Object.keys(conditions).length > 0;
  const durations = durationsFor(me, isNarrow);
  const days = durations.some(({ value }) => value === wanted) ? wanted : '1';
  const suppress = useMutation({
    mutationFn: () =>
      call('POST /v1/suppressions', {
        body: {
          rule_id: alert.rule_id,
          reason: reason.trim(),
          ...(days === '' ? {} : { until: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
          ...conditions,
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['suppressions'] });
      onClose();
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="Suppress this rule" centered>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          suppress.mutate();
        }}
      >
        <p className="quiet">
          “{printable(alert.title)}” will make no more open alerts. What it finds is still sealed in the ledger and
          counted, and this decision is in the audit trail.
        </p>
        {alert.host === undefined ? null : (
          <Checkbox
            label={`Only on ${printable(alert.host)}`}
            checked={onlyHost}
            onChange={(event) => setOnlyHost(event.currentTarget.checked)}
          />
        )}
        {alert.user === undefined ? null : (
          <Checkbox
            label={`Only for user ${printable(alert.user)}`}
            checked={onlyUser}
            onChange={(event) => setOnlyUser(event.currentTarget.checked)}
          />
        )}
        {alert.matched.length === 0 ? null : (
          <NativeSelect
            label="Only where"
            value={field}
            data={[
              { value: '', label: 'Any value' },
              ...alert.matched.map((one, at) => ({
                value: String(at),
                label: `${printable(one.field)} is ${printable(one.value).slice(0, 80)}`,
              })),
            ]}
            onChange={(event) => setField(event.currentTarget.value)}
          />
        )}
        {isNarrow ? null : (
          <p className="small" role="status">
            Nothing is named: the rule falls silent for everybody and everywhere.
            {days === '' ? ' You will be asked to prove who you are.' : ''}
          </p>
        )}
        <NativeSelect
          label="How long"
          value={days}
          data={[...durations]}
          onChange={(event) => setWanted(event.currentTarget.value)}
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

import { Button, NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { AlertDetails, Disposition, Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { assigneesQuery } from './alerts-query.ts';
import { DispositionSelect } from './disposition-select.tsx';
import { SuppressDialog } from './suppress-dialog.tsx';
import { SuppressedNotice } from './suppressed-notice.tsx';
import { seen, useTriage } from './use-triage.ts';
import type { TriageChange } from './use-triage.ts';

/** What a person may do with an alert now. */
export function Triage({ alert, me }: { readonly alert: AlertDetails; readonly me: Me }) {
  const triage = useTriage();
  const [isSuppressing, setSuppressing] = useState(false);
  const [disposition, setDisposition] = useState<Disposition>();
  const change = (wanted: TriageChange): void => triage.mutate({ alerts: [seen(alert)], change: wanted });
  return (
    <div className="stack tight">
      <div className="row">
        {alert.state === 'new' ? (
          <Button loading={triage.isPending} onClick={() => change({ state: 'acknowledged', assignee: me.user.id })}>
            Take it
          </Button>
        ) : null}
        {alert.state === 'closed' || alert.state === 'suppressed' ? (
          <Button variant="default" loading={triage.isPending} onClick={() => change({ state: 'acknowledged' })}>
            Reopen
          </Button>
        ) : (
          <Button
            variant="default"
            loading={triage.isPending}
            onClick={() => change({ state: 'closed', ...(disposition === undefined ? {} : { disposition }) })}
          >
            Close
          </Button>
        )}
        {alert.state === 'suppressed' ? null : alert.state === 'closed' ? (
          <DispositionSelect
            value={alert.disposition ?? undefined}
            onChange={(said) => (said === undefined ? undefined : change({ disposition: said }))}
          />
        ) : (
          <DispositionSelect value={disposition} onChange={setDisposition} />
        )}
        <Button variant="default" onClick={() => setSuppressing(true)}>
          Suppress…
        </Button>
        {may(me, 'rules:manage') ? (
          <Link href={`/rules/exceptions?alert=${encodeURIComponent(alert.id)}`}>Make an exception…</Link>
        ) : null}
        <Assign alert={alert} me={me} onAssign={(assignee) => change({ assignee })} />
      </div>
      {alert.changed_by === null ? null : (
        <p className="quiet small">
          Last changed by {printable(alert.changed_by.name)}, <Clock at={alert.state_changed_at} />
        </p>
      )}
      {triage.error === null ? null : <ProblemNotice problem={triage.error} />}
      <SuppressedNotice alert={alert} onClose={() => change({ state: 'closed' })} />
      <SuppressDialog alert={alert} me={me} opened={isSuppressing} onClose={() => setSuppressing(false)} />
    </div>
  );
}

function Assign({
  alert,
  me,
  onAssign,
}: {
  readonly alert: AlertDetails;
  readonly me: Me;
  readonly onAssign: (assignee: string | null) => void;
}) {
  const { data } = useQuery(assigneesQuery);
  const people = data?.assignees ?? [{ id: me.user.id, name: me.user.name }];
  const assignee = alert.assignee ?? '';
  const known = people.some(({ id }) => id === assignee);
  return (
    <NativeSelect
      aria-label="Assigned to"
      value={assignee}
      onChange={(event) => onAssign(event.currentTarget.value === '' ? null : event.currentTarget.value)}
      data={[
        { value: '', label: 'Nobody assigned' },
        ...people.map(({ id, name }) => ({ value: id, label: id === me.user.id ? `${name} (you)` : name })),
        ...(assignee === '' || known
          ? []
          : [{ value: assignee, label: data === undefined ? 'Somebody' : 'Somebody who may not any more' }]),
      ]}
    />
  );
}

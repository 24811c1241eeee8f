import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { AlertRow, AlertState, Disposition, Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { DispositionSelect } from './disposition-select.tsx';
import { stateWords } from './state-words.ts';
import { seen, useTriage } from './use-triage.ts';
import type { TriageChange } from './use-triage.ts';

type Step = { readonly verb: string; readonly from: readonly AlertState[]; readonly change: TriageChange };

/** Of more alerts an exception is not proposed: what all of them have in common says little. */
const mostAlerts = 20;

/** What is selected, and what will happen to what before it does. */
export function BulkBar({
  alerts,
  me,
  onDone,
}: {
  readonly alerts: readonly AlertRow[];
  readonly me: Me;
  readonly onDone: () => void;
}) {
  const triage = useTriage();
  const [asked, setAsked] = useState<Step>();
  const [disposition, setDisposition] = useState<Disposition>();
  const steps: readonly Step[] = [
    { verb: 'Take', from: ['new'], change: { state: 'acknowledged', assignee: me.user.id } },
    { verb: 'Close', from: ['new', 'acknowledged'], change: { state: 'closed' } },
    { verb: 'Reopen', from: ['closed', 'suppressed'], change: { state: 'acknowledged' } },
  ];
  const fits = (step: Step): AlertRow[] => alerts.filter(({ state }) => step.from.includes(state));
  const affected = asked === undefined ? [] : fits(asked);
  return (
    <div className="bulk-bar" role="region" aria-label="Selected alerts">
      <strong>{plural(alerts.length, 'alert')} selected</strong>
      {steps.map((step) => (
        <Button
          key={step.verb}
          size="xs"
          variant={asked?.verb === step.verb ? 'filled' : 'default'}
          disabled={fits(step).length === 0}
          onClick={() => setAsked(step)}
        >
          {step.verb} {fits(step).length}
        </Button>
      ))}
      {may(me, 'rules:manage') && alerts.length <= mostAlerts ? (
        <Link
          className="small"
          href={`/rules/exceptions?alert=${alerts.map(({ id }) => encodeURIComponent(id)).join(',')}`}
        >
          Make an exception…
        </Link>
      ) : null}
      <button type="button" className="plain-button small" onClick={onDone}>
        Select none
      </button>
      {asked === undefined ? null : (
        <div className="bulk-preview" role="status">
          <p>{previewOf(asked, affected, alerts)}</p>
          <div className="row">
            {asked.change.state === 'closed' ? (
              <DispositionSelect size="xs" value={disposition} onChange={setDisposition} />
            ) : null}
            <Button
              size="xs"
              loading={triage.isPending}
              disabled={affected.length === 0}
              onClick={() => {
                const said = asked.change.state === 'closed' && disposition !== undefined ? { disposition } : {};
                triage.mutate(
                  { alerts: affected.map(seen), change: { ...asked.change, ...said } },
                  { onSuccess: onDone },
                );
              }}
            >
              {asked.verb} {plural(affected.length, 'alert')}
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsked(undefined)}>
              Cancel
            </Button>
          </div>
        </div>
      )}
      {triage.error === null ? null : <ProblemNotice problem={triage.error} />}
    </div>
  );
}

function previewOf({ verb, change }: Step, affected: readonly AlertRow[], selected: readonly AlertRow[]): string {
  const findings = affected.reduce((sum, { count }) => sum + count, 0);
  const to = change.state === undefined ? '' : ` to “${stateWords[change.state]}”`;
  const yours = change.assignee === undefined ? '' : ' and are yours';
  const rest = selected.length - affected.length;
  const others = new Set(affected.flatMap(({ assignee }) => assignee ?? [])).size;
  return [
    `${verb}: ${plural(affected.length, 'alert')} with ${plural(findings, 'finding')} go${to}${yours}.`,
    rest === 0
      ? ''
      : `${plural(rest, 'other')} of the selection stay${rest === 1 ? 's' : ''} as ${rest === 1 ? 'it is' : 'they are'}.`,
    others === 0 || change.assignee === undefined ? '' : 'Some of them are somebody’s already.',
    'Each is recorded in the audit trail.',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

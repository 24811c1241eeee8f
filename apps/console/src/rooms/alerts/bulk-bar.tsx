import { Button } from '@mantine/core';
import { useState } from 'react';
import type { AlertRow, AlertState, Me } from '../../api/queries.ts';
import { plural } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { stateWords } from './state-words.ts';
import { seen, useTriage } from './use-triage.ts';
import type { TriageChange } from './use-triage.ts';

type Step = { readonly verb: string; readonly from: readonly AlertState[]; readonly change: TriageChange };

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
      <button type="button" className="plain-button small" onClick={onDone}>
        Select none
      </button>
      {asked === undefined ? null : (
        <div className="bulk-preview" role="status">
          <p>{previewOf(asked, affected, alerts)}</p>
          <div className="row">
            <Button
              size="xs"
              loading={triage.isPending}
              disabled={affected.length === 0}
              onClick={() => triage.mutate({ alerts: affected.map(seen), change: asked.change }, { onSuccess: onDone })}
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

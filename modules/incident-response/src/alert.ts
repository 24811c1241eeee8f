import { findingLevels, formatPosition, severityOfLevel } from '@sallyport/contracts';
import type { Finding, FindingLevel, Position } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';

export const alertStates = ['new', 'acknowledged', 'closed', 'suppressed'] as const;
export type AlertState = (typeof alertStates)[number];

/** What a person may do: take an alert, put it back, close it, reopen one that was closed, and bring a suppressed one up. */
const nextStates: Readonly<Record<AlertState, readonly AlertState[]>> = {
  new: ['acknowledged', 'closed'],
  acknowledged: ['new', 'closed'],
  closed: ['acknowledged'],
  suppressed: ['new', 'acknowledged', 'closed'],
};

/** A finding that a person should look at. Holds nothing that came out of an event: that is read from the ledger. */
export type Alert = {
  /** `LOG-INDEX` of the finding. */
  readonly id: string;
  /** Grows with every alert, never given twice. */
  readonly number: number;
  readonly state: AlertState;
  /** Ledger time of the event the rule matched, milliseconds. */
  readonly createdAtMs: number;
  readonly stateChangedAtMs: number;
  readonly title: string;
  readonly level: FindingLevel;
  readonly ruleId: string;
  readonly finding: Position;
  readonly input: Position;
  /** Id of who has it. */
  readonly assignee?: string;
};

/** An alert just made, with what its finding says about where. */
export type NewAlert = Alert & { readonly host?: string };

/** A change a person makes: at least one of its parts. `comment` is kept in the audit event alone. */
export type AlertChange = {
  readonly id: string;
  readonly state?: AlertState;
  /** null: nobody. */
  readonly assignee?: string | null;
  readonly comment?: string;
  readonly actor: Principal;
};

export function canChange(from: AlertState, to: AlertState): boolean {
  return nextStates[from].includes(to);
}

export function alertFrom(input: {
  readonly number: number;
  readonly position: Position;
  readonly finding: Finding;
  readonly isSuppressed: boolean;
}): NewAlert {
  const { number, position, finding } = input;
  return {
    id: `${position.log}-${position.index}`,
    number,
    state: input.isSuppressed ? 'suppressed' : 'new',
    createdAtMs: finding.createdAtMs,
    stateChangedAtMs: finding.createdAtMs,
    title: finding.title,
    level: finding.level,
    ruleId: finding.rule.id,
    finding: position,
    input: finding.input,
    ...(finding.host === undefined ? {} : { host: finding.host }),
  };
}

/** An alert as the API shows it. */
export type AlertJson = {
  readonly id: string;
  readonly number: number;
  readonly state: AlertState;
  readonly title: string;
  readonly level: FindingLevel;
  readonly severity_id: number;
  readonly rule_id: string;
  /** RFC 3339, as `state_changed_at`. */
  readonly created_at: string;
  readonly state_changed_at: string;
  /** `LOG/INDEX`, as `input`. */
  readonly finding: string;
  readonly input: string;
  readonly assignee: string | null;
};

export function alertJson(alert: Alert): AlertJson {
  return {
    id: alert.id,
    number: alert.number,
    state: alert.state,
    title: alert.title,
    level: alert.level,
    severity_id: severityOfLevel(alert.level),
    rule_id: alert.ruleId,
    created_at: new Date(alert.createdAtMs).toISOString(),
    state_changed_at: new Date(alert.stateChangedAtMs).toISOString(),
    finding: formatPosition(alert.finding),
    input: formatPosition(alert.input),
    assignee: alert.assignee ?? null,
  };
}

export function parseAlertState(text: string): AlertState | undefined {
  return alertStates.find((state) => state === text);
}

export function levelOfSeverity(severityId: number): FindingLevel | undefined {
  return findingLevels[severityId - 1];
}

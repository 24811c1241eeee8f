import { findingLevels, formatPosition, severityOfLevel } from '@sallyport/contracts';
import type { Finding, FindingLevel, Position } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import { entitiesOfFinding } from './entities.ts';
import type { AlertEntities } from './entities.ts';

export const alertStates = ['new', 'acknowledged', 'closed', 'suppressed'] as const;
export type AlertState = (typeof alertStates)[number];

/** What a person may do: take an alert, put it back, close it, reopen one that was closed, and bring a suppressed one up. */
const nextStates: Readonly<Record<AlertState, readonly AlertState[]>> = {
  new: ['acknowledged', 'closed'],
  acknowledged: ['new', 'closed'],
  closed: ['acknowledged'],
  suppressed: ['new', 'acknowledged', 'closed'],
};

/** One finding, or repeated ones of one rule about one entity, that a person should look at. */
export type Alert = {
  /** `LOG-INDEX` of the first finding. */
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
  readonly entities: AlertEntities;
  /** Findings it stands for. */
  readonly count: number;
  /** Ledger time of the event of the newest finding. */
  readonly lastSeenAtMs: number;
  readonly lastFinding: Position;
  /** Under which number it was last announced, from the same row of numbers; `number` when that was once. */
  readonly announcement: number;
  /** Ledger time of the event of the finding that announced it. */
  readonly announcedAtMs: number;
  /** Grows with every change a person makes. */
  readonly revision: number;
  readonly changedBy?: { readonly id: string; readonly name: string };
};

/** A change a person makes: at least one of its parts. `comment` is kept in the audit event alone. */
export type AlertChange = {
  readonly id: string;
  readonly state?: AlertState;
  /** null: nobody. */
  readonly assignee?: string | null;
  readonly comment?: string;
  /** The revision its author saw; a newer one refuses the change. */
  readonly revision?: number;
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
}): Alert {
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
    entities: entitiesOfFinding(finding),
    count: 1,
    lastSeenAtMs: finding.createdAtMs,
    lastFinding: position,
    announcement: number,
    announcedAtMs: finding.createdAtMs,
    revision: 0,
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
  readonly host?: string;
  readonly user?: string;
  readonly source?: string;
  readonly process?: string;
  readonly identity?: string;
  readonly account?: string;
  readonly region?: string;
  readonly site?: string;
  readonly camera?: string;
  readonly picture?: string;
  readonly picture_before?: string;
  readonly last_picture?: string;
  readonly last_picture_before?: string;
  readonly count: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly last_finding: string;
  readonly announcement: number;
  readonly announced_at: string;
  readonly revision: number;
  readonly changed_by: { readonly id: string; readonly name: string } | null;
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
    ...alert.entities,
    count: alert.count,
    first_seen_at: new Date(alert.createdAtMs).toISOString(),
    last_seen_at: new Date(alert.lastSeenAtMs).toISOString(),
    last_finding: formatPosition(alert.lastFinding),
    announcement: alert.announcement,
    announced_at: new Date(alert.announcedAtMs).toISOString(),
    revision: alert.revision,
    changed_by: alert.changedBy ?? null,
  };
}

export function parseAlertState(text: string): AlertState | undefined {
  return alertStates.find((state) => state === text);
}

export function levelOfSeverity(severityId: number): FindingLevel | undefined {
  return findingLevels[severityId - 1];
}

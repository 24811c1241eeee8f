import { findingLevels, formatPosition, severityOfLevel } from '@sallyport/contracts';
import type { Finding, FindingLevel, Position } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import { entitiesOfFinding } from './entities.ts';
import type { AlertEntities } from './entities.ts';
import { priorityOf, priorityWords } from './priority.ts';
import type { Priority, PriorityFacts } from './priority.ts';

export const alertStates = ['new', 'acknowledged', 'closed', 'suppressed'] as const;
export type AlertState = (typeof alertStates)[number];

/** What an alert turned out to be: an attack; real but harmless; meant to happen; the rule was wrong. */
export const dispositions = ['true_positive', 'benign', 'expected', 'false_positive'] as const;
export type Disposition = (typeof dispositions)[number];

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
  /** Of a closed alert, where somebody said it. */
  readonly disposition?: Disposition;
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
  /** As it was last counted. */
  readonly priority: Priority;
  readonly changedBy?: { readonly id: string; readonly name: string };
};

/** A change a person makes: at least one of its parts. `comment` is kept in the audit event alone. */
export type AlertChange = {
  readonly id: string;
  readonly state?: AlertState;
  /** What it turned out to be: when closing it, or of one that is closed. */
  readonly disposition?: Disposition;
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
  readonly facts?: PriorityFacts | undefined;
}): Alert {
  const { number, position, finding } = input;
  const entities = entitiesOfFinding(finding);
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
    entities,
    count: 1,
    lastSeenAtMs: finding.createdAtMs,
    lastFinding: position,
    announcement: number,
    announcedAtMs: finding.createdAtMs,
    revision: 0,
    priority: priorityOf(finding.level, entities, input.facts),
  };
}

/** An alert as the API shows it. */
export type AlertJson = {
  readonly id: string;
  readonly number: number;
  readonly state: AlertState;
  readonly disposition: Disposition | null;
  readonly title: string;
  readonly level: FindingLevel;
  readonly severity_id: number;
  readonly priority: number;
  /** What it is made of. */
  readonly priority_words: string;
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
  readonly agent?: string;
  readonly agent_session?: string;
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
    disposition: alert.disposition ?? null,
    title: alert.title,
    level: alert.level,
    severity_id: severityOfLevel(alert.level),
    priority: alert.priority.value,
    priority_words: priorityWords(alert.level, alert.priority),
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

export function parseDisposition(text: string | null): Disposition | undefined {
  return dispositions.find((disposition) => disposition === text);
}

export function levelOfSeverity(severityId: number): FindingLevel | undefined {
  return findingLevels[severityId - 1];
}

/** By what lists are ordered: the priority, and 1,000 more for what is not closed. Closed alerts keep the priority they had. */
export function rankOf({ priority, state }: Pick<Alert, 'priority' | 'state'>): number {
  return priority.value + (state === 'closed' ? 0 : 1000);
}

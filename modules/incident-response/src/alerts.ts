import type { Readable } from 'node:stream';
import type { Projection } from '@sallyport/ledger';
import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject, Position } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { canChange } from './alert.ts';
import type { Alert, AlertChange } from './alert.ts';
import { alertChangeEvent } from './alert-change-event.ts';
import {
  alertsAfter,
  countAlerts,
  findAlert,
  forgetEntities,
  newestAnnouncement,
  numberBefore,
  writeTriage,
} from './alert-store.ts';
import type { AlertCount, AlertFilter } from './alert-store.ts';
import { findingsOf } from './alert-grouping.ts';
import type { AlertFinding } from './alert-grouping.ts';
import { createAlertStreams } from './alert-streams.ts';
import { createAlertsProjection } from './alerts-projection.ts';
import type { AlertCounts } from './alerts-projection.ts';
import { forgetAlerts } from './forget-alerts.ts';
import type { ErasedRange } from './forget-alerts.ts';
import { createPendingComments, readComments } from './comments.ts';
import type { AlertComment } from './comments.ts';
import { AlertError } from './errors.ts';
import type { AlertsNeeds, Assignee } from './needs.ts';
import { listAlerts } from './list-alerts.ts';
import { createPriorities } from './priorities.ts';
import { tallyRules } from './rule-tally.ts';
import type { RuleTally } from './rule-tally.ts';
import { readFinding } from './read-finding.ts';
import type { StoredFinding } from './read-finding.ts';
import { countFindingsSince, findingsSince } from './stored-findings.ts';
import type { AlertedFinding, FindingsAsked } from './stored-findings.ts';
import { createSuppressions } from './suppressions.ts';
import type { Suppressions } from './suppressions.ts';

export type AlertsHealth = AlertCounts & { readonly openStreams: number };

export type Alerts = {
  readonly projection: Projection;
  /** Those with the newest finding first, unless asked otherwise. */
  list(filter: AlertFilter): Promise<readonly Alert[]>;
  /** The alert with its finding, undefined when the ledger no longer gives it out, and its newest comments. Throws `AlertError` `alert_unknown`. */
  get(id: string): Promise<{
    alert: Alert;
    stored: StoredFinding | undefined;
    comments: readonly AlertComment[];
    /** The newest findings it stands for, newest first. */
    findings: readonly AlertFinding[];
  }>;
  /** The alert as it is now; undefined when there is none. */
  find(id: string): Promise<Alert | undefined>;
  /** Change and audit event in one transaction, both durable before this resolves. Throws `AlertError` `alert_unknown`, `alert_changed`, `alert_transition_invalid`, `alert_not_closed`, `assignee_unknown`. */
  change(change: AlertChange): Promise<Alert>;
  /** Whom alerts can be given to, by name. */
  assignees(): Promise<readonly Assignee[]>;
  /** How many alerts there are of each state and level. */
  counts(): Promise<readonly AlertCount[]>;
  /** What rules found in the last 30 days, in no order; at most ten seconds old. */
  ruleTallies(): Promise<readonly RuleTally[]>;
  readonly suppressions: Suppressions;
  /** Findings of rules since a time, of all alerts. */
  readonly stored: {
    findings(
      asked: FindingsAsked & { readonly before?: Position; readonly limit: number },
    ): Promise<readonly AlertedFinding[]>;
    countFindings(asked: FindingsAsked): Promise<number>;
  };
  /** Alerts announced under a number over `number`, in that order; the suppressed ones left out. */
  after(number: number, limit: number): Promise<readonly Alert[]>;
  /** The number of the newest announcement; 0 when there is none. */
  newestNumber(): Promise<number>;
  /** The largest number of an alert whose finding stands before `position`; 0 when there is none. */
  numberBefore(position: Position): Promise<number>;
  /** Server-sent events; see `AlertStreams.open`. */
  openStream(after: number | undefined, callerId: string, isShown?: (alert: Alert) => boolean): Promise<Readable>;
  /** Calls `listener` after each new alert, or one that came back, is committed, in this process, at most once; who must not miss one reads a stream. Returns the way to stop. */
  onAlert(listener: (alert: Alert) => void): () => void;
  /** As `onAlert`: calls `listener` after a person changed an alert, or it came to stand for more findings. */
  onChange(listener: (alert: Alert) => void): () => void;
  /** Puts into the audit trail that somebody takes alerts out; durable before it resolves. */
  recordExport(request: { readonly actor: Principal; readonly details: JsonObject }): Promise<void>;
  /** Takes who and where from alerts of what was erased, at once; says how many. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  /** Counts the priorities of open alerts anew, as every minute: risk or criticality changed. Says how many came out different. */
  prioritize(): Promise<number>;
  health(): AlertsHealth;
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>;
};

const tallyForMs = 10_000;

export function createAlerts(needs: AlertsNeeds): Alerts {
  const { database, sealingKey } = needs;
  const listeners = new Set<(alert: Alert) => void>();
  const changeListeners = new Set<(alert: Alert) => void>();
  const pending = createPendingComments();
  let tallied: { readonly atMs: number; readonly tallies: Promise<readonly RuleTally[]> } | undefined;

  const projection = createAlertsProjection({
    database,
    clock: needs.clock,
    sealingKey,
    random: needs.random,
    facts: needs.priorityFacts,
    publish(alerts) {
      streams.wake();
      for (const alert of alerts) for (const listener of listeners) listener(alert);
    },
    changed: tellChanged,
    commentSeen: (comment) => pending.seen(comment),
  });

  const streams = createAlertStreams({
    alertsAfter: (after, limit) => alertsAfter(database, sealingKey, after, limit),
    newestNumber: () => newestAnnouncement(database),
    every: needs.every,
    maxStreams: needs.limits?.streams ?? 32,
    streamBuffer: needs.limits?.streamBuffer ?? 65_536,
  });

  const priorities = createPriorities(needs);

  function tellChanged(alert: Alert): void {
    for (const listener of changeListeners) listener(alert);
  }

  function known(alert: Alert | undefined, id: string): Alert {
    if (alert === undefined) throw new AlertError('alert_unknown', `Cannot find alert "${id}"`);
    return alert;
  }

  return {
    projection,
    list: (filter) => listAlerts(database, sealingKey, filter),
    async get(id) {
      const alert = known(await findAlert(database, sealingKey, id), id);
      const [stored, comments, findings] = await Promise.all([
        readFinding(needs.ledger, alert.finding),
        readComments(database, needs.ledger, id),
        findingsOf(database, alert),
      ]);
      const shown = { stored, findings, comments: [...comments, ...pending.of(id)] };
      if (stored !== undefined || Object.keys(alert.entities).length === 0) return { alert, ...shown };
      // Gone with the key of its finding.
      await forgetEntities(database, id);
      return { alert: { ...alert, entities: {} }, ...shown };
    },
    find: (id) => findAlert(database, sealingKey, id),
    async change(change) {
      const { assignee } = change;
      const assignable = typeof assignee === 'string' ? await needs.assignees?.() : undefined;
      if (assignable !== undefined && !assignable.some(({ id }) => id === assignee)) {
        throw new AlertError(
          'assignee_unknown',
          `Cannot give an alert to "${assignee ?? ''}": must be an active account that may handle alerts`,
        );
      }
      const nowMs = needs.clock.nowMs();
      const changed = await database.transaction().execute(async (transaction) => {
        const before = known(await findAlert(transaction, sealingKey, change.id), change.id);
        const changed = changedAlert(before, change, nowMs);
        await writeTriage(transaction, needs, changed);
        const findings =
          change.disposition === undefined || before.count === 1
            ? undefined
            : (await findingsOf(transaction, before)).map(({ position }) => position);
        const event = alertChangeEvent({ nowMs, change, before, ...(findings === undefined ? {} : { findings }) });
        await needs.outbox.record(transaction, event);
        return changed;
      });
      if (change.comment !== undefined) {
        const { id, name } = change.actor;
        pending.add({ alertId: change.id, atMs: nowMs, actor: { id, name }, text: change.comment });
      }
      await needs.outbox.flushed();
      tellChanged(changed);
      return changed;
    },
    assignees: async () => (await needs.assignees?.()) ?? [],
    counts: () => countAlerts(database),
    ruleTallies() {
      const nowMs = needs.clock.nowMs();
      // It reads a month of findings: whoever asks again meanwhile gets the same.
      if (tallied === undefined || Math.abs(nowMs - tallied.atMs) >= tallyForMs) {
        const tallies = tallyRules(database, nowMs);
        tallied = { atMs: nowMs, tallies };
        tallies.catch(() => (tallied = undefined));
      }
      return tallied.tallies;
    },
    suppressions: createSuppressions(needs),
    stored: {
      findings: (asked) => findingsSince(database, asked),
      countFindings: (asked) => countFindingsSince(database, asked),
    },
    after: (number, limit) => alertsAfter(database, sealingKey, number, limit),
    newestNumber: () => newestAnnouncement(database),
    numberBefore: (position) => numberBefore(database, position),
    openStream: (after, callerId, isShown) => streams.open(after, callerId, isShown),
    onAlert(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    async recordExport({ actor, details }) {
      const event = auditEvent({
        nowMs: needs.clock.nowMs(),
        actor: { kind: actor.kind, id: actor.id, name: actor.name },
        action: 'alerts.export',
        classUid: ocsfClass.apiActivity,
        activityId: 2,
        outcome: 'success',
        target: { type: 'alerts', id: 'list' },
        details,
      });
      await database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
      await needs.outbox.flushed();
    },
    async forget(ranges) {
      const changed = await forgetAlerts(database, ranges);
      for (const id of changed) {
        const alert = await findAlert(database, sealingKey, id);
        if (alert !== undefined) tellChanged(alert);
      }
      return changed.length;
    },
    health: () => ({ ...projection.counts(), openStreams: streams.count() }),
    prioritize: () => priorities.count(),
    async close() {
      streams.close();
      await priorities.close();
    },
  };
}

/** Says who was faster, when somebody was. Throws `AlertError` `alert_changed`, `alert_transition_invalid`, `alert_not_closed`. */
function changedAlert(before: Alert, change: AlertChange, nowMs: number): Alert {
  const { state, disposition, assignee, revision, actor } = change;
  const details = {
    revision: before.revision,
    state: before.state,
    assignee: before.assignee ?? null,
    changed_at: new Date(before.stateChangedAtMs).toISOString(),
    changed_by: before.changedBy === undefined ? null : { ...before.changedBy },
  };
  if (revision !== undefined && revision !== before.revision) {
    throw new AlertError(
      'alert_changed',
      `Cannot change alert "${before.id}": ${before.changedBy?.name ?? 'somebody'} changed it since revision ${revision}, must be made on revision ${before.revision}`,
      { details },
    );
  }
  if (state !== undefined && !canChange(before.state, state)) {
    const by = before.changedBy === undefined ? '' : `, by ${before.changedBy.name}`;
    throw new AlertError(
      'alert_transition_invalid',
      `Cannot change alert "${before.id}" to "${state}": its state is "${before.state}"${by}`,
      { details },
    );
  }
  if (disposition !== undefined && (state ?? before.state) !== 'closed') {
    throw new AlertError(
      'alert_not_closed',
      `Cannot say what alert "${before.id}" was: its state is "${before.state}", it must be closed with it`,
      { details },
    );
  }
  const { assignee: assigneeBefore, disposition: dispositionBefore, ...rest } = before;
  // Open again: what it is, is open as well.
  const judged = state === undefined || state === 'closed' ? (disposition ?? dispositionBefore) : undefined;
  const next = assignee === undefined ? assigneeBefore : (assignee ?? undefined);
  return {
    ...rest,
    ...(state === undefined ? {} : { state, stateChangedAtMs: nowMs }),
    ...(judged === undefined ? {} : { disposition: judged }),
    ...(next === undefined ? {} : { assignee: next }),
    revision: before.revision + 1,
    changedBy: { id: actor.id, name: actor.name },
  };
}

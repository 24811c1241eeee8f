import type { Readable } from 'node:stream';
import type { Projection } from '@sallyport/ledger';
import type { Position } from '@sallyport/contracts';
import { canChange } from './alert.ts';
import type { Alert, AlertChange, NewAlert } from './alert.ts';
import { alertChangeEvent } from './alert-change-event.ts';
import { alertsAfter, countAlerts, findAlert, listAlerts, numberBefore, writeTriage } from './alert-store.ts';
import type { AlertCount, AlertFilter } from './alert-store.ts';
import { createAlertStreams } from './alert-streams.ts';
import { createAlertsProjection } from './alerts-projection.ts';
import type { AlertCounts } from './alerts-projection.ts';
import { createPendingComments, readComments } from './comments.ts';
import type { AlertComment } from './comments.ts';
import { AlertError } from './errors.ts';
import type { AlertsNeeds } from './needs.ts';
import { readFinding } from './read-finding.ts';
import type { StoredFinding } from './read-finding.ts';
import { createSuppressions } from './suppressions.ts';
import type { Suppressions } from './suppressions.ts';

export type AlertsHealth = AlertCounts & { readonly openStreams: number };

export type Alerts = {
  readonly projection: Projection;
  /** Newest first. */
  list(filter: AlertFilter): Promise<readonly Alert[]>;
  /** The alert with its finding, undefined when the ledger no longer gives it out, and its newest comments. Throws `AlertError` `alert_unknown`. */
  get(id: string): Promise<{
    alert: Alert;
    stored: StoredFinding | undefined;
    comments: readonly AlertComment[];
  }>;
  /** Change and audit event in one transaction, both durable before this resolves. Throws `AlertError` `alert_unknown`, `alert_transition_invalid`, `assignee_unknown`. */
  change(change: AlertChange): Promise<Alert>;
  /** How many alerts there are of each state and level. */
  counts(): Promise<readonly AlertCount[]>;
  readonly suppressions: Suppressions;
  /** Alerts with a number over `number`, oldest first, each with its host when known; the suppressed ones left out. */
  after(number: number, limit: number): Promise<readonly NewAlert[]>;
  /** The largest number of an alert whose finding stands before `position`; 0 when there is none. */
  numberBefore(position: Position): Promise<number>;
  /** Server-sent events; see `AlertStreams.open`. */
  openStream(after: number | undefined, callerId: string): Promise<Readable>;
  /** Calls `listener` after each new alert is committed, in this process, at most once; who must not miss one reads a stream. Returns the way to stop. */
  onAlert(listener: (alert: NewAlert) => void): () => void;
  health(): AlertsHealth;
  close(): void;
};

const rememberedHosts = 1000;

export function createAlerts(needs: AlertsNeeds): Alerts {
  const { database } = needs;
  const listeners = new Set<(alert: NewAlert) => void>();
  // In memory only: names of hosts are content of events.
  const hosts = new Map<number, string | undefined>();

  const pending = createPendingComments();

  const projection = createAlertsProjection({
    database,
    sealingKey: needs.sealingKey,
    publish(alerts) {
      for (const alert of alerts) remember(alert.number, alert.host);
      streams.wake();
      for (const alert of alerts) for (const listener of listeners) listener(alert);
    },
    commentSeen: (comment) => pending.seen(comment),
  });

  const streams = createAlertStreams({
    alertsAfter: (after, limit) => alertsAfter(database, after, limit),
    async newestNumber() {
      const [newest] = await listAlerts(database, { limit: 1 });
      return newest?.number ?? 0;
    },
    hostOf,
    every: needs.every,
    maxStreams: needs.limits?.streams ?? 32,
    streamBuffer: needs.limits?.streamBuffer ?? 65_536,
  });

  async function hostOf(alert: Alert): Promise<string | undefined> {
    if (!hosts.has(alert.number)) {
      remember(alert.number, (await readFinding(needs.ledger, alert.finding))?.finding.host);
    }
    return hosts.get(alert.number);
  }

  function remember(number: number, host: string | undefined): void {
    hosts.set(number, host);
    const [oldest] = hosts.keys();
    if (hosts.size > rememberedHosts && oldest !== undefined) hosts.delete(oldest);
  }

  function known(alert: Alert | undefined, id: string): Alert {
    if (alert === undefined) throw new AlertError('alert_unknown', `Cannot find alert "${id}"`);
    return alert;
  }

  return {
    projection,
    list: (filter) => listAlerts(database, filter),
    async get(id) {
      const alert = known(await findAlert(database, id), id);
      const [stored, comments] = await Promise.all([
        readFinding(needs.ledger, alert.finding),
        readComments(database, needs.ledger, id),
      ]);
      return { alert, stored, comments: [...comments, ...pending.of(id)] };
    },
    async change(change) {
      const { assignee } = change;
      if (typeof assignee === 'string' && (await needs.isAssignable?.(assignee)) === false) {
        throw new AlertError('assignee_unknown', `Cannot give an alert to "${assignee}": must be an active account`);
      }
      const nowMs = needs.clock.nowMs();
      const changed = await database.transaction().execute(async (transaction) => {
        const before = known(await findAlert(transaction, change.id), change.id);
        const changed = changedAlert(before, change, nowMs);
        await writeTriage(transaction, changed);
        await needs.outbox.record(transaction, alertChangeEvent({ nowMs, change, before }));
        return changed;
      });
      if (change.comment !== undefined) {
        const { id, name } = change.actor;
        pending.add({ alertId: change.id, atMs: nowMs, actor: { id, name }, text: change.comment });
      }
      await needs.outbox.flushed();
      return changed;
    },
    counts: () => countAlerts(database),
    suppressions: createSuppressions(needs),
    async after(number, limit) {
      const found = await alertsAfter(database, number, limit);
      return Promise.all(
        found.map(async (alert) => {
          const host = await hostOf(alert);
          return host === undefined ? alert : { ...alert, host };
        }),
      );
    },
    numberBefore: (position) => numberBefore(database, position),
    openStream: (after, callerId) => streams.open(after, callerId),
    onAlert(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: () => ({ ...projection.counts(), openStreams: streams.count() }),
    close: () => streams.close(),
  };
}

function changedAlert(before: Alert, change: AlertChange, nowMs: number): Alert {
  const { state, assignee } = change;
  if (state !== undefined && !canChange(before.state, state)) {
    throw new AlertError(
      'alert_transition_invalid',
      `Cannot change alert "${before.id}" to "${state}": its state is "${before.state}"`,
    );
  }
  const { assignee: assigneeBefore, ...rest } = before;
  const next = assignee === undefined ? assigneeBefore : (assignee ?? undefined);
  return {
    ...rest,
    ...(state === undefined ? {} : { state, stateChangedAtMs: nowMs }),
    ...(next === undefined ? {} : { assignee: next }),
  };
}

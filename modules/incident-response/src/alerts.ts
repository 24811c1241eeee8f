import type { Readable } from 'node:stream';
import type { Projection } from '@sallyport/ledger';
import { canChange } from './alert.ts';
import type { Alert, NewAlert, StateChange } from './alert.ts';
import { alertsAfter, findAlert, listAlerts, writeState } from './alert-store.ts';
import type { AlertFilter } from './alert-store.ts';
import { createAlertStreams } from './alert-streams.ts';
import { createAlertsProjection } from './alerts-projection.ts';
import type { AlertCounts } from './alerts-projection.ts';
import { stateChangeEvent } from './state-change-event.ts';
import { AlertError } from './errors.ts';
import type { AlertsNeeds } from './needs.ts';
import { readFinding } from './read-finding.ts';
import type { StoredFinding } from './read-finding.ts';

export type AlertsHealth = AlertCounts & { readonly openStreams: number };

export type Alerts = {
  readonly projection: Projection;
  /** Newest first. */
  list(filter: AlertFilter): Promise<readonly Alert[]>;
  /** The alert with its finding, undefined when the ledger no longer gives it out. Throws `AlertError` `alert_unknown`. */
  get(id: string): Promise<{ alert: Alert; stored: StoredFinding | undefined }>;
  /** Change and audit event in one transaction, both durable before this resolves. Throws `AlertError` `alert_unknown`, `alert_transition_invalid`. */
  changeState(change: StateChange): Promise<Alert>;
  /** Server-sent events; see `AlertStreams.open`. */
  openStream(after: number | undefined): Promise<Readable>;
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

  const projection = createAlertsProjection(database, (alerts) => {
    for (const alert of alerts) remember(alert.number, alert.host);
    streams.wake();
    for (const alert of alerts) for (const listener of listeners) listener(alert);
  });

  const streams = createAlertStreams({
    alertsAfter: (after, limit) => alertsAfter(database, after, limit),
    async newestNumber() {
      const [newest] = await listAlerts(database, { limit: 1 });
      return newest?.number ?? 0;
    },
    async hostOf(alert) {
      if (!hosts.has(alert.number)) {
        remember(alert.number, (await readFinding(needs.ledger, alert.finding))?.finding.host);
      }
      return hosts.get(alert.number);
    },
    every: needs.every,
    maxStreams: needs.limits?.streams ?? 32,
    streamBuffer: needs.limits?.streamBuffer ?? 65_536,
  });

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
      return { alert, stored: await readFinding(needs.ledger, alert.finding) };
    },
    async changeState(change) {
      const nowMs = needs.clock.nowMs();
      const changed = await database.transaction().execute(async (transaction) => {
        const alert = known(await findAlert(transaction, change.id), change.id);
        if (!canChange(alert.state, change.state)) {
          throw new AlertError(
            'alert_transition_invalid',
            `Cannot change alert "${alert.id}" to "${change.state}": its state is "${alert.state}"`,
          );
        }
        const changed = { ...alert, state: change.state, stateChangedAtMs: nowMs };
        await writeState(transaction, changed);
        await needs.outbox.record(transaction, stateChangeEvent({ nowMs, change, alert }));
        return changed;
      });
      await needs.outbox.flushed();
      return changed;
    },
    openStream: (after) => streams.open(after),
    onAlert(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: () => ({ ...projection.counts(), openStreams: streams.count() }),
    close: () => streams.close(),
  };
}

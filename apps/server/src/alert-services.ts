import { createSecretKey } from 'node:crypto';
import { hostname } from 'node:os';
import type { AccessRisk } from '@sallyport/access-risk';
import { createRiskFacts } from '@sallyport/access-policy';
import type { RiskFacts } from '@sallyport/access-policy';
import type { Behaviour } from '@sallyport/behaviour';
import type { Detection } from '@sallyport/detection';
import type { Devices } from '@sallyport/device-fleet';
import { createAroundRoutes, createCriticality, createCriticalityRoutes } from '@sallyport/entity-graph';
import type { NearAlert, NodeKind } from '@sallyport/entity-graph';
import type { EventSearch } from '@sallyport/event-search';
import {
  createAlertRoutes,
  createAlerts,
  createScorecardRoutes,
  createSuppressionRoutes,
} from '@sallyport/incident-response';
import type { Alert, Alerts, AlertsNeeds } from '@sallyport/incident-response';
import type { RuleExceptions } from '@sallyport/rule-exceptions';
import type { LedgerClient, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';

export type AlertServicesNeeds = {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
  readonly behaviour: Pick<Behaviour, 'risk'>;
  readonly accessRisk: Pick<AccessRisk, 'fact'>;
  readonly people: { list(): Promise<readonly { readonly name: string; readonly roles: readonly string[] }[]> };
  readonly assignees: NonNullable<AlertsNeeds['assignees']>;
};

/** Alerts, who and what is around them, how much assets matter, and what risk says of priorities and of access. */
export type AlertServices = {
  readonly alerts: Alerts;
  /** For decisions on access, and on what agents may do: of an agent by its id, 0 where nothing is known of it. */
  readonly riskFacts: RiskFacts & { ofAgent(id: string): number };
  routes(parts: {
    readonly search: EventSearch;
    readonly devices: Pick<Devices, 'find'>;
    readonly detection: Pick<Detection, 'ruleSet' | 'ruleCosts'>;
    readonly exceptions: Pick<RuleExceptions, 'hiddenByRule'>;
  }): readonly RoutePlugin[];
  close(): Promise<void>;
};

const administratorsEveryMs = 60_000;
const behaviourKinds: Partial<Record<NodeKind, Parameters<Behaviour['risk']>[0]>> = {
  person: 'user',
  host: 'host',
  device: 'device',
  camera: 'camera',
  agent: 'agent',
};

export async function createAlertServices(needs: AlertServicesNeeds): Promise<AlertServices> {
  const { behaviour, log } = needs;
  const ownHost = hostname().toLowerCase();
  let administrators: ReadonlySet<string> = new Set();
  async function lookForAdministrators(): Promise<void> {
    const all = await needs.people.list();
    administrators = new Set(all.filter(({ roles }) => roles.includes('admin')).map(({ name }) => name.toLowerCase()));
  }
  await lookForAdministrators();
  const stopLooking = needs.every(administratorsEveryMs, () => {
    lookForAdministrators().catch((error: unknown) => log.warn('Cannot tell who administers', errorFields(error)));
  });
  const criticality = await createCriticality({
    ...needs,
    sealingKey: createSecretKey(await secretKey(needs.ledger.secrets, secretNames.criticality)),
    importantBecause(kind, name) {
      if (kind === 'host' && name.toLowerCase() === ownHost) return 'This server itself';
      return kind === 'person' && administrators.has(name.toLowerCase()) ? 'Administers this server' : undefined;
    },
  });
  const alerts = createAlerts({
    ...needs,
    sealingKey: createSecretKey(await secretKey(needs.ledger.secrets, secretNames.suppressions)),
    priorityFacts: {
      criticalityOf: (kind, name) => criticality.of(kind, name).level,
      riskOf(kind, name) {
        const { value, entityId } = behaviour.risk(kind, name);
        return entityId === undefined ? undefined : value;
      },
    },
  });
  const stopFollowing = criticality.onChange(() => {
    alerts.prioritize().catch((error: unknown) => log.warn('Priorities follow within a minute', errorFields(error)));
  });
  return {
    alerts,
    riskFacts: {
      ...createRiskFacts({
        clock: needs.clock,
        // What they do, and how they come and go: the greater counts, and it is as old as the older. Our own events name people by name
        // and keys by id, and so is what is learnt of what they do.
        read(principal) {
          const { kind, id, name } = principal;
          const does = kind === 'user' ? behaviour.risk('user', name) : behaviour.risk('key', id);
          const comes = needs.accessRisk.fact(principal);
          if (comes === undefined) return does;
          return {
            value: Math.max(does.value, comes.value),
            freshUntilMs: Math.min(does.freshUntilMs, comes.freshUntilMs),
          };
        },
      }),
      ofAgent: (id) => behaviour.risk('agent', id).value,
    },
    routes({ search, devices, detection, exceptions }) {
      return [
        createAlertRoutes(alerts),
        createSuppressionRoutes(alerts.suppressions, { clock: needs.clock }),
        createScorecardRoutes({
          alerts,
          rules: () => detection.ruleSet().rules,
          costs: (sinceMs) => detection.ruleCosts(sinceMs),
          hidden: (sinceMs) => exceptions.hiddenByRule(sinceMs),
          clock: needs.clock,
        }),
        createCriticalityRoutes(criticality),
        createAroundRoutes({
          criticality,
          clock: needs.clock,
          async alert(id) {
            const { alert, stored } = await alerts.get(id);
            return {
              ...nearAlert(alert),
              matched: stored?.finding.related === undefined ? [] : stored.finding.matched,
            };
          },
          alertsBetween: async (fromMs, toMs, limit) =>
            (await alerts.list({ sinceMs: fromMs, untilMs: toMs, sort: 'priority', limit })).map(nearAlert),
          neighbours: search.neighbours,
          events: {
            search: (request) => search.search(request),
            histogram: (filter) => search.histogram(filter),
            rebuilding: () => search.rows.rebuilding(),
          },
          risk(kind, name) {
            const known = behaviourKinds[kind];
            if (known === undefined) return undefined;
            const { value, reasons, entityId } = behaviour.risk(known, name);
            return entityId === undefined ? undefined : { value, reasons, entityId };
          },
          device(id) {
            const found = devices.find(id);
            return found === undefined
              ? undefined
              : { id, name: found.name, site: found.site, approvedBy: found.approved_by };
          },
        }),
      ];
    },
    async close() {
      stopLooking();
      stopFollowing();
      await alerts.close();
    },
  };
}

function nearAlert(alert: Alert): NearAlert {
  const { id, title, level, priority, state, count, createdAtMs, lastSeenAtMs, finding, input, entities } = alert;
  return {
    id,
    title,
    level,
    priority: priority.value,
    state,
    count,
    firstSeenMs: createdAtMs,
    lastSeenMs: lastSeenAtMs,
    finding,
    input,
    entities,
  };
}

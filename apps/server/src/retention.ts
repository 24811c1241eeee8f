import type { AccessRisk } from '@sallyport/access-risk';
import type { Behaviour } from '@sallyport/behaviour';
import type { Recording } from '@sallyport/camera-watch';
import type { Detection } from '@sallyport/detection';
import type { Hunting } from '@sallyport/hunting';
import type { EventSearch } from '@sallyport/event-search';
import type { Alerts } from '@sallyport/incident-response';
import type { Pruning } from '@sallyport/ledger';
import { createRetention, createRetentionRoutes } from '@sallyport/retention';
import type { Keeper, Retention, RetentionNeeds } from '@sallyport/retention';
import type { RuleDocuments } from '@sallyport/rule-library';
import type { RoutePlugin } from '@sallyport/platform/http';

const pruner = { kind: 'server', id: 'retention', name: 'Retention' };

export type RetentionServices = {
  readonly retention: Retention;
  readonly routes: RoutePlugin;
  /** Whoever keeps copies of what entries say, and makes them what the ledger gives out now. */
  readonly copies: readonly {
    readonly name: string;
    forget(ranges: readonly { readonly log: number; readonly from: number; readonly to: number }[]): Promise<number>;
  }[];
};

/** Retention, with everybody who keeps copies of what the ledger holds. */
export function createRetentionServices(
  needs: Omit<RetentionNeeds, 'keepers' | 'recordings' | 'prune'> &
    Pick<Parameters<typeof createRetention>[0], 'sources'> & {
      readonly search: Pick<EventSearch, 'forget'>;
      readonly detection: Pick<Detection, 'forget'>;
      readonly behaviour: Pick<Behaviour, 'forget'>;
      readonly accessRisk: Pick<AccessRisk, 'forget'>;
      readonly ruleDocuments: Pick<RuleDocuments, 'forget'>;
      readonly hunting: Pick<Hunting, 'forget'>;
      readonly alerts: Pick<Alerts, 'forget'>;
      readonly recording: Pick<Recording, 'status'>;
      readonly pruning: Pick<Pruning, 'start' | 'finished'>;
    },
): RetentionServices {
  const copies: RetentionServices['copies'] = [
    { name: 'event-search', forget: (ranges) => needs.search.forget(ranges) },
    { name: 'alerts', forget: (ranges) => needs.alerts.forget(ranges) },
    { name: 'behaviour', forget: (ranges) => needs.behaviour.forget(ranges) },
    { name: 'access-risk', forget: (ranges) => needs.accessRisk.forget(ranges) },
    { name: 'hunts', forget: (ranges) => needs.hunting.forget(ranges) },
    { name: 'correlations', forget: (ranges) => needs.detection.forget(ranges) },
    { name: 'rule-documents', forget: (ranges) => needs.ruleDocuments.forget(ranges) },
  ];
  const retention = createRetention({
    ...needs,
    keepers: copies.map(({ name, forget }): Keeper => ({ name, forget: ({ ranges }) => forget(ranges) })),
    async prune(logs) {
      for (const number of logs) {
        // One that somebody else has begun does the same.
        await needs.pruning.finished();
        await needs.pruning.start(number, pruner);
        await needs.pruning.finished();
      }
    },
    async recordings() {
      const { retention: kept, bytes } = await needs.recording.status();
      return { days: kept.days, bytes: kept.bytes, usedBytes: bytes };
    },
  });
  return { retention, copies, routes: createRetentionRoutes(retention) };
}

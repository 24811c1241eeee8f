import { rankOf } from './alert.ts';
import type { Alert } from './alert.ts';
import { fromRow, view } from './alert-store.ts';
import type { AlertsNeeds } from './needs.ts';
import { priorityBasisText, priorityOf } from './priority.ts';

/** Keeps the priorities of open alerts true while risk fades and criticality changes. */
export type Priorities = {
  /** Counts them anew; who asks while it is at work gets what comes after. Says how many came out different. */
  count(): Promise<number>;
  /** No more work on its own; resolves when nothing is under way. */
  close(): Promise<void>;
};

type Recounted = { readonly id: string; readonly rank: number; readonly basis: string };

const everyMs = 60_000;
const pageSize = 250;
/** Those found last; what is open behind so many keeps the priority it had. */
const mostAlerts = 5000;

export function createPriorities(
  needs: Pick<AlertsNeeds, 'database' | 'sealingKey' | 'every' | 'priorityFacts'>,
): Priorities {
  const { database, sealingKey, priorityFacts } = needs;
  let isClosed = false;
  let underWay: Promise<number> = Promise.resolve(0);
  let waiting: Promise<number> | undefined;

  async function page(before: { lastSeenMs: number; number: number } | undefined): Promise<Alert[]> {
    let query = view(database)
      .selectFrom('alerts')
      .selectAll()
      .where('state', 'in', ['new', 'acknowledged'])
      .orderBy('last_seen_ms', 'desc')
      .orderBy('number', 'desc')
      .limit(pageSize);
    if (before !== undefined) {
      query = query.where((where) =>
        where.or([
          where('last_seen_ms', '<', before.lastSeenMs),
          where.and([where('last_seen_ms', '=', before.lastSeenMs), where('number', '<', before.number)]),
        ]),
      );
    }
    return (await query.execute()).map((row) => fromRow(sealingKey, row));
  }

  /** The alert as it is to be listed from now on; undefined where it stays where it is. */
  function recounted(alert: Alert): Recounted | undefined {
    const priority = priorityOf(alert.level, alert.entities, priorityFacts);
    const basis = priorityBasisText(priority);
    if (basis === priorityBasisText(alert.priority)) return undefined;
    return { id: alert.id, rank: rankOf({ ...alert, priority }), basis };
  }

  /** In one transaction: each of its own would wait for the disk while nothing else goes on. */
  async function write(recounts: readonly Recounted[]): Promise<number> {
    if (recounts.length === 0) return 0;
    const alike = Map.groupBy(recounts, ({ rank, basis }) => `${rank} ${basis}`);
    await database.transaction().execute(async (transaction) => {
      for (const [first, ...others] of alike.values()) {
        if (first === undefined) continue;
        await view(transaction)
          .updateTable('alerts')
          .set({ rank: first.rank, priority_basis: first.basis })
          .where(
            'id',
            'in',
            [first, ...others].map(({ id }) => id),
          )
          // Who closed it meanwhile leaves it as it was.
          .where('state', 'in', ['new', 'acknowledged'])
          .execute();
      }
    });
    return recounts.length;
  }

  async function countAll(): Promise<number> {
    let changed = 0;
    let before: { lastSeenMs: number; number: number } | undefined;
    for (let looked = 0; looked < mostAlerts && !isClosed;) {
      const alerts = await page(before);
      const last = alerts.at(-1);
      if (last === undefined) break;
      before = { lastSeenMs: last.lastSeenAtMs, number: last.number };
      looked += alerts.length;
      changed += await write(alerts.flatMap((alert) => recounted(alert) ?? []));
    }
    return changed;
  }

  function count(): Promise<number> {
    if (isClosed) return Promise.resolve(0);
    waiting ??= underWay
      .catch(() => 0)
      .then(() => {
        waiting = undefined;
        underWay = countAll();
        return underWay;
      });
    return waiting;
  }

  const stop =
    priorityFacts === undefined
      ? () => undefined
      : needs.every(everyMs, () => {
          // What failed is tried again in a minute.
          count().catch(() => 0);
        });

  return {
    count,
    async close() {
      isClosed = true;
      stop();
      await waiting?.catch(() => 0);
      await underWay.catch(() => 0);
    },
  };
}

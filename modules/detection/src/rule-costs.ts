import type { Database } from '@sallyport/platform/database';
import type { Clock } from '@sallyport/platform/clock';
import type { EventCosts } from './match-protocol.ts';

type Tables = {
  detection_rule_costs: { day: number; rule_id: string; micros: number; candidates: number; matches: number };
};

/** What rules cost, projected from the events that were measured. */
export type RuleCost = { readonly micros: number; readonly candidates: number; readonly matches: number };

export type RuleCostReport = {
  /** Processor time of matching in all: what looking for all rules at once took, and each rule. */
  readonly micros: number;
  /** Events that were measured; fewer than some thousand say little. */
  readonly measured: number;
  readonly rules: ReadonlyMap<string, RuleCost>;
};

export type RuleCosts = {
  add(costs: EventCosts): void;
  /**
   * Writes what was added, when a minute has passed since the last time or `now` is given. A kill forgets a minute at most. Never rejects: detection does
   * not wait for an estimate, and what the database could not take is written the next time.
   */
  flush(now?: 'now'): Promise<void>;
  /** Of the days from that of `sinceMs` on, what was written. */
  report(sinceMs: number): Promise<RuleCostReport>;
};

const dayMs = 86_400_000;
const daysKept = 31;
const flushEveryMs = 60_000;
const rowsPerStatement = 200;
/** The row of everything that is no single rule's; `candidates` are events, `matches` those that were measured. No rule has this id. */
const shared = '';

/** Sums by rule and day: an estimate, so that it is no part of the state that goes with the cursor. */
export function createRuleCosts(needs: {
  readonly database: Database;
  readonly clock: Pick<Clock, 'nowMs'>;
}): RuleCosts {
  const tables = needs.database.withTables<Tables>();
  let added = new Map<string, { micros: number; candidates: number; matches: number }>();
  let flushedMs = needs.clock.nowMs();

  function sum(ruleId: string, cost: RuleCost): void {
    const known = added.get(ruleId) ?? { micros: 0, candidates: 0, matches: 0 };
    known.micros += cost.micros;
    known.candidates += cost.candidates;
    known.matches += cost.matches;
    added.set(ruleId, known);
  }

  return {
    add({ events, measured, sharedMs, rules }) {
      if (measured === 0) return;
      const times = events / measured;
      sum(shared, { micros: sharedMs * 1000 * times, candidates: events, matches: measured });
      for (const { ruleId, ms, candidates, matches } of rules)
        sum(ruleId, { micros: ms * 1000 * times, candidates: candidates * times, matches: matches * times });
    },
    async flush(now) {
      const nowMs = needs.clock.nowMs();
      if (added.size === 0 || (now === undefined && Math.abs(nowMs - flushedMs) < flushEveryMs)) return;
      const day = Math.floor(nowMs / dayMs);
      const rows = [...added].map(([rule_id, { micros, candidates, matches }]) => ({
        day,
        rule_id,
        micros: Math.round(micros),
        candidates: Math.round(candidates),
        matches: Math.round(matches),
      }));
      const taken = added;
      added = new Map();
      flushedMs = nowMs;
      const written = needs.database.transaction().execute(async (transaction) => {
        const own = transaction.withTables<Tables>();
        for (let from = 0; from < rows.length; from += rowsPerStatement) {
          await own
            .insertInto('detection_rule_costs')
            .values(rows.slice(from, from + rowsPerStatement))
            .onConflict((conflict) =>
              conflict.columns(['day', 'rule_id']).doUpdateSet((eb) => ({
                micros: eb('detection_rule_costs.micros', '+', eb.ref('excluded.micros')),
                candidates: eb('detection_rule_costs.candidates', '+', eb.ref('excluded.candidates')),
                matches: eb('detection_rule_costs.matches', '+', eb.ref('excluded.matches')),
              })),
            )
            .execute();
        }
        await own
          .deleteFrom('detection_rule_costs')
          .where('day', '<=', day - daysKept)
          .execute();
      });
      await written.catch(() => {
        for (const [ruleId, cost] of taken) sum(ruleId, cost);
      });
    },
    async report(sinceMs) {
      const rows = await tables
        .selectFrom('detection_rule_costs')
        .select((eb) => [
          'rule_id',
          eb.fn.sum<number>('micros').as('micros'),
          eb.fn.sum<number>('candidates').as('candidates'),
          eb.fn.sum<number>('matches').as('matches'),
        ])
        .where('day', '>=', Math.floor(sinceMs / dayMs))
        .groupBy('rule_id')
        .execute();
      const costs = new Map(
        rows.map(({ rule_id, micros, candidates, matches }) => [rule_id, { micros, candidates, matches }]),
      );
      const measured = costs.get(shared)?.matches ?? 0;
      const micros = [...costs.values()].reduce((all, cost) => all + cost.micros, 0);
      costs.delete(shared);
      return { micros, measured, rules: costs };
    },
  };
}

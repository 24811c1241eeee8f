import type { FindingLevel } from '@sallyport/contracts';
import type { Database } from '@sallyport/platform/database';
import { sql } from 'kysely';
import { levelOfSeverity, parseAlertState, parseDisposition } from './alert.ts';
import type { AlertState, Disposition } from './alert.ts';

/** How often a rule fired, and what its alerts of the last 30 days came to. */
export type RuleTally = {
  readonly ruleId: string;
  /** As its alerts have them: the title of one, the highest level. */
  readonly title: string;
  readonly level: FindingLevel;
  /** Findings, by ledger time, those held back by suppressions included. */
  readonly firesInDay: number;
  readonly firesInMonth: number;
  /** Alerts that found something in the last 30 days. */
  readonly states: Readonly<Record<AlertState, number>>;
  readonly dispositions: Readonly<Record<Disposition, number>>;
};

export const dayMs = 86_400_000;
const monthMs = 30 * dayMs;

/** Rules that found something in the 30 days before `nowMs`, in no order. */
export async function tallyRules(database: Database, nowMs: number): Promise<RuleTally[]> {
  const monthAgo = nowMs - monthMs;
  const [fires, alerts] = await Promise.all([
    sql<{ rule_id: string; month: unknown; day: unknown }>`
      select alerts.rule_id as rule_id, sum(counted.month_fires) as month, sum(counted.day_fires) as day
      from (
        select alert_id, count(*) as month_fires, sum(case when seen_ms >= ${nowMs - dayMs} then 1 else 0 end) as day_fires
        from alert_findings where seen_ms >= ${monthAgo} group by alert_id
      ) as counted
      join alerts on alerts.id = counted.alert_id
      group by alerts.rule_id`.execute(database),
    sql<{
      rule_id: string;
      state: string;
      disposition: string | null;
      title: string;
      severity: unknown;
      held: unknown;
    }>`
      select rule_id, state, disposition, max(title) as title, max(severity_id) as severity, count(*) as held
      from alerts where last_seen_ms >= ${monthAgo} group by rule_id, state, disposition`.execute(database),
  ]);
  const firesOf = new Map(fires.rows.map((row) => [row.rule_id, row]));
  const rowsOf = Map.groupBy(alerts.rows, (row) => row.rule_id);
  return [...rowsOf].map(([ruleId, rows]) => {
    const states = { new: 0, acknowledged: 0, closed: 0, suppressed: 0 };
    const dispositions = { true_positive: 0, benign: 0, expected: 0, false_positive: 0 };
    for (const row of rows) {
      const state = parseAlertState(row.state);
      const disposition = parseDisposition(row.disposition);
      if (state !== undefined) states[state] += Number(row.held);
      if (disposition !== undefined) dispositions[disposition] += Number(row.held);
    }
    const [first] = rows;
    return {
      ruleId,
      title: first?.title ?? '',
      level: levelOfSeverity(Math.max(...rows.map((row) => Number(row.severity)))) ?? 'medium',
      firesInDay: Number(firesOf.get(ruleId)?.day ?? 0),
      firesInMonth: Number(firesOf.get(ruleId)?.month ?? 0),
      states,
      dispositions,
    };
  });
}

import type { Database, Transaction } from '@sallyport/platform/database';
import type { MatchCount } from './finding-limit.ts';

type Tables = { detection_match_counts: { rule_id: string; window_start_ms: number; matches: number } };

const rowsPerStatement = 500;

export async function readMatchCounts(database: Database): Promise<MatchCount[]> {
  const rows = await database.withTables<Tables>().selectFrom('detection_match_counts').selectAll().execute();
  return rows.map((row) => ({ ruleId: row.rule_id, windowStartMs: row.window_start_ms, matches: row.matches }));
}

/** Belongs into the transaction that moves the cursor: what was counted and how far was read are one state. */
export async function saveMatchCounts(transaction: Transaction, counts: readonly MatchCount[]): Promise<void> {
  const tables = transaction.withTables<Tables>();
  for (let from = 0; from < counts.length; from += rowsPerStatement) {
    const part = counts.slice(from, from + rowsPerStatement);
    await tables
      .insertInto('detection_match_counts')
      .values(
        part.map(({ ruleId, windowStartMs, matches }) => ({
          rule_id: ruleId,
          window_start_ms: windowStartMs,
          matches,
        })),
      )
      .onConflict((conflict) =>
        conflict.column('rule_id').doUpdateSet((row) => ({
          window_start_ms: row.ref('excluded.window_start_ms'),
          matches: row.ref('excluded.matches'),
        })),
      )
      .execute();
  }
}

/** Forgets everything that was counted. */
export async function clearMatchCounts(transaction: Transaction): Promise<void> {
  await transaction.withTables<Tables>().deleteFrom('detection_match_counts').execute();
}

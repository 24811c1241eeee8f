import type { FindingLevel, Position } from '@sallyport/contracts';
import type { Database } from '@sallyport/platform/database';
import { levelOfSeverity, parseDisposition } from './alert.ts';
import type { Disposition } from './alert.ts';

/** A finding with what became of the alert it belongs to. */
export type AlertedFinding = {
  readonly position: Position;
  /** The event it was found in. */
  readonly input: Position;
  readonly atMs: number;
  readonly alertId: string;
  readonly ruleId: string;
  readonly title: string;
  readonly level: FindingLevel;
  readonly disposition?: Disposition;
};

export type FindingsAsked = { readonly rules: 'all' | readonly string[]; readonly sinceMs: number };

type Tables = {
  alerts: { id: string; rule_id: string; title: string; severity_id: number; disposition: string | null };
  alert_findings: {
    log: number;
    entry_index: number;
    alert_id: string;
    input_log: number;
    input_index: number;
    seen_ms: number;
  };
};

function asked(database: Database, { rules, sinceMs }: FindingsAsked) {
  const joined = database
    .withTables<Tables>()
    .selectFrom('alert_findings')
    .innerJoin('alerts', 'alerts.id', 'alert_findings.alert_id')
    .where('alert_findings.seen_ms', '>=', sinceMs);
  return rules === 'all' ? joined : joined.where('alerts.rule_id', 'in', rules);
}

/** By ledger time, newest first, those of suppressed alerts included, behind `before`. */
export async function findingsSince(
  database: Database,
  request: FindingsAsked & { readonly before?: Position; readonly limit: number },
): Promise<AlertedFinding[]> {
  const { before, limit } = request;
  let query = asked(database, request);
  if (before !== undefined) {
    query = query.where(({ eb, or, and }) =>
      or([
        eb('alert_findings.log', '<', before.log),
        and([eb('alert_findings.log', '=', before.log), eb('alert_findings.entry_index', '<', before.index)]),
      ]),
    );
  }
  const rows = await query
    .select([
      'alert_findings.log',
      'alert_findings.entry_index',
      'alert_findings.input_log',
      'alert_findings.input_index',
      'alert_findings.seen_ms',
      'alerts.id',
      'alerts.rule_id',
      'alerts.title',
      'alerts.severity_id',
      'alerts.disposition',
    ])
    .orderBy('alert_findings.log', 'desc')
    .orderBy('alert_findings.entry_index', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => {
    const disposition = parseDisposition(row.disposition);
    return {
      position: { log: row.log, index: row.entry_index },
      input: { log: row.input_log, index: row.input_index },
      atMs: row.seen_ms,
      alertId: row.id,
      ruleId: row.rule_id,
      title: row.title,
      level: levelOfSeverity(row.severity_id) ?? 'medium',
      ...(disposition === undefined ? {} : { disposition }),
    };
  });
}

export async function countFindingsSince(database: Database, request: FindingsAsked): Promise<number> {
  const counted = await asked(database, request)
    .select(({ fn }) => fn.countAll().as('held'))
    .executeTakeFirstOrThrow();
  return Number(counted.held);
}

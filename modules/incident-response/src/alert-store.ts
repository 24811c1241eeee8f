import { origin, severityOfLevel } from '@sallyport/contracts';
import type { FindingLevel, Position } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { levelOfSeverity, parseAlertState } from './alert.ts';
import type { Alert, AlertState } from './alert.ts';
import { createAlerts } from './migrations/0001-create-alerts.ts';
import { addTriage } from './migrations/0002-add-triage.ts';

type AlertRow = {
  number: number;
  id: string;
  finding_log: number;
  finding_index: number;
  input_log: number;
  input_index: number;
  rule_id: string;
  title: string;
  severity_id: number;
  created_at_ms: number;
  state: string;
  state_changed_at_ms: number;
  assignee: string | null;
};
type Tables = {
  alerts: AlertRow;
  alerts_cursor: { name: string; log: number; entry_index: number; next_number: number };
};

export const alertMigrations: MigrationSet = {
  module: 'incident-response',
  migrations: { '0001-create-alerts': createAlerts, '0002-add-triage': addTriage },
};

/** Which alerts to list; every part given must hold. */
export type AlertFilter = {
  /** Suppressed alerts are left out unless asked for. */
  readonly state?: AlertState;
  readonly atLeast?: FindingLevel;
  readonly ruleId?: string;
  readonly sinceMs?: number;
  /** null: those nobody has. */
  readonly assignee?: string | null;
  /** Only alerts with a smaller number. */
  readonly before?: number;
  readonly limit: number;
};

export type AlertCount = { readonly state: AlertState; readonly level: FindingLevel; readonly count: number };

/** How far the projection got, and the number the next alert gets. */
export type AlertPlace = { readonly cursor: Position; readonly nextNumber: number };

/** `connection` is the database, or the transaction the statement belongs to. */
type Connection = Database | Transaction;

export async function readPlace(connection: Connection): Promise<AlertPlace> {
  const row = await view(connection)
    .selectFrom('alerts_cursor')
    .selectAll()
    .where('name', '=', 'alerts')
    .executeTakeFirst();
  if (row === undefined) return { cursor: origin, nextNumber: 1 };
  return { cursor: { log: row.log, index: row.entry_index }, nextNumber: row.next_number };
}

export async function writePlace(transaction: Transaction, place: AlertPlace): Promise<void> {
  const values = { log: place.cursor.log, entry_index: place.cursor.index, next_number: place.nextNumber };
  await view(transaction)
    .insertInto('alerts_cursor')
    .values({ name: 'alerts', ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .execute();
}

export async function insertAlerts(transaction: Transaction, alerts: readonly Alert[]): Promise<void> {
  // SQLite takes 32,766 bound values a statement.
  for (let from = 0; from < alerts.length; from += 1000) {
    await view(transaction)
      .insertInto('alerts')
      .values(alerts.slice(from, from + 1000).map(toRow))
      .execute();
  }
}

/** Removes alerts whose finding stands at or after `head`. */
export async function dropAlertsFrom(transaction: Transaction, head: Position): Promise<void> {
  await view(transaction)
    .deleteFrom('alerts')
    .where((where) =>
      where.or([
        where('finding_log', '>', head.log),
        where.and([where('finding_log', '=', head.log), where('finding_index', '>=', head.index)]),
      ]),
    )
    .execute();
}

/** Newest first. */
export async function listAlerts(connection: Connection, filter: AlertFilter): Promise<Alert[]> {
  let query = view(connection).selectFrom('alerts').selectAll().orderBy('number', 'desc').limit(filter.limit);
  query =
    filter.state === undefined ? query.where('state', '!=', 'suppressed') : query.where('state', '=', filter.state);
  if (filter.assignee === null) query = query.where('assignee', 'is', null);
  else if (filter.assignee !== undefined) query = query.where('assignee', '=', filter.assignee);
  if (filter.atLeast !== undefined) query = query.where('severity_id', '>=', severityOfLevel(filter.atLeast));
  if (filter.ruleId !== undefined) query = query.where('rule_id', '=', filter.ruleId);
  if (filter.sinceMs !== undefined) query = query.where('created_at_ms', '>=', filter.sinceMs);
  if (filter.before !== undefined) query = query.where('number', '<', filter.before);
  return (await query.execute()).map(fromRow);
}

/** Oldest first, those with a number over `after`, without the suppressed ones. */
export async function alertsAfter(connection: Connection, after: number, limit: number): Promise<Alert[]> {
  const query = view(connection)
    .selectFrom('alerts')
    .selectAll()
    .where('number', '>', after)
    .where('state', '!=', 'suppressed');
  return (await query.orderBy('number').limit(limit).execute()).map(fromRow);
}

/** The largest number of an alert whose finding stands before `position`; 0 when there is none. */
export async function numberBefore(connection: Connection, position: Position): Promise<number> {
  const row = await view(connection)
    .selectFrom('alerts')
    .select('number')
    .where((where) =>
      where.or([
        where('finding_log', '<', position.log),
        where.and([where('finding_log', '=', position.log), where('finding_index', '<', position.index)]),
      ]),
    )
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.number ?? 0;
}

/** How many alerts there are of each state and level. */
export async function countAlerts(connection: Connection): Promise<AlertCount[]> {
  const rows = await view(connection)
    .selectFrom('alerts')
    .select(['state', 'severity_id', ({ fn }) => fn.countAll().as('held')])
    .groupBy(['state', 'severity_id'])
    .execute();
  return rows.flatMap((row) => {
    const state = parseAlertState(row.state);
    const level = levelOfSeverity(row.severity_id);
    return state === undefined || level === undefined ? [] : [{ state, level, count: Number(row.held) }];
  });
}

export async function findAlert(connection: Connection, id: string): Promise<Alert | undefined> {
  const row = await view(connection).selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** What people change. */
export async function writeTriage(transaction: Transaction, alert: Alert): Promise<void> {
  await view(transaction)
    .updateTable('alerts')
    .set({
      state: alert.state,
      state_changed_at_ms: alert.stateChangedAtMs,
      assignee: alert.assignee ?? null,
    })
    .where('id', '=', alert.id)
    .execute();
}

function view(connection: Connection) {
  return connection.withTables<Tables>();
}

function toRow(alert: Alert): AlertRow {
  return {
    number: alert.number,
    id: alert.id,
    finding_log: alert.finding.log,
    finding_index: alert.finding.index,
    input_log: alert.input.log,
    input_index: alert.input.index,
    rule_id: alert.ruleId,
    title: alert.title,
    severity_id: severityOfLevel(alert.level),
    created_at_ms: alert.createdAtMs,
    state: alert.state,
    state_changed_at_ms: alert.stateChangedAtMs,
    assignee: alert.assignee ?? null,
  };
}

function fromRow(row: AlertRow): Alert {
  const state = parseAlertState(row.state);
  const level = levelOfSeverity(row.severity_id);
  if (state === undefined || level === undefined) {
    throw new TypeError(`Cannot read alert "${row.id}": state "${row.state}", severity ${row.severity_id}`);
  }
  return {
    id: row.id,
    number: row.number,
    state,
    createdAtMs: row.created_at_ms,
    stateChangedAtMs: row.state_changed_at_ms,
    title: row.title,
    level,
    ruleId: row.rule_id,
    finding: { log: row.finding_log, index: row.finding_index },
    input: { log: row.input_log, index: row.input_index },
    ...(row.assignee === null ? {} : { assignee: row.assignee }),
  };
}

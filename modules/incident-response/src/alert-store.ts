import { isJsonObject, origin, parseJson, severityOfLevel, textOf } from '@sallyport/contracts';
import type { FindingLevel, Position } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { levelOfSeverity, parseAlertState, parseDisposition, rankOf } from './alert.ts';
import type { Alert, AlertState } from './alert.ts';
import { createAlerts } from './migrations/0001-create-alerts.ts';
import { addTriage } from './migrations/0002-add-triage.ts';
import { groupFindings } from './migrations/0003-group-findings.ts';
import { announceAgain } from './migrations/0004-announce-again.ts';
import { addDispositions } from './migrations/0005-add-dispositions.ts';
import { addPriority } from './migrations/0006-add-priority.ts';
import { findByAgent } from './migrations/0007-find-by-agent.ts';
import { entityTag, openEntities, sealEntities } from './entities.ts';
import type { TaggedName } from './entities.ts';
import { priorityBasisText, readPriority } from './priority.ts';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';

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
  disposition: string | null;
  assignee: string | null;
  sealed: string | null;
  host_tag: string | null;
  user_tag: string | null;
  source_tag: string | null;
  process_tag: string | null;
  agent_tag: string | null;
  group_tag: string | null;
  changed_by: string | null;
  findings: number;
  last_seen_ms: number;
  last_log: number;
  last_index: number;
  announcement: number;
  announced_ms: number;
  revision: number;
  rank: number;
  priority_basis: string | null;
};
type Tables = {
  alerts: AlertRow;
  alerts_cursor: { name: string; log: number; entry_index: number; next_number: number };
};

export const alertMigrations: MigrationSet = {
  module: 'incident-response',
  migrations: {
    '0001-create-alerts': createAlerts,
    '0002-add-triage': addTriage,
    '0003-group-findings': groupFindings,
    '0004-announce-again': announceAgain,
    '0005-add-dispositions': addDispositions,
    '0006-add-priority': addPriority,
    '0007-find-by-agent': findByAgent,
  },
};

/** Which alerts to list; every part given must hold. */
export type AlertFilter = {
  /** Suppressed alerts are left out unless asked for. */
  readonly state?: AlertState;
  readonly atLeast?: FindingLevel;
  readonly ruleId?: string;
  readonly sinceMs?: number;
  /** Of which the first finding came before this. */
  readonly untilMs?: number;
  /** null: those nobody has. */
  readonly assignee?: string | null;
  /** About this host, user, source address, program or AI agent, whole and in any case. */
  readonly entities?: Partial<Record<TaggedName, string>>;
  /** Words that are each part of the title, the rule, or all of a host, user, source, program or agent. */
  readonly text?: string;
  /**
   * Default newest: by the last finding. `priority`: what is not closed first. `made`: by number, where no alert moves while pages
   * are read.
   */
  readonly sort?: 'newest' | 'priority' | 'severity' | 'made';
  /** Only what comes after this alert, in the order asked for. */
  readonly before?: AlertListPlace;
  readonly limit: number;
  /** Those at other sites are passed over. */
  readonly isShown?: ((alert: Alert) => boolean) | undefined;
};

/** Where an alert stands in a list. */
export type AlertListPlace = {
  readonly number: number;
  readonly lastSeenAtMs: number;
  readonly severityId: number;
  /** See `rankOf`. */
  readonly rank: number;
};

export type AlertCount = { readonly state: AlertState; readonly level: FindingLevel; readonly count: number };

/** How far the projection got, and the number the next alert gets. */
export type AlertPlace = { readonly cursor: Position; readonly nextNumber: number };

/** `groupTag`: what later findings must share with it; null when none can. */
export type NewAlert = { readonly alert: Alert; readonly groupTag: string | null };

/** What rows are sealed with. */
export type Sealing = { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array };

/** `connection` is the database, or the transaction the statement belongs to. */
export type Connection = Database | Transaction;

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

export async function insertAlerts(
  transaction: Transaction,
  sealing: Sealing,
  alerts: readonly NewAlert[],
): Promise<void> {
  // SQLite takes 32,766 bound values a statement.
  for (let from = 0; from < alerts.length; from += 1000) {
    await view(transaction)
      .insertInto('alerts')
      .values(alerts.slice(from, from + 1000).map((made) => toRow(sealing, made)))
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

/** Oldest first, those announced under a number over `after`, without the suppressed ones. */
export async function alertsAfter(
  connection: Connection,
  key: SealingKey,
  after: number,
  limit: number,
): Promise<Alert[]> {
  const query = view(connection)
    .selectFrom('alerts')
    .selectAll()
    .where('announcement', '>', after)
    .where('state', '!=', 'suppressed');
  return (await query.orderBy('announcement').limit(limit).execute()).map((row) => fromRow(key, row));
}

/** The largest number an alert was announced under; 0 when there is none. */
export async function newestAnnouncement(connection: Connection): Promise<number> {
  const row = await view(connection)
    .selectFrom('alerts')
    .select('announcement')
    .where('state', '!=', 'suppressed')
    .orderBy('announcement', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.announcement ?? 0;
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

export async function findAlert(connection: Connection, key: SealingKey, id: string): Promise<Alert | undefined> {
  const row = await view(connection).selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : fromRow(key, row);
}

/** What people change. */
export async function writeTriage(transaction: Transaction, sealing: Sealing, alert: Alert): Promise<void> {
  await view(transaction)
    .updateTable('alerts')
    .set({
      state: alert.state,
      state_changed_at_ms: alert.stateChangedAtMs,
      disposition: alert.disposition ?? null,
      assignee: alert.assignee ?? null,
      revision: alert.revision,
      changed_by: sealChanger(sealing, alert),
      rank: rankOf(alert),
    })
    .where('id', '=', alert.id)
    .execute();
}

/** The newest alert that more findings may join, of each group: by `false/TAG` the open ones, by `true/TAG` the suppressed. */
export async function openAlertsOf(
  transaction: Transaction,
  key: SealingKey,
  tags: readonly string[],
): Promise<Map<string, Alert>> {
  const open = new Map<string, Alert>();
  const wanted = [...new Set(tags)];
  for (let from = 0; from < wanted.length; from += 500) {
    const rows = await view(transaction)
      .selectFrom('alerts')
      .selectAll()
      .where('group_tag', 'in', wanted.slice(from, from + 500))
      .where('state', '!=', 'closed')
      .orderBy('number')
      .execute();
    for (const row of rows) open.set(`${row.state === 'suppressed'}/${row.group_tag ?? ''}`, fromRow(key, row));
  }
  return open;
}

/** How many findings it stands for, and the newest of them. */
export async function writeCount(transaction: Transaction, alert: Alert): Promise<void> {
  await view(transaction)
    .updateTable('alerts')
    .set({
      findings: alert.count,
      last_seen_ms: alert.lastSeenAtMs,
      last_log: alert.lastFinding.log,
      last_index: alert.lastFinding.index,
      announcement: alert.announcement,
      announced_ms: alert.announcedAtMs,
    })
    .where('id', '=', alert.id)
    .execute();
}

/** The newest pictures, unless who and where was taken away meanwhile. */
export async function writeEntities(transaction: Transaction, sealing: Sealing, alert: Alert): Promise<void> {
  await view(transaction)
    .updateTable('alerts')
    .set({ sealed: sealEntities(sealing, alert.id, alert.entities) })
    .where('id', '=', alert.id)
    .where('sealed', 'is not', null)
    .execute();
}

/** Somebody has it and it came back: to be looked at again, unless they changed it at this moment. */
export async function writeNewAgain(transaction: Transaction, alert: Alert): Promise<void> {
  await view(transaction)
    .updateTable('alerts')
    .set({
      state: alert.state,
      state_changed_at_ms: alert.stateChangedAtMs,
      revision: alert.revision,
      changed_by: null,
      rank: rankOf(alert),
    })
    .where('id', '=', alert.id)
    .where('state', '=', 'acknowledged')
    .where('revision', '<', alert.revision)
    .execute();
}

/** Where the alerts that still know who and where come from, a page by number after `after`. */
export async function alertOrigins(
  connection: Connection,
  after: number,
): Promise<{ id: string; number: number; finding: Position; input: Position }[]> {
  const rows = await view(connection)
    .selectFrom('alerts')
    .select(['id', 'number', 'finding_log', 'finding_index', 'input_log', 'input_index'])
    .where('sealed', 'is not', null)
    .where('number', '>', after)
    .orderBy('number')
    .limit(5000)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    finding: { log: row.finding_log, index: row.finding_index },
    input: { log: row.input_log, index: row.input_index },
  }));
}

/** Takes away who and where, once the ledger no longer gives it out. */
export async function forgetEntities(connection: Connection, id: string): Promise<void> {
  const nothing = {
    sealed: null,
    host_tag: null,
    user_tag: null,
    source_tag: null,
    process_tag: null,
    agent_tag: null,
    group_tag: null,
  };
  await view(connection).updateTable('alerts').set(nothing).where('id', '=', id).execute();
}

export function view(connection: Connection) {
  return connection.withTables<Tables>();
}

function toRow(sealing: Sealing, { alert, groupTag }: NewAlert): AlertRow {
  const { entities } = alert;
  const tagOf = (name: TaggedName): string | null => {
    const value = entities[name];
    return value === undefined ? null : entityTag(sealing.sealingKey, name, value);
  };
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
    disposition: alert.disposition ?? null,
    assignee: alert.assignee ?? null,
    sealed: sealEntities(sealing, alert.id, entities),
    host_tag: tagOf('host'),
    user_tag: tagOf('user'),
    source_tag: tagOf('source'),
    process_tag: tagOf('process'),
    agent_tag: tagOf('agent'),
    group_tag: groupTag,
    changed_by: sealChanger(sealing, alert),
    findings: alert.count,
    last_seen_ms: alert.lastSeenAtMs,
    last_log: alert.lastFinding.log,
    last_index: alert.lastFinding.index,
    announcement: alert.announcement,
    announced_ms: alert.announcedAtMs,
    revision: alert.revision,
    rank: rankOf(alert),
    priority_basis: priorityBasisText(alert.priority),
  };
}

function sealChanger(sealing: Sealing, { id, changedBy }: Alert): string | null {
  return changedBy === undefined ? null : sealText(sealing, `changer/${id}`, JSON.stringify(changedBy));
}

function openChanger(key: SealingKey, row: AlertRow): Pick<Alert, 'changedBy'> {
  if (row.changed_by === null) return {};
  try {
    const value = parseJson(openText(key, `changer/${row.id}`, row.changed_by));
    return isJsonObject(value) ? { changedBy: { id: textOf(value['id']), name: textOf(value['name']) } } : {};
  } catch {
    return {};
  }
}

export function fromRow(key: SealingKey, row: AlertRow): Alert {
  const state = parseAlertState(row.state);
  const level = levelOfSeverity(row.severity_id);
  const disposition = parseDisposition(row.disposition);
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
    ...(disposition === undefined ? {} : { disposition }),
    ...(row.assignee === null ? {} : { assignee: row.assignee }),
    entities: openEntities(key, row.id, row.sealed),
    // Alerts from before findings were grouped stand for one.
    count: Math.max(1, row.findings),
    lastSeenAtMs: Math.max(row.created_at_ms, row.last_seen_ms),
    lastFinding:
      row.findings === 0
        ? { log: row.finding_log, index: row.finding_index }
        : { log: row.last_log, index: row.last_index },
    announcement: row.announcement,
    announcedAtMs: row.announced_ms,
    revision: row.revision,
    priority: readPriority(level, row.priority_basis),
    ...openChanger(key, row),
  };
}

import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { dayMs, exceptionLimits, stateOf } from './exception.ts';
import type { ExceptionVersion, HiddenPosition, Person, RuleException } from './exception.ts';
import type { RuleExceptionNeeds } from './needs.ts';
import { openVersion, personIn, positionsIn, sealVersion } from './stored-exception.ts';

export type ExceptionRow = {
  id: string;
  revision: number;
  created_at_ms: number;
  to_ms: number | null;
  for_all_rules: number;
  condition_bytes: number;
  withdrawn: string | null;
  withdrawn_at_ms: number | null;
  hidden: number;
  last_hidden_at_ms: number | null;
  positions: string;
  told_day: number;
};
export type VersionRow = {
  exception_id: string;
  version: number;
  from_ms: number | null;
  to_ms: number | null;
  made_at_ms: number;
  sealed: string;
};
export type ExceptionTables = {
  rule_exceptions: ExceptionRow;
  rule_exception_versions: VersionRow;
  rule_exception_days: { exception_id: string; rule_id: string; day: number; hidden: number };
  rule_exception_progress: { name: string; through_ms: number };
};

/** With where the newest of what it hid stands. */
export type StoredException = RuleException & { readonly positions: readonly HiddenPosition[] };

type Sealing = Pick<RuleExceptionNeeds, 'sealingKey' | 'random'>;
type Connection = Database | Transaction;

const view = (connection: Connection) => connection.withTables<ExceptionTables>();

/** The newest first. */
export async function readExceptions(
  connection: Connection,
  key: Uint8Array,
  nowMs: number,
  id?: string,
): Promise<StoredException[]> {
  let query = view(connection).selectFrom('rule_exceptions').selectAll();
  let versionQuery = view(connection).selectFrom('rule_exception_versions').selectAll();
  if (id !== undefined) {
    query = query.where('id', '=', id);
    versionQuery = versionQuery.where('exception_id', '=', id);
  }
  const rows = await query.orderBy('created_at_ms', 'desc').orderBy('id').execute();
  const versions = Map.groupBy(await versionQuery.orderBy('version', 'desc').execute(), (row) => row.exception_id);
  return rows.map((row) => exceptionOf(key, row, versions.get(row.id) ?? [], nowMs));
}

function exceptionOf(
  key: Uint8Array,
  row: ExceptionRow,
  versionRows: readonly VersionRow[],
  nowMs: number,
): StoredException {
  const versions = versionRows.flatMap((one) => versionOf(key, one) ?? []);
  const withdrawn = row.withdrawn_at_ms === null ? undefined : withdrawalOf(key, row, row.withdrawn_at_ms);
  return {
    id: row.id,
    revision: row.revision,
    state: stateOf({ versions, withdrawn }, nowMs),
    versions,
    createdAtMs: row.created_at_ms,
    withdrawn,
    hidden: row.hidden,
    lastHiddenAtMs: row.last_hidden_at_ms ?? undefined,
    isDamaged: versions.length < versionRows.length || versions.length === 0,
    positions: positionsIn(row.positions),
  };
}

function versionOf(key: Uint8Array, row: VersionRow): ExceptionVersion | undefined {
  const sealed = openVersion(key, row.exception_id, row.version, row.sealed);
  if (sealed === undefined) return undefined;
  const [fromMs, toMs] = [row.from_ms ?? undefined, row.to_ms ?? undefined];
  return { ...sealed, version: row.version, fromMs, toMs, madeAtMs: row.made_at_ms };
}

function withdrawalOf(key: Uint8Array, row: ExceptionRow, atMs: number): RuleException['withdrawn'] {
  try {
    const opened = parseJson(openText(key, `${row.id}/withdrawn`, row.withdrawn ?? ''));
    if (isJsonObject(opened)) return { atMs, by: personIn(opened['by']), reason: textOf(opened['reason']) };
  } catch {
    // That it was withdrawn stands without the words.
  }
  return { atMs, by: { kind: '', id: '', name: '' }, reason: '' };
}

/** Adds a version, ending the one before it; makes the exception when it is the first. */
export async function writeVersion(
  transaction: Transaction,
  sealing: Sealing,
  id: string,
  version: ExceptionVersion,
): Promise<void> {
  const tables = view(transaction);
  const { text, fromMs, toMs, madeAtMs } = version;
  const facts = {
    to_ms: toMs ?? null,
    for_all_rules: text.rules === 'all' ? 1 : 0,
    condition_bytes: Buffer.byteLength(text.condition),
  };
  if (version.version === 1) {
    await tables
      .insertInto('rule_exceptions')
      .values({
        id,
        revision: 1,
        created_at_ms: madeAtMs,
        ...facts,
        withdrawn: null,
        withdrawn_at_ms: null,
        hidden: 0,
        last_hidden_at_ms: null,
        positions: '[]',
        told_day: 0,
      })
      .execute();
  } else {
    await tables
      .updateTable('rule_exceptions')
      .set(({ eb }) => ({ ...facts, revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .execute();
    await endVersions(transaction, id, fromMs ?? madeAtMs);
  }
  await tables
    .insertInto('rule_exception_versions')
    .values({
      exception_id: id,
      version: version.version,
      from_ms: fromMs ?? null,
      to_ms: toMs ?? null,
      made_at_ms: madeAtMs,
      sealed: sealVersion(sealing, id, version.version, sealedOf(version)),
    })
    .execute();
}

/** From when on it hides, and who approved it. */
export async function approveVersion(
  transaction: Transaction,
  sealing: Sealing,
  id: string,
  version: ExceptionVersion,
): Promise<void> {
  const tables = view(transaction);
  await tables
    .updateTable('rule_exception_versions')
    .set({
      from_ms: version.fromMs ?? null,
      sealed: sealVersion(sealing, id, version.version, sealedOf(version)),
    })
    .where('exception_id', '=', id)
    .where('version', '=', version.version)
    .execute();
  await tables
    .updateTable('rule_exceptions')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

export async function writeWithdrawal(
  transaction: Transaction,
  sealing: Sealing,
  id: string,
  withdrawal: { readonly atMs: number; readonly by: Person; readonly reason: string },
): Promise<void> {
  const { atMs, by, reason } = withdrawal;
  await endVersions(transaction, id, atMs);
  await view(transaction)
    .updateTable('rule_exceptions')
    .set(({ eb }) => ({
      revision: eb('revision', '+', 1),
      to_ms: atMs,
      withdrawn_at_ms: atMs,
      withdrawn: sealText(sealing, `${id}/withdrawn`, JSON.stringify({ by, reason })),
    }))
    .where('id', '=', id)
    .execute();
}

/** Versions that would go on longer end then. */
async function endVersions(transaction: Transaction, id: string, atMs: number): Promise<void> {
  await view(transaction)
    .updateTable('rule_exception_versions')
    .set({ to_ms: atMs })
    .where('exception_id', '=', id)
    .where(({ eb, or }) => or([eb('to_ms', 'is', null), eb('to_ms', '>', atMs)]))
    .execute();
}

function sealedOf({ text, madeBy, approvedBy, trial, accepted, origins }: ExceptionVersion) {
  return { text, madeBy, approvedBy, trial, accepted, origins };
}

/** Those that are not over, for the limits. */
export async function countUnended(
  connection: Connection,
  nowMs: number,
  except = '',
): Promise<{ readonly exceptions: number; readonly forAllRules: number; readonly conditionBytes: number }> {
  const rows = await view(connection)
    .selectFrom('rule_exceptions')
    .select(['for_all_rules', 'condition_bytes'])
    .where('id', '!=', except)
    .where(({ eb, or }) => or([eb('to_ms', 'is', null), eb('to_ms', '>', nowMs)]))
    .execute();
  return {
    exceptions: rows.length,
    forAllRules: rows.filter((row) => row.for_all_rules === 1).length,
    conditionBytes: rows.reduce((sum, row) => sum + row.condition_bytes, 0),
  };
}

/** The oldest of those that ended before `throughMs`, past how many are kept. */
export async function forgetOldest(transaction: Transaction, throughMs: number): Promise<void> {
  const tables = view(transaction);
  const rows = await tables
    .selectFrom('rule_exceptions')
    .select('id')
    .where('to_ms', '<=', throughMs)
    .orderBy('to_ms', 'desc')
    .offset(exceptionLimits.over)
    .limit(100)
    .execute();
  for (const { id } of rows) {
    await tables.deleteFrom('rule_exception_days').where('exception_id', '=', id).execute();
    await tables.deleteFrom('rule_exception_versions').where('exception_id', '=', id).execute();
    await tables.deleteFrom('rule_exceptions').where('id', '=', id).execute();
  }
}

/** What was hidden of each rule since then, by whole days of ledger time. */
export async function hiddenByRule(database: Database, sinceMs: number): Promise<Map<string, number>> {
  const rows = await view(database)
    .selectFrom('rule_exception_days')
    .select(['rule_id', ({ fn }) => fn.sum('hidden').as('held')])
    .where('day', '>=', Math.floor(sinceMs / dayMs))
    .groupBy('rule_id')
    .execute();
  return new Map(rows.map((row) => [row.rule_id, Number(row.held)]));
}

/** What each exception hid by day, since then. */
export async function hiddenByDay(
  connection: Connection,
  sinceMs: number,
): Promise<Map<string, { readonly day: number; readonly hidden: number }[]>> {
  const rows = await view(connection)
    .selectFrom('rule_exception_days')
    .select(['exception_id', 'day', ({ fn }) => fn.sum('hidden').as('held')])
    .where('day', '>=', Math.floor(sinceMs / dayMs))
    .groupBy(['exception_id', 'day'])
    .orderBy('day')
    .execute();
  const days = new Map<string, { day: number; hidden: number }[]>();
  for (const row of rows)
    days.set(row.exception_id, [...(days.get(row.exception_id) ?? []), { day: row.day, hidden: Number(row.held) }]);
  return days;
}

import { origin } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { createAccessRiskTables } from './migrations/0001-create-access-risk.ts';
import { createSettings } from './migrations/0002-create-settings.ts';
import { readState } from './state.ts';
import type { State } from './state.ts';

type Tables = {
  access_risk_states: { id: string; sealed: string };
  access_risk_cursor: { name: string; log: number; entry_index: number };
};

export const accessRiskMigrations: MigrationSet = {
  module: 'access-risk',
  migrations: { '0001-create-access-risk': createAccessRiskTables, '0002-create-settings': createSettings },
};

type Sealing = { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array };

const campaignsRow = 'campaigns';
const rowsPerStatement = 200;

export async function readCursor(database: Database): Promise<Position> {
  const row = await database.withTables<Tables>().selectFrom('access_risk_cursor').selectAll().executeTakeFirst();
  return row === undefined ? origin : { log: row.log, index: row.entry_index };
}

/** Rows that do not open or cannot be read, as of another version, are counted and learnt anew. */
export async function readStates(
  database: Database,
  sealing: Sealing,
): Promise<{
  readonly states: readonly (readonly [string, State])[];
  readonly campaigns: string | undefined;
  readonly unreadable: number;
}> {
  const rows = await database.withTables<Tables>().selectFrom('access_risk_states').selectAll().execute();
  let campaigns: string | undefined;
  let unreadable = 0;
  const states: (readonly [string, State])[] = [];
  for (const { id, sealed } of rows) {
    const text = open(sealing.sealingKey, id, sealed);
    if (id === campaignsRow) {
      campaigns = text;
      continue;
    }
    const state = text === undefined ? undefined : readState(text);
    if (state === undefined) unreadable += 1;
    else states.push([id, state]);
  }
  return { states, campaigns, unreadable };
}

/** What was learnt and how far was read are one state, and are written in one transaction. */
export async function saveStates(
  transaction: Transaction,
  sealing: Sealing,
  saved: {
    readonly changed: readonly (readonly [string, State])[];
    readonly removed: readonly string[];
    readonly campaigns: string;
    readonly cursor: Position;
  },
): Promise<void> {
  const tables = transaction.withTables<Tables>();
  const written = [
    ...saved.changed.map(([id, state]) => [id, JSON.stringify(state)] as const),
    [campaignsRow, saved.campaigns] as const,
  ];
  const gone = [...saved.removed, ...written.map(([id]) => id)];
  for (let from = 0; from < gone.length; from += rowsPerStatement) {
    await tables
      .deleteFrom('access_risk_states')
      .where('id', 'in', gone.slice(from, from + rowsPerStatement))
      .execute();
  }
  for (let from = 0; from < written.length; from += rowsPerStatement) {
    const rows = written
      .slice(from, from + rowsPerStatement)
      .map(([id, text]) => ({ id, sealed: sealText(sealing, id, text) }));
    await tables.insertInto('access_risk_states').values(rows).execute();
  }
  const place = { log: saved.cursor.log, entry_index: saved.cursor.index };
  await tables
    .insertInto('access_risk_cursor')
    .values({ name: 'access-risk', ...place })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(place))
    .execute();
}

export async function clearStates(transaction: Transaction): Promise<void> {
  await transaction.withTables<Tables>().deleteFrom('access_risk_states').execute();
}

/** Undefined for a row that was changed by somebody without the key. */
function open(key: SealingKey, id: string, sealed: string): string | undefined {
  try {
    return openText(key, id, sealed);
  } catch {
    return undefined;
  }
}

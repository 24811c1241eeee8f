import { setImmediate } from 'node:timers/promises';
import { origin } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import { entityState, readEntity } from './entity.ts';
import type { Entity } from './entity.ts';
import { createBehaviourTables } from './migrations/0001-create-behaviour.ts';

type Tables = {
  behaviour_entities: { id: string; sealed: string };
  behaviour_cursor: { name: string; log: number; entry_index: number };
};

export const behaviourMigrations: MigrationSet = {
  module: 'behaviour',
  migrations: { '0001-create-behaviour': createBehaviourTables },
};

type Sealing = { readonly sealingKey: SealingKey; readonly random: (length: number) => Uint8Array };

const rowsPerStatement = 200;
/** About a millisecond of writing states down. */
const sealedAtOnce = 20;

export async function readCursor(database: Database): Promise<Position> {
  const row = await database.withTables<Tables>().selectFrom('behaviour_cursor').selectAll().executeTakeFirst();
  return row === undefined ? origin : { log: row.log, index: row.entry_index };
}

/** Rows that do not open or cannot be read, as of another version, are counted and learnt anew. */
export async function readEntities(
  database: Database,
  sealing: Sealing,
): Promise<{ readonly entities: readonly (readonly [string, Entity])[]; readonly unreadable: number }> {
  const rows = await database.withTables<Tables>().selectFrom('behaviour_entities').selectAll().execute();
  const entities = rows.flatMap(({ id, sealed }) => {
    const text = open(sealing.sealingKey, id, sealed);
    const entity = text === undefined ? undefined : readEntity(text);
    return entity === undefined ? [] : [[id, entity] as const];
  });
  return { entities, unreadable: rows.length - entities.length };
}

/** How an entity lies in the control database. */
type EntityRow = Tables['behaviour_entities'];

/** To be called before the transaction, for which everybody else waits: others have their turn in between. */
export async function sealEntities(
  sealing: Sealing,
  changed: readonly (readonly [string, Entity])[],
): Promise<EntityRow[]> {
  const rows: EntityRow[] = [];
  for (const [id, entity] of changed) {
    rows.push({ id, sealed: sealText(sealing, id, entityState(entity)) });
    if (rows.length % sealedAtOnce === 0) await setImmediate();
  }
  return rows;
}

/** What was learnt and how far was read are one state, and are written in one transaction. */
export async function saveEntities(
  transaction: Transaction,
  state: { readonly changed: readonly EntityRow[]; readonly removed: readonly string[]; readonly cursor: Position },
): Promise<void> {
  const tables = transaction.withTables<Tables>();
  const gone = [...state.removed, ...state.changed.map(({ id }) => id)];
  for (let from = 0; from < gone.length; from += rowsPerStatement) {
    await tables
      .deleteFrom('behaviour_entities')
      .where('id', 'in', gone.slice(from, from + rowsPerStatement))
      .execute();
  }
  for (let from = 0; from < state.changed.length; from += rowsPerStatement) {
    await tables
      .insertInto('behaviour_entities')
      .values(state.changed.slice(from, from + rowsPerStatement))
      .execute();
  }
  const place = { log: state.cursor.log, entry_index: state.cursor.index };
  await tables
    .insertInto('behaviour_cursor')
    .values({ name: 'behaviour', ...place })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(place))
    .execute();
}

export async function clearEntities(transaction: Transaction): Promise<void> {
  await transaction.withTables<Tables>().deleteFrom('behaviour_entities').execute();
}

/** Undefined for a row that was changed by somebody without the key. */
function open(key: SealingKey, id: string, sealed: string): string | undefined {
  try {
    return openText(key, id, sealed);
  } catch {
    return undefined;
  }
}

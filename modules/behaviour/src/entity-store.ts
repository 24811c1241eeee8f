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

/** What was learnt and how far was read are one state, and are written in one transaction. */
export async function saveEntities(
  transaction: Transaction,
  sealing: Sealing,
  state: {
    readonly changed: readonly (readonly [string, Entity])[];
    readonly removed: readonly string[];
    readonly cursor: Position;
  },
): Promise<void> {
  const tables = transaction.withTables<Tables>();
  const gone = [...state.removed, ...state.changed.map(([id]) => id)];
  for (let from = 0; from < gone.length; from += rowsPerStatement) {
    await tables
      .deleteFrom('behaviour_entities')
      .where('id', 'in', gone.slice(from, from + rowsPerStatement))
      .execute();
  }
  for (let from = 0; from < state.changed.length; from += rowsPerStatement) {
    const rows = state.changed
      .slice(from, from + rowsPerStatement)
      .map(([id, entity]) => ({ id, sealed: sealText(sealing, id, entityState(entity)) }));
    await tables.insertInto('behaviour_entities').values(rows).execute();
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

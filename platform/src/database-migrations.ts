import type { Kysely, Migration, Transaction as KyselyTransaction } from 'kysely';
import { DatabaseError } from './database-error.ts';
import { messageOf } from './errors.ts';

/** The migrations of one module, named `0001-create-notes`; they run in the order of their names, each once, each in a transaction; those of a new database in one. */
export type MigrationSet = { readonly module: string; readonly migrations: Record<string, Migration> };

type Tables = { migrations: { module: string; name: string } };

/**
 * Brings every module's tables up to date. Modules are independent of each other: sets that are not handed in are left alone.
 * Throws `DatabaseError`: `migration_unknown` when the database was written by a newer version, `migration_out_of_order` when
 * a new migration sorts before one that ran, `migration_failed` (nothing of that migration is kept).
 */
export async function migrate(database: Kysely<unknown>, sets: readonly MigrationSet[]): Promise<void> {
  for (const set of sets) checkNames(set);
  const own = database.withTables<Tables>();
  // In a transaction, hence one migrator at a time: `if not exists` alone races in PostgreSQL.
  const missing = await own.transaction().execute(async (transaction) => {
    await createMigrationsTable(transaction);
    const rows = await transaction.selectFrom('migrations').select(['module', 'name']).execute();
    const all = sets.flatMap((set) => {
      const applied = appliedOf(set, rows);
      return Object.keys(set.migrations)
        .toSorted()
        .flatMap((name) => (applied.has(name) ? [] : [{ set, name }]));
    });
    if (rows.length > 0) return all;
    // A database that holds nothing yet: all or nothing, and synced once.
    for (const { set, name } of all) await apply(transaction, set, name);
    return [];
  });
  for (const { set, name } of missing)
    await own.transaction().execute((transaction) => applyOnce(transaction, set, name));
}

async function createMigrationsTable(transaction: KyselyTransaction<Tables>): Promise<void> {
  await transaction.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('module', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('migrations_key', ['module', 'name'])
    .execute();
}

async function applyOnce(transaction: KyselyTransaction<Tables>, set: MigrationSet, name: string): Promise<void> {
  // Read inside the transaction: another server may have just done it.
  const applied = await readApplied(transaction, set);
  if (applied.has(name)) return;
  const later = [...applied].find((other) => other > name);
  if (later !== undefined) {
    throw new DatabaseError(
      'migration_out_of_order',
      `Cannot run migration "${name}" of ${set.module}: "${later}" ran already, new migrations must sort last`,
    );
  }
  await apply(transaction, set, name);
}

async function apply(transaction: KyselyTransaction<Tables>, set: MigrationSet, name: string): Promise<void> {
  try {
    await set.migrations[name]?.up(transaction);
    await transaction.insertInto('migrations').values({ module: set.module, name }).execute();
  } catch (error) {
    throw new DatabaseError(
      'migration_failed',
      `Cannot run migration "${name}" of ${set.module}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function readApplied(transaction: KyselyTransaction<Tables>, set: MigrationSet): Promise<Set<string>> {
  const rows = await transaction.selectFrom('migrations').selectAll().where('module', '=', set.module).execute();
  return appliedOf(set, rows);
}

/** Throws `migration_unknown` for one that this version does not have. */
function appliedOf(set: MigrationSet, rows: readonly Tables['migrations'][]): Set<string> {
  const names = rows.filter(({ module }) => module === set.module).map(({ name }) => name);
  const unknown = names.find((name) => set.migrations[name] === undefined);
  if (unknown !== undefined) {
    throw new DatabaseError(
      'migration_unknown',
      `Cannot open the tables of ${set.module}: migration "${unknown}" is unknown, must be a version that has it`,
      {
        hint: 'start the newer version that wrote this database',
      },
    );
  }
  return new Set(names);
}

function checkNames(set: MigrationSet): void {
  const wrong = Object.keys(set.migrations).find((name) => !/^\d{4}-[a-z0-9-]+$/.test(name));
  if (wrong === undefined) return;
  throw new DatabaseError(
    'migration_name_invalid',
    `Cannot order migration "${wrong}" of ${set.module}: name must be four digits and words, as in "0001-create-keys"`,
  );
}

import { Kysely, sql, type Transaction as KyselyTransaction } from 'kysely';
import { DatabaseError } from './database-error.ts';
import { createPostgresDialect } from './database-postgres.ts';
import { createSqliteDialect } from './database-sqlite.ts';
import { messageOf } from './errors.ts';

export { DatabaseError, isUniqueViolation } from './database-error.ts';
export type { DatabaseErrorCode } from './database-error.ts';
export { migrate } from './database-migrations.ts';
export type { MigrationSet } from './database-migrations.ts';
export { repeatableTransaction } from './repeatable-transaction.ts';

/**
 * Control data. A module sees its own tables only: `database.withTables<MyTables>()`.
 * Transactions run one after another on both engines. Inside one, use the transaction for every statement: SQLite has a
 * single connection, so asking `database` would wait for itself.
 * Portable subset: text, integer (`bigint` in PostgreSQL, read as a number), no boolean (0 or 1), no JSON type.
 */
export type Database = Kysely<unknown>;
export type Transaction = KyselyTransaction<unknown>;
export type OpenDatabase = {
  readonly database: Database;
  readonly dialect: 'sqlite' | 'postgres';
  readonly close: () => Promise<void>;
};

/**
 * Opens (SQLite: creates, mode 0600) the control database. With `reserveBytes` SQLite keeps that much of the disk for
 * itself, so that a disk others filled does not stop it. Throws `DatabaseError` `postgres_unavailable` when no server answers at `url`.
 */
export async function openDatabase(
  options: { kind: 'sqlite'; file: string; reserveBytes?: number } | { kind: 'postgres'; url: string },
): Promise<OpenDatabase> {
  const dialect =
    options.kind === 'sqlite'
      ? createSqliteDialect(options.file, options.reserveBytes)
      : createPostgresDialect(options.url);
  const database = new Kysely<unknown>({ dialect });
  try {
    await sql`select 1`.execute(database);
  } catch (error) {
    await database.destroy();
    if (options.kind === 'sqlite') throw error;
    throw new DatabaseError('postgres_unavailable', `Cannot reach PostgreSQL: ${messageOf(error)}`, { cause: error });
  }
  return { database, dialect: options.kind, close: () => database.destroy() };
}

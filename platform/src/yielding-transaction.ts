import { open } from 'node:fs/promises';
import { sql, SqliteAdapter, type Kysely, type Transaction } from 'kysely';
import { DatabaseError } from './database-error.ts';
import { repeatableTransaction } from './repeatable-transaction.ts';

/**
 * A transaction whose caller waits for the disk, and nobody else: with SQLite its commit does not wait in the thread that answers, and the
 * log it went to is synced beside what comes next. What it returns is durable. Others may see its rows some milliseconds before that, which
 * a machine that loses power in between comes up without: for what is made again in the same way, and is told of only once this resolves.
 * Throws `not_durable` when the disk fails behind the commit: the rows may stay, or be gone after a loss of power.
 */
export async function yieldingTransaction<Tables, Result>(
  database: Kysely<Tables>,
  task: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  if (!(database.getExecutor().adapter instanceof SqliteAdapter)) return database.transaction().execute(task);
  const { rows } = await sql<{ name: string; file: string }>`pragma database_list`.execute(database);
  const file = rows.find(({ name }) => name === 'main')?.file ?? '';
  const result = await repeatableTransaction(database, task);
  // In memory nothing is durable.
  if (file !== '') await syncLog(`${file}-wal`);
  return result;
}

/** Whatever was written to it before is on disk once this resolves, whoever wrote it. */
async function syncLog(path: string): Promise<void> {
  try {
    await using log = await open(path, 'r+');
    await log.datasync();
  } catch (cause) {
    throw new DatabaseError(
      'not_durable',
      'Cannot tell whether the change is on disk: the log of the database cannot be synced',
      {
        cause,
        hint: 'look at the disk; what was not told is done again',
      },
    );
  }
}

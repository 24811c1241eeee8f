import { sql, SqliteAdapter, type Kysely, type Transaction } from 'kysely';

/**
 * A transaction of what is done again in the same way when it is lost: it is whole or not there, in order with all others, but its commit
 * does not wait for the disk. The next one that waits takes it along; before that a machine that loses power comes up without it, and so
 * does PostgreSQL whose process ends (killed, stopped at once, or another taking over), while this process goes on: not SQLite, which has no
 * process. For what is derived from a record that is kept elsewhere, with the place up to which it was; whoever writes that place moves it
 * from the one written last, and begins again from what is saved where it is another.
 */
export async function repeatableTransaction<Tables, Result>(
  database: Kysely<Tables>,
  task: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  if (!(database.getExecutor().adapter instanceof SqliteAdapter))
    return database.transaction().execute(async (transaction) => {
      await sql`set local synchronous_commit = off`.execute(transaction);
      return task(transaction);
    });
  // Nobody else has the one connection until it waits again. In a log of what was written, a later sync covers what came before it.
  return database.connection().execute(async (connection) => {
    try {
      await sql`pragma synchronous = normal`.execute(connection);
      return await connection.transaction().execute(task);
    } finally {
      await sql`pragma synchronous = full`.execute(connection);
    }
  });
}

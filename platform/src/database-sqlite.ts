import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CompiledQuery, SqliteDialect, type Dialect, type SqliteDatabase } from 'kysely';
import { DatabaseError } from './database-error.ts';
import { createDiskReserve } from './disk-reserve.ts';
import { codeOf, messageOf } from './errors.ts';
import { withBegin } from './database-dialect.ts';

/**
 * SQLite in one file that only its owner can read, through the one connection of this process.
 * A commit is on disk before it returns (WAL, synchronous=FULL); deleted bytes are overwritten (secure_delete).
 */
export function createSqliteDialect(file: string, reserveBytes = 0): Dialect {
  const reserve = reserveBytes === 0 ? undefined : createDiskReserve(`${file}.reserve`, reserveBytes);
  reserve?.makeRoom();
  if (file !== ':memory:') {
    closeSync(openSync(file, 'a', 0o600));
    // The umask or an older file may say otherwise; SQLite gives the -wal and -shm files the same mode.
    chmodSync(file, 0o600);
  }
  const connection = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
  try {
    connection.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA trusted_schema = OFF;
    `);
  } catch (error) {
    connection.close();
    throw error;
  }
  // IMMEDIATE takes the write lock at once: a transaction that read first could otherwise be refused at its first write.
  return withBegin(new SqliteDialect({ database: adapt(connection, () => reserve?.makeRoom()) }), async (executing) => {
    reserve?.makeRoom();
    await executing.executeQuery(CompiledQuery.raw('begin immediate'));
  });
}

const isPragma = (sql: string): boolean => /^\s*pragma\b/i.test(sql);

type Prepared = { readonly statement: StatementSync; readonly reader: boolean };

/** Longer ones insert rows by the hundred: they hardly ever come twice, and would keep what was bound to them. */
const longestKept = 2000;
const mostKept = 200;

/**
 * Statements are prepared once: to prepare one costs more than to run it. They run to their end before anything else does, so that none is used
 * twice at once. What changes tables forgets all of them, since their columns may be others; a pragma does what it says when it is prepared.
 */
function createStatements(connection: DatabaseSync): (sql: string) => Prepared {
  const kept = new Map<string, Prepared>();
  return (sql) => {
    if (/^\s*(?:alter|create|drop)\b/i.test(sql)) kept.clear();
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = connection.prepare(sql);
    const prepared = { statement, reader: statement.columns().length > 0 };
    if (sql.length > longestKept || isPragma(sql)) return prepared;
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? sql);
    kept.set(sql, prepared);
    return prepared;
  };
}

/** What Kysely expects of better-sqlite3, from node:sqlite. */
function adapt(connection: DatabaseSync, makeRoom: () => void): SqliteDatabase {
  const prepare = createStatements(connection);
  return {
    close: () => connection.close(),
    prepare(sql) {
      const { statement, reader } = prepare(sql);
      return {
        reader,
        all: (parameters) => readRows(statement, parameters),
        run(parameters) {
          // SQLite itself takes a transaction back on a full disk: that is to be told, not that none is left to take back.
          if (sql === 'rollback' && !connection.isTransaction) return { changes: 0, lastInsertRowid: 0 };
          // Inside a transaction there was a look before it began. A pragma was carried out when it was prepared, and must not fail after that.
          if (!connection.isTransaction && !isPragma(sql)) makeRoom();
          return statement.run(...parameters.map(toInput));
        },
        // Others may run while it is read: it has a statement of its own.
        iterate: (parameters) => connection.prepare(sql).iterate(...parameters.map(toInput)),
      };
    },
  };
}

function readRows(statement: StatementSync, parameters: readonly unknown[]): unknown[] {
  try {
    // Plain objects, as pg gives them, instead of objects without a prototype.
    return statement.all(...parameters.map(toInput)).map((row) => ({ ...row }));
  } catch (error) {
    if (codeOf(error) !== 'ERR_OUT_OF_RANGE') throw error;
    throw new DatabaseError('integer_unsafe', `Cannot read a row: ${messageOf(error)}, must be a safe integer`, {
      cause: error,
    });
  }
}

function toInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'bigint' || value instanceof Uint8Array)
    return value;
  if (typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value))) return value;
  throw new TypeError(`Cannot bind a ${typeof value} to a statement: must be a string, a safe number, bytes or null`);
}

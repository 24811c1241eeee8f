import { CompiledQuery, PostgresDialect, type Dialect } from 'kysely';
import pg from 'pg';
import { withBegin } from './database-dialect.ts';
import { parseInteger } from './database-error.ts';

/** By type id (pg_type.oid); every other type arrives as text. */
const parsers = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'], // boolean, from expressions
  [17, (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))], // bytea
  [20, parseInteger], // bigint
  [21, parseInteger], // smallint
  [23, parseInteger], // integer
  [700, Number], // real
  [701, Number], // double precision
  [1700, (text) => (text.includes('.') ? Number(text) : parseInteger(text))], // numeric: what sum() over bigint returns
]);
/** Any fixed number: an advisory lock belongs to one database of the cluster. */
const writerLock = 5_701_840;

/**
 * PostgreSQL behaving as SQLite does, so that one set of modules is right on both: bigint arrives as a number, and
 * transactions run one after another, also those of several servers on the same database.
 */
export function createPostgresDialect(url: string): Dialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 30_000,
    // A server that hangs inside a transaction must not hold the writer's lock for ever.
    idle_in_transaction_session_timeout: 60_000,
    types: { getTypeParser },
  });
  // Without a listener a lost idle connection ends the process. The pool drops it; a query that needs one reports its own error.
  pool.on('error', () => undefined);
  return withBegin(new PostgresDialect({ pool }), async (connection) => {
    await connection.executeQuery(CompiledQuery.raw(`begin; select pg_advisory_xact_lock(${writerLock})`));
  });
}

function getTypeParser(type: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format === 'binary') throw new TypeError('Cannot read binary results: the text format is expected');
  return parsers.get(type) ?? ((text) => text);
}

import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql, type Migration } from 'kysely';
import { forEachDatabase } from './database-testing.ts';
import { isUniqueViolation, migrate, openDatabase, repeatableTransaction, type MigrationSet } from './database.ts';

type Tables = { notes: { id: string; size: number } };

const notes: MigrationSet = {
  module: 'notes',
  migrations: {
    '0001-create-notes': {
      async up(database) {
        await database.schema
          .createTable('notes')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('size', 'bigint', (column) => column.notNull())
          .execute();
      },
    },
  },
};
const run = (statement: string): MigrationSet['migrations'][string] => ({
  up: async (database) => void (await sql.raw(statement).execute(database)),
});
const add = (name: string, statement: string): MigrationSet => ({
  module: 'notes',
  migrations: { ...notes.migrations, [name]: run(statement) },
});

forEachDatabase((name, open) => {
  test(`${name}: migrations run once, in order, and again only for what is new`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    await migrate(database, [notes]);
    await migrate(database, [add('0002-add-colour', 'alter table notes add column colour text')]);
    await sql`insert into notes (id, size, colour) values ('a', 1, 'red')`.execute(database);
  });

  test(`${name}: modules migrate independently of each other`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    await migrate(database, [
      {
        module: 'other',
        migrations: {
          '0001-create-other': { up: async (db) => void (await sql`create table other (id text)`.execute(db)) },
        },
      },
    ]);
    await migrate(database, [notes]);
  });

  test(`${name}: migrate() refuses a database written by a newer version`, async () => {
    const { database } = await open();
    await migrate(database, [add('0002-newer', 'alter table notes add column colour text')]);
    await assert.rejects(migrate(database, [notes]), { code: 'migration_unknown' });
    await assert.rejects(migrate(database, [{ module: 'notes', migrations: {} }]), { code: 'migration_unknown' });
  });

  test(`${name}: migrate() refuses a new migration that sorts before one that ran`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    await assert.rejects(migrate(database, [add('0000-late', 'select 1')]), { code: 'migration_out_of_order' });
  });

  test(`${name}: a migration that fails leaves nothing behind`, async () => {
    const { database } = await open();
    const broken: Migration = {
      async up(db) {
        await sql`create table half (id text)`.execute(db);
        await sql`insert into half (id, other) values ('a', 'b')`.execute(db);
      },
    };
    const set = { module: 'notes', migrations: { ...notes.migrations, '0002-broken': broken } };
    await assert.rejects(migrate(database, [set]), { code: 'migration_failed' });
    await migrate(database, [notes]);
    await migrate(database, [add('0002-broken', 'create table half (id text)')]);
  });

  test(`${name}: of a new database in which one migration fails nothing is kept; of one that has rows, all before it`, async () => {
    const { database } = await open();
    const broken = {
      module: 'labels',
      migrations: {
        '0001-create-labels': run('create table labels (id text)'),
        '0002-create-again': run('create table labels (id text)'),
      },
    };
    const kept = async (): Promise<string[]> => {
      await migrate(database, []);
      const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(database);
      return rows.map((row) => row.name);
    };
    await assert.rejects(migrate(database, [notes, broken]), { code: 'migration_failed' });
    assert.deepEqual(await kept(), []);
    await migrate(database, [notes]);
    await assert.rejects(migrate(database, [notes, broken]), { code: 'migration_failed' });
    assert.deepEqual(await kept(), ['0001-create-labels', '0001-create-notes']);
  });

  test(`${name}: two migrators at once do each migration once`, async () => {
    const { database } = await open();
    await Promise.all([migrate(database, [notes]), migrate(database, [notes])]);
    const { rows } = await sql<{ name: string }>`select name from migrations`.execute(database);
    assert.deepEqual(rows, [{ name: '0001-create-notes' }]);
  });

  test(`${name}: integers come back as numbers, and one a number cannot hold is an error, never rounded`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    const own = database.withTables<Tables>();
    await own.insertInto('notes').values({ id: 'largest', size: Number.MAX_SAFE_INTEGER }).execute();
    const row = await own
      .selectFrom('notes')
      .select([
        (eb) => eb.fn.max('size').as('max'),
        (eb) => eb.fn.countAll<number>().as('count'),
        (eb) => eb.fn.sum<number>('size').as('sum'),
      ])
      .executeTakeFirstOrThrow();
    assert.deepEqual(row, { max: Number.MAX_SAFE_INTEGER, count: 1, sum: Number.MAX_SAFE_INTEGER });
    await sql`update notes set size = size + 1`.execute(database);
    await assert.rejects(own.selectFrom('notes').selectAll().execute(), { code: 'integer_unsafe' });
  });

  test(`${name}: bytes come back as they went in`, async () => {
    const { database, dialect } = await open();
    const bytes = new Uint8Array([0, 1, 254, 255]);
    await sql`create table blobs (bytes ${sql.raw(dialect === 'sqlite' ? 'blob' : 'bytea')})`.execute(database);
    await sql`insert into blobs (bytes) values (${bytes})`.execute(database);
    const { rows } = await sql<{ bytes: Uint8Array }>`select bytes from blobs`.execute(database);
    assert.deepEqual(rows, [{ bytes }]);
  });

  test(`${name}: a transaction that throws changes nothing`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    const own = database.withTables<Tables>();
    const attempt = own.transaction().execute(async (transaction) => {
      await transaction.insertInto('notes').values({ id: 'a', size: 1 }).execute();
      throw new RangeError('no');
    });
    await assert.rejects(attempt, RangeError);
    assert.deepEqual(await own.selectFrom('notes').selectAll().execute(), []);
  });

  test(`${name}: transactions that read and then write lose no update`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    const own = database.withTables<Tables>();
    await own.insertInto('notes').values({ id: 'a', size: 0 }).execute();
    const increment = (): Promise<unknown> =>
      own.transaction().execute(async (transaction) => {
        const { size } = await transaction.selectFrom('notes').select('size').executeTakeFirstOrThrow();
        await transaction
          .updateTable('notes')
          .set({ size: size + 1 })
          .execute();
      });
    await Promise.all(Array.from({ length: 20 }, increment));
    assert.equal((await own.selectFrom('notes').select('size').executeTakeFirstOrThrow()).size, 20);
  });

  test(`${name}: a transaction that can be repeated is whole, and only its own commit does not wait for the disk`, async () => {
    const { database, dialect } = await open();
    await migrate(database, [notes]);
    const own = database.withTables<Tables>();
    const setting = dialect === 'sqlite' ? 'pragma synchronous' : 'show synchronous_commit';
    const waits = async (where: typeof own = own): Promise<boolean> => {
      const { rows } = await sql<Record<string, unknown>>`${sql.raw(setting)}`.execute(where);
      return [2, 'on'].includes(
        Object.values(rows[0] ?? {}).map((value) => (typeof value === 'number' ? value : String(value)))[0] ?? '',
      );
    };
    assert.equal(await waits(), true);
    const inside = repeatableTransaction(own, async (transaction) => {
      await transaction.insertInto('notes').values({ id: 'a', size: 1 }).execute();
      return waits(transaction);
    });
    // Beside it, on the connection that it has or had.
    const beside = Array.from({ length: 20 }, (_, at) =>
      at % 2 === 0
        ? own.transaction().execute(async (transaction) => {
            await transaction
              .insertInto('notes')
              .values({ id: `b${at}`, size: 1 })
              .execute();
            return waits(transaction);
          })
        : repeatableTransaction(own, waits),
    );
    assert.equal(await inside, false);
    assert.deepEqual(
      await Promise.all(beside),
      beside.map((_, at) => at % 2 === 0),
    );
    const failing = repeatableTransaction(own, async (transaction) => {
      await transaction.deleteFrom('notes').execute();
      throw new RangeError('no');
    });
    await assert.rejects(failing, RangeError);
    assert.equal(await waits(), true);
    assert.equal((await own.selectFrom('notes').selectAll().execute()).length, 11);
  });

  test(`${name}: isUniqueViolation() knows a second row with the same key from other errors`, async () => {
    const { database } = await open();
    await migrate(database, [notes]);
    const insert = (): Promise<unknown> => sql`insert into notes (id, size) values ('a', 1)`.execute(database);
    await insert();
    await assert.rejects(insert(), isUniqueViolation);
    await assert.rejects(
      sql`insert into notes (id) values ('b')`.execute(database),
      (error) => !isUniqueViolation(error),
    );
  });
});

test('SQLite files are readable by their owner only, and settings keep commits and overwrite what is deleted', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-database-'));
  const file = join(directory, 'control.db');
  const { database, close } = await openDatabase({ kind: 'sqlite', file });
  try {
    await migrate(database, [notes]);
    for (const suffix of ['', '-wal', '-shm']) assert.equal(statSync(file + suffix).mode & 0o777, 0o600);
    for (const [setting, value] of [
      ['journal_mode', 'wal'],
      ['synchronous', 2],
      ['secure_delete', 1],
      ['foreign_keys', 1],
    ] as const) {
      const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(setting)}`.execute(database);
      assert.equal(rows[0]?.[setting], value);
    }
  } finally {
    await close();
    rmSync(directory, { recursive: true });
  }
});

test('the connection waits for the disk again, whatever fails around a transaction that does not', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-database-'));
  const directory = mkdtempSync(join(root, 'in-'));
  const away = join(root, 'away');
  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db'), reserveBytes: 4096 });
  const { database } = opened;
  await migrate(database, [notes]);
  const own = database.withTables<Tables>();
  const level = async (): Promise<unknown> =>
    (await sql<{ synchronous: number }>`pragma synchronous`.execute(database)).rows[0]?.synchronous;
  try {
    // No look at how much room there is can succeed: as with too many open files, or a disk that fails.
    const before = repeatableTransaction(own, async (transaction) => {
      await transaction.insertInto('notes').values({ id: 'a', size: 1 }).execute();
    });
    renameSync(directory, away);
    await assert.rejects(before, { code: 'ENOENT' });
    assert.equal(await level(), 2);
    await assert.rejects(own.transaction().execute(level), { code: 'ENOENT' });
    renameSync(away, directory);
    // And from the middle of one on.
    const during = repeatableTransaction(own, async (transaction) => {
      await transaction.insertInto('notes').values({ id: 'b', size: 1 }).execute();
      renameSync(directory, away);
      throw new RangeError('no');
    });
    await assert.rejects(during, RangeError);
    assert.equal(await level(), 2);
    renameSync(away, directory);
    await own.insertInto('notes').values({ id: 'c', size: 1 }).execute();
    assert.deepEqual(await own.selectFrom('notes').select('id').execute(), [{ id: 'c' }]);
  } finally {
    await opened.close();
    rmSync(root, { recursive: true });
  }
});

test('what made SQLite take a transaction back is told, and the next one works', async () => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  await migrate(database, [notes]);
  const insert = async (): Promise<unknown> =>
    database
      .transaction()
      .execute(async (transaction) =>
        sql`insert or rollback into notes (id, size) values ('a', 1)`.execute(transaction),
      );
  await insert();
  await assert.rejects(insert(), isUniqueViolation);
  await database.transaction().execute(async (transaction) => sql`delete from notes`.execute(transaction));
  await insert();
  await close();
});

test('openDatabase() says so when no PostgreSQL answers', async () => {
  await assert.rejects(openDatabase({ kind: 'postgres', url: 'postgres://x@/x?host=/nonexistent' }), {
    code: 'postgres_unavailable',
  });
});

test('migrate() refuses names that have no order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-database-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await assert.rejects(migrate(database, [add('create', 'select 1')]), { code: 'migration_name_invalid' });
  await close();
  rmSync(directory, { recursive: true });
});

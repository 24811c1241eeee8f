import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { sql } from 'kysely';
import { forEachDatabase } from './database-testing.ts';
import { openDatabase, yieldingTransaction, type Database } from './database.ts';

type Tables = { notes: { id: string; size: number } };

async function notesIn(plain: Database) {
  const database = plain.withTables<Tables>();
  await database.schema
    .createTable('notes')
    .ifNotExists()
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .execute();
  return database;
}

forEachDatabase((name, open) => {
  test(`${name}: a yielding transaction is whole or not there, in order with all others`, async () => {
    const database = await notesIn((await open()).database);
    const add = (id: string) =>
      yieldingTransaction(database, async (transaction) => {
        await transaction.insertInto('notes').values({ id, size: 1 }).execute();
        return id;
      });
    const plain = (id: string) =>
      database.transaction().execute(async (transaction) => {
        await transaction.insertInto('notes').values({ id, size: 2 }).execute();
        return id;
      });
    const ids = Array.from({ length: 12 }, (_, at) => `note ${String(at).padStart(2, '0')}`);
    assert.deepEqual(await Promise.all(ids.map((id, at) => (at % 3 === 0 ? plain(id) : add(id)))), ids);
    const failing = yieldingTransaction(database, async (transaction) => {
      await transaction.deleteFrom('notes').execute();
      throw new RangeError('no');
    });
    await assert.rejects(failing, RangeError);
    await assert.rejects(add('note 00'));
    const rows = await database.selectFrom('notes').select('id').orderBy('id').execute();
    assert.deepEqual(
      rows.map(({ id }) => id),
      ids,
    );
  });
});

test('what cannot be synced is told to nobody as done, and others wait for the disk as before', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-yielding-'));
  const [directory, away] = [join(root, 'here'), join(root, 'away')];
  renameSync(mkdtempSync(join(root, 'new-')), directory);
  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  try {
    const database = await notesIn(opened.database);
    const lost = yieldingTransaction(database, async (transaction) => {
      await transaction.insertInto('notes').values({ id: 'a', size: 1 }).execute();
      renameSync(directory, away);
    });
    await assert.rejects(lost, { code: 'not_durable' });
    const level = await sql<{ synchronous: number }>`pragma synchronous`.execute(database);
    assert.equal(level.rows[0]?.synchronous, 2);
    renameSync(away, directory);
    await yieldingTransaction(database, (transaction) =>
      transaction.insertInto('notes').values({ id: 'b', size: 1 }).execute(),
    );
  } finally {
    await opened.close();
    rmSync(root, { recursive: true });
  }
});

test('killed at any moment, what was told is there, and the database is whole', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-yielding-'));
  const file = join(directory, 'control.db');
  const script = `
    const { openDatabase, yieldingTransaction } = await import(${JSON.stringify(new URL('./database.ts', import.meta.url).href)});
    const { writeSync } = await import('node:fs');
    const { database } = await openDatabase({ kind: 'sqlite', file: process.argv[1] });
    for (let at = Number(process.argv[2]); ; at += 1) {
      const add = (id) => yieldingTransaction(database, (transaction) => transaction.insertInto('notes').values({ id, size: at }).execute());
      await Promise.all([add('one ' + at), add('two ' + at)]);
      writeSync(1, at + '\\n');
    }`;
  let told = -1;
  try {
    for (const lines of [3, 40]) {
      const before = await openDatabase({ kind: 'sqlite', file });
      await (await notesIn(before.database)).deleteFrom('notes').where('size', '>', told).execute();
      await before.close();
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, file, String(told + 1)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const ended = once(child, 'exit');
      let left = lines;
      for await (const line of createInterface({ input: child.stdout })) {
        told = Number(line);
        if ((left -= 1) === 0) child.kill('SIGKILL');
      }
      await ended;
      const { database, close } = await openDatabase({ kind: 'sqlite', file });
      const check = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(database);
      assert.equal(check.rows[0]?.integrity_check, 'ok');
      const kept = await (await notesIn(database)).selectFrom('notes').select('id').where('size', '<=', told).execute();
      assert.equal(kept.length, 2 * (told + 1));
      await close();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

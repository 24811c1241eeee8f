import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '../database-testing.ts';
import {
  countingRandom,
  createNoteTables,
  noteColumns,
  noteKeys,
  noteRow,
  type StoredTables,
} from './notes.fixture.ts';

forEachDatabase((name, openEmpty) => {
  test(`an older value of the same cell opens: put back, it is not noticed until its key is forgotten, on ${name}`, async () => {
    const { database } = await openEmpty();
    await createNoteTables(database);
    const keys = await noteKeys();
    const columns = noteColumns(keys, countingRandom());
    const notes = columns.on(database);
    const stored = database.withTables<StoredTables>();
    await notes.insertInto('notes').values(noteRow('a', 'Gate')).execute();
    const before = await stored.selectFrom('notes').select('title').executeTakeFirstOrThrow();
    await notes.updateTable('notes').set({ title: 'Door' }).where('id', '=', 'a').execute();
    await stored.updateTable('notes').set(before).execute();
    assert.equal((await notes.selectFrom('notes').select('title').executeTakeFirst())?.title, 'Gate');
    await keys.rotate();
    await columns.reencrypt(database, 'notes');
    await keys.forgetOlder();
    await stored.updateTable('notes').set(before).execute();
    await assert.rejects(notes.selectFrom('notes').select('title').execute(), { code: 'key_version_unknown' });
  });

  test(`keys are replaced in the background, from wherever it stopped, on ${name}`, async () => {
    const { database } = await openEmpty();
    await createNoteTables(database);
    const keys = await noteKeys();
    const columns = noteColumns(keys, countingRandom());
    const notes = columns.on(database);
    await notes
      .insertInto('notes')
      .values(Array.from({ length: 25 }, (_, at) => noteRow(`n${at}`, `Title ${at}`)))
      .execute();
    await keys.rotate();
    const stopping = new AbortController();
    const stopped = await columns.reencrypt(database, 'notes', {
      rowsAtOnce: 10,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    assert.deepEqual(stopped, { table: 'notes', version: 2, resealed: 10, damaged: 0, remaining: 15, done: false });
    // Both versions are found meanwhile.
    const sought = Array.from({ length: 25 }, (_, at) => `title ${at}`);
    assert.equal((await notes.selectFrom('notes').select('id').where('title', 'in', sought).execute()).length, 25);
    const stored = database.withTables<StoredTables>();
    await stored.updateTable('notes').set({ title: 'sealed1.1.AAAA' }).where('id', '=', 'n9').execute();
    const damaged: string[] = [];
    const rest = await columns.reencrypt(database, 'notes', {
      rowsAtOnce: 4,
      onDamaged: ({ code }) => damaged.push(code),
    });
    assert.deepEqual([rest.resealed + rest.damaged, rest.damaged, rest.done], [15, 1, true]);
    assert.deepEqual(damaged, ['value_not_authentic']);
    await keys.forgetOlder();
    assert.equal((await notes.selectFrom('notes').select('title').where('id', '<>', 'n9').execute()).length, 24);
    assert.equal((await notes.selectFrom('notes').select('id').where('title', '=', 'TITLE 3').execute()).length, 1);
  });

  test(`what an earlier version wrote is taken over once, and is not read before, on ${name}`, async () => {
    const { database } = await openEmpty();
    await createNoteTables(database);
    const columns = noteColumns(await noteKeys(), countingRandom());
    const notes = columns.on(database);
    const stored = database.withTables<StoredTables>();
    const row = { size: 1, title_key: '', place: null, place_key: null, body: null };
    await stored
      .insertInto('notes')
      .values({ ...row, id: 'a', title: 'clear:Gate' })
      .execute();
    await assert.rejects(notes.selectFrom('notes').selectAll().execute(), { code: 'value_not_sealed' });
    const earlier = { title: (text: string) => text.slice('clear:'.length) };
    assert.equal((await columns.reencrypt(database, 'notes', { earlier })).resealed, 1);
    assert.equal((await columns.reencrypt(database, 'notes', { earlier })).resealed, 0);
    assert.equal(
      (await notes.selectFrom('notes').select('title').where('title', '=', 'gate').executeTakeFirst())?.title,
      'Gate',
    );
  });
});

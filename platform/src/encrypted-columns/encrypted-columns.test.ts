import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Kysely } from 'kysely';
import { forEachDatabase } from '../database-testing.ts';
import { openDatabase, type Database } from '../database.ts';
import type { EncryptedColumnError, EncryptedColumns, Opened } from './encrypted-columns.ts';
import {
  countingRandom,
  createNoteTables,
  noteColumns,
  noteKeys,
  noteRow,
  type NoteTables,
  type StoredTables,
} from './notes.fixture.ts';

type Notes = Kysely<Opened<NoteTables>>;
type Open = {
  database: Database;
  columns: EncryptedColumns<NoteTables>;
  notes: Notes;
  stored: Kysely<StoredTables>;
};

forEachDatabase((name, openEmpty) => {
  const open = async (): Promise<Open> => {
    const { database } = await openEmpty();
    await createNoteTables(database);
    const columns = noteColumns(await noteKeys(), countingRandom());
    return { database, columns, notes: columns.on(database), stored: database.withTables<StoredTables>() };
  };

  test(`a prepared query is asked with other values each time, and opens what each row holds on ${name}`, async () => {
    const { notes, columns, database, stored } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate', 'Yard'), noteRow('b', 'Door')])
      .execute();
    const byId = columns.prepared((tables, id) => tables.selectFrom('notes').selectAll().where('id', '=', id));
    assert.deepEqual(await byId(database, 'a'), [noteRow('a', 'Gate', 'Yard')]);
    assert.deepEqual(await byId(database, 'b'), [noteRow('b', 'Door')]);
    assert.deepEqual(await byId(database, "a' or '1'='1"), []);
    assert.deepEqual(
      await Promise.all(['b', 'a', 'none'].map(async (id) => (await byId(database, id)).length)),
      [1, 1, 0],
    );
    await database.transaction().execute(async (transaction) => {
      await columns.on(transaction).updateTable('notes').set({ title: 'Garden' }).where('id', '=', 'b').execute();
      assert.equal((await byId(transaction, 'b'))[0]?.title, 'Garden');
    });
    await stored.updateTable('notes').set({ title: 'Gate' }).where('id', '=', 'a').execute();
    await assert.rejects(byId(database, 'a'), { code: 'value_not_sealed' });
    await assert.rejects(byId(database), TypeError);
  });

  test(`a query that seeks by what is sealed, or holds more than its values, is not prepared on ${name}`, async () => {
    const { columns, database } = await open();
    const byTitle = columns.prepared((tables, title) =>
      tables.selectFrom('notes').select('id').where('title', '=', title),
    );
    await assert.rejects(byTitle(database, 'Gate'), TypeError);
    const withMore = columns.prepared((tables, id) =>
      tables.selectFrom('notes').select('id').where('size', '=', 1).where('id', '=', id),
    );
    await assert.rejects(withMore(database, 'a'), TypeError);
  });

  test(`encrypted columns read and write like others on ${name}`, async () => {
    const { notes, stored, columns, database } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate', 'Yard'), noteRow('b', 'Door')])
      .execute();
    await notes.updateTable('notes').set({ body: null, size: 2 }).where('id', '=', 'a').execute();
    assert.deepEqual(await notes.selectFrom('notes').selectAll().orderBy('id').execute(), [
      { ...noteRow('a', 'Gate', 'Yard'), size: 2, body: null },
      noteRow('b', 'Door'),
    ]);
    assert.deepEqual(
      await notes.selectFrom('notes').select(['size', 'title as name']).where('title', '=', 'gATE').execute(),
      [{ size: 2, name: 'Gate' }],
    );
    assert.deepEqual(await notes.selectFrom('notes').select('id').where('title', 'in', ['door', 'none']).execute(), [
      { id: 'b' },
    ]);
    assert.deepEqual(await notes.selectFrom('notes').select('id').where('place', 'is', null).execute(), [{ id: 'b' }]);
    const changed = await notes
      .updateTable('notes')
      .set({ title: 'Garden' })
      .where((eb) => eb.and([eb('id', '=', 'b'), eb('size', '=', 1)]))
      .returning(['title', 'size'])
      .execute();
    assert.deepEqual(changed, [{ title: 'Garden', size: 1 }]);
    assert.equal((await notes.selectFrom('notes').select('id').where('title', '=', 'Door').execute()).length, 0);
    const kept = await database.transaction().execute(async (transaction) => {
      await columns.on(transaction).insertInto('notes').values(noteRow('c', 'Roof')).execute();
      return columns.on(transaction).selectFrom('notes').selectAll().where('title', '=', 'roof').executeTakeFirst();
    });
    assert.deepEqual(kept, noteRow('c', 'Roof'));
    assert.equal(
      (await notes.deleteFrom('notes').where('id', '=', 'c').returning('title').executeTakeFirst())?.title,
      'Roof',
    );
    const { count } = await notes
      .selectFrom('notes')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    assert.equal(count, 2);
    assert.doesNotMatch(
      JSON.stringify(await stored.selectFrom('notes').selectAll().execute()),
      /gate|garden|yard|about/i,
    );
  });

  test(`an insert that meets its own row updates it, sealed, on ${name}`, async () => {
    const { notes } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate'), noteRow('b', 'Door')])
      .execute();
    await notes
      .insertInto('notes')
      .values(noteRow('a', 'Fence'))
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ title: 'Fence', body: 'new' }))
      .execute();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Wall'), noteRow('b', 'Roof')])
      .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ title: eb.ref('excluded.title') })))
      .execute();
    const found = await notes
      .selectFrom('notes')
      .selectAll()
      .where('title', 'in', ['wall', 'roof'])
      .orderBy('id')
      .execute();
    assert.deepEqual(found, [
      { ...noteRow('a', 'Wall'), body: 'new' },
      { ...noteRow('b', 'Roof'), body: 'about Door' },
    ]);
  });

  test(`rows of several tables are opened each for its own on ${name}`, async () => {
    const { notes } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate'), noteRow('b', 'Door')])
      .execute();
    await notes
      .insertInto('drafts')
      .values([{ id: 'd', note_id: 'a', title: 'Gate, again' }])
      .execute();
    const rows = await notes
      .selectFrom('notes as n')
      .leftJoin('drafts', 'drafts.note_id', 'n.id')
      .select(['n.title as title', 'drafts.title as draft', 'n.id'])
      .where('n.title', 'in', ['gate', 'door'])
      .orderBy('n.id')
      .execute();
    assert.deepEqual(rows, [
      { title: 'Gate', draft: 'Gate, again', id: 'a' },
      { title: 'Door', draft: null, id: 'b' },
    ]);
  });

  test(`a short index finds more than is sought, and none of it is shown on ${name}`, async () => {
    const { notes, stored } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate', 'Yard'), noteRow('b', 'Door', 'Mill')])
      .execute();
    const index = await stored.selectFrom('notes').select('place_key').where('id', '=', 'a').executeTakeFirstOrThrow();
    assert.equal(index.place_key?.length, 8);
    // As if the two collided.
    await stored.updateTable('notes').set(index).where('id', '=', 'b').execute();
    const yard = notes.selectFrom('notes').select('id').where('place', '=', 'Yard');
    assert.deepEqual(await yard.execute(), [{ id: 'a' }]);
    await assert.rejects(yard.limit(1).execute(), { code: 'query_refused' });
  });

  test(`values swapped between rows, columns and tables are refused and shown on ${name}`, async () => {
    const { notes, stored, columns, database } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate'), noteRow('b', 'Door'), noteRow('c', 'Roof')])
      .execute();
    await notes.insertInto('drafts').values({ id: 'a', note_id: 'a', title: 'Draft' }).execute();
    const [a, b] = await stored.selectFrom('notes').selectAll().orderBy('id').execute();
    const draft = await stored.selectFrom('drafts').selectAll().executeTakeFirstOrThrow();
    const all = notes.selectFrom('notes').selectAll().orderBy('id');
    for (const [what, change] of [
      ['another row', { title: b?.title ?? '' }],
      ['another column', { title: a?.body ?? '' }],
      ['another table', { title: draft.title }],
      ['cut short', { title: a?.title.slice(0, -4) ?? '' }],
    ] as const) {
      await stored.updateTable('notes').set(change).where('id', '=', 'a').execute();
      await assert.rejects(
        all.execute(),
        { code: 'value_not_authentic', details: { table: 'notes', column: 'title', row: 'a' } },
        what,
      );
      const damages: EncryptedColumnError[] = [];
      const tolerant = columns.on(database, { onDamaged: (damage) => damages.push(damage) });
      const rest = await tolerant.selectFrom('notes').select('id').select('title').orderBy('id').execute();
      assert.deepEqual(
        rest.map(({ id }) => id),
        ['b', 'c'],
      );
      assert.deepEqual(
        damages.map(({ details }) => details['row']),
        ['a'],
        what,
      );
    }
    await stored.updateTable('notes').set({ title: 'Gate' }).where('id', '=', 'a').execute();
    await assert.rejects(all.execute(), { code: 'value_not_sealed' });
  });

  test(`a blind index put on another row finds nothing but the fraud on ${name}`, async () => {
    const { notes, stored } = await open();
    await notes
      .insertInto('notes')
      .values([noteRow('a', 'Gate'), noteRow('b', 'Door')])
      .execute();
    const index = await stored.selectFrom('notes').select('title_key').where('id', '=', 'a').executeTakeFirstOrThrow();
    await stored.deleteFrom('notes').where('id', '=', 'a').execute();
    await stored.updateTable('notes').set(index).where('id', '=', 'b').execute();
    await assert.rejects(notes.selectFrom('notes').select('id').where('title', '=', 'Gate').execute(), {
      code: 'index_mismatch',
      details: { table: 'notes', column: 'title', row: 'b' },
    });
  });
});

test('nothing of what was written stands in the files of SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-columns-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await createNoteTables(database);
  const notes = noteColumns(await noteKeys(), countingRandom()).on(database);
  const planted = { title: 'Planted-Title', place: 'Planted-Place', body: 'Planted-Body' };
  await notes
    .insertInto('notes')
    .values({ id: 'a', size: 1, ...planted })
    .execute();
  await notes.updateTable('notes').set({ title: 'Planted-Later' }).where('id', '=', 'a').execute();
  assert.equal((await notes.selectFrom('notes').select('id').where('title', '=', 'planted-later').execute()).length, 1);
  // The log beside the database too, which is gone once it is closed.
  const read = (): Buffer[] => readdirSync(directory).map((file) => readFileSync(join(directory, file)));
  const kept = read();
  await close();
  kept.push(...read());
  rmSync(directory, { recursive: true });
  assert.ok(
    kept.some((bytes) => bytes.includes('sealed1.1.')),
    'the rows are there',
  );
  assert.equal(
    kept.some((bytes) => /planted/i.test(bytes.toString('latin1'))),
    false,
  );
});

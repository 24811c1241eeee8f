import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
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
  test(`questions that encrypted columns cannot answer are refused before they run on ${name}`, async () => {
    const { database } = await openEmpty();
    await createNoteTables(database);
    const notes = noteColumns(await noteKeys(), countingRandom()).on(database);
    const stored = database.withTables<StoredTables>();
    await notes.insertInto('notes').values(noteRow('a', 'Gate')).execute();
    const from = notes.selectFrom('notes');
    const asked: Record<string, () => Promise<unknown>> = {
      like: () => from.select('id').where('title', 'like', 'G%').execute(),
      greater: () => from.select('id').where('title', '>', 'G').execute(),
      unequal: () => from.select('id').where('title', '<>', 'G').execute(),
      'equal without an index': () => from.select('id').where('body', '=', 'about Gate').execute(),
      'either of two': () =>
        from
          .select('id')
          .where((eb) => eb.or([eb('title', '=', 'G'), eb('size', '=', 1)]))
          .execute(),
      'order by': () => from.select('id').orderBy('title').execute(),
      'order by its other name': () => from.select('title as shown').orderBy('shown').execute(),
      'group by': () =>
        from
          .select((eb) => eb.fn.countAll().as('count'))
          .groupBy('title')
          .execute(),
      distinct: () => from.select('title').distinct().execute(),
      max: () => from.select((eb) => eb.fn.max('title').as('last')).execute(),
      join: () => from.innerJoin('drafts', 'drafts.title', 'notes.title').select('notes.id').execute(),
      'all of two tables': () => from.innerJoin('drafts', 'drafts.note_id', 'notes.id').selectAll().execute(),
      subquery: () =>
        from
          .select('id')
          .where('id', 'in', (eb) => eb.selectFrom('drafts').select('note_id').where('title', '=', 'G'))
          .execute(),
      union: () => from.select('title').union(from.select('title')).execute(),
      with: () =>
        notes
          .with('x', (db) => db.selectFrom('notes').select('title'))
          .selectFrom('x')
          .select('title')
          .execute(),
      'update of many': () => notes.updateTable('notes').set({ title: 'Door' }).execute(),
      'update of some': () => notes.updateTable('notes').set({ body: 'x' }).where('id', 'in', ['a', 'b']).execute(),
      'update by index': () => notes.updateTable('notes').set({ size: 3 }).where('title', '=', 'Gate').execute(),
      'delete by index': () => notes.deleteFrom('notes').where('title', '=', 'Gate').execute(),
      'another id': () => notes.updateTable('notes').set({ id: 'b' }).where('id', '=', 'a').execute(),
      'computed value': () =>
        notes
          .updateTable('notes')
          .set((eb) => ({ body: eb.ref('title') }))
          .where('id', '=', 'a')
          .execute(),
      'copied column': () =>
        notes
          .updateTable('notes')
          .set({ title: sql<string>`upper('x')` })
          .where('id', '=', 'a')
          .execute(),
      'insert from a query': () =>
        notes
          .insertInto('drafts')
          .columns(['id', 'note_id', 'title'])
          .expression(from.select(['id', 'id as note_id', 'title']))
          .execute(),
      'another row in conflict': () =>
        notes
          .insertInto('notes')
          .values(noteRow('b', 'Gate'))
          .onConflict((conflict) => conflict.columns(['id', 'size']).doUpdateSet({ title: 'Gate' }))
          .execute(),
      'written SQL': () => sql`select title from notes`.execute(notes),
      'written condition': () =>
        from
          .select('id')
          .where(sql<boolean>`title = 'x'`)
          .execute(),
      'half a surrogate pair': () =>
        notes.updateTable('notes').set({ title: '\ud800' }).where('id', '=', 'a').execute(),
    };
    const codes = new Set(['comparison_refused', 'query_refused', 'row_id_missing', 'value_not_text']);
    for (const [what, ask] of Object.entries(asked)) {
      await assert.rejects(
        ask,
        (error) => error instanceof Error && 'code' in error && codes.has(String(error.code)),
        `${what} must be refused`,
      );
    }
    assert.equal((await stored.selectFrom('notes').selectAll().execute()).length, 1);
    // The same table answers whatever does not touch them.
    const inner = from.select('id').where('id', 'in', (eb) => eb.selectFrom('notes as other').select('other.id'));
    assert.equal((await inner.orderBy('size', 'desc').limit(1).execute()).length, 1);
    assert.equal((await notes.selectFrom('tags').selectAll().execute()).length, 0);
  });
});

// What is in force cannot be told any more: there is a way out, it takes two people or the operator, and it is written down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Database } from '@sallyport/platform/database';
import { ada, ann, bob, exportTest, noExport, openLibrary, operator } from './library.fixture.ts';

type Rows = {
  policy_in_force: { name: string; version: number; sealed: string };
  policy_versions: { version: number; state: string; sealed_texts: string };
};
type Kept = { activations: number; broken?: Error };

const draft = { name: 'Exports', text: noExport, tests: [exportTest] };

async function inForce(database: Database, kept: Kept) {
  const opened = await openLibrary(database, { kept });
  await opened.library.documents.create('exports', draft, ada);
  await opened.library.versions.stage({ note: '' }, ada);
  await opened.library.versions.activate(1, { expected: 0 }, ada);
  return opened;
}

const damages: readonly {
  readonly what: string;
  readonly why: RegExp;
  readonly damage: (database: Database, kept: Kept) => Promise<unknown>;
}[] = [
  {
    what: 'the row was overwritten',
    why: /cannot be read/,
    damage: (database) => database.withTables<Rows>().updateTable('policy_in_force').set({ sealed: 'AAAA' }).execute(),
  },
  {
    what: 'the row names another version than was sealed',
    why: /not what was sealed/,
    damage: (database) => database.withTables<Rows>().updateTable('policy_in_force').set({ version: 7 }).execute(),
  },
  {
    what: 'the version is gone',
    why: /is gone/,
    damage: (database) => database.withTables<Rows>().deleteFrom('policy_versions').execute(),
  },
  {
    what: 'the texts of the version do not open',
    why: /./,
    damage: (database) =>
      database.withTables<Rows>().updateTable('policy_versions').set({ sealed_texts: 'AAAA' }).execute(),
  },
  {
    what: 'the vault cannot tell how often',
    why: /what the vault keeps/,
    damage: async (_database, kept) => {
      kept.broken = new Error('not a number');
    },
  },
];

forEachDatabase((name, open) => {
  for (const { what, why, damage } of damages)
    test(`${what}: two people put a version into force in its place, on ${name}`, async () => {
      const { database } = await open();
      const kept: Kept = { activations: 0 };
      await (await inForce(database, kept)).library.close();
      await damage(database, kept);
      const { library, may, ledger } = await openLibrary(database, { isNew: false, kept });
      assert.notEqual(library.inForce().unreadable, undefined, 'most is denied');
      assert.deepEqual([may(ada, 'users:manage'), may(ada, 'settings:manage')], [false, true]);
      const made = await library.versions.stage({ note: 'again' }, ada);
      const prospect = await library.versions.prospect(made.version, ada);
      assert.match(prospect.doubt ?? '', why);
      // Whatever is said to be in force: nobody can know.
      const waiting = await library.versions.activate(made.version, { expected: library.inForce().version }, ada);
      assert.deepEqual([waiting.state, may(ada, 'users:manage')], ['waiting', false]);
      await assert.rejects(library.versions.approve(made.version, { expected: 0 }, ada), {
        code: 'policy_second_person',
      });
      const approved = await library.versions.approve(made.version, { expected: 0 }, bob);
      assert.equal(approved.state, 'active');
      assert.equal(library.inForce().unreadable, undefined);
      assert.deepEqual([may(ada, 'users:manage'), may(ann, 'cameras:export')], [true, false]);
      const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 10_000_000 });
      const told = events.map(({ body }) => Buffer.from(body ?? []).toString());
      assert.ok(told.some((text) => text.includes('policy.activate') && text.includes('in_doubt')));
      assert.ok(told.some((text) => text.includes('policy.ask') && text.includes('in_doubt')));
      // It holds: the next start, and the next change, are as ever.
      const next = await openLibrary(database, { isNew: false, kept });
      assert.deepEqual([next.library.inForce().version, next.library.inForce().unreadable], [made.version, undefined]);
      const later = await next.library.versions.stage({ note: 'later', from: 0 }, ada);
      assert.equal((await next.library.versions.prospect(later.version, ada)).doubt, undefined);
      assert.equal(
        (await next.library.versions.activate(later.version, { expected: made.version }, ada)).state,
        'active',
      );
      assert.equal(kept.broken, undefined);
    });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('while it runs, what runs goes on, and the operator alone is enough', async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library, may } = await inForce(database, kept);
    await database.withTables<Rows>().updateTable('policy_in_force').set({ sealed: 'AAAA' }).execute();
    await library.refresh();
    assert.equal(may(ann, 'cameras:export'), false);
    const made = await library.versions.stage({ note: '', from: 0 }, ada);
    const taken = await library.versions.activate(made.version, { expected: 1 }, operator);
    assert.equal(taken.state, 'active');
    assert.equal(kept.activations, 2, 'counted on from what the vault keeps');
    assert.equal(may(ann, 'cameras:export'), true);
    assert.equal((await library.versions.list()).versions.filter(({ state }) => state === 'active').length, 1);
  });

  const noVault = `@id("admins-no-vault") @words("Administrators leave the vault alone")
forbid (principal in Sallyport::Role::"admin", action == Sallyport::Action::"vault:manage", resource);`;

  for (const isStartedAgain of [false, true])
    test(`an older row that was sealed once${isStartedAgain ? ', at a start,' : ''} is nothing to go on from alone`, async () => {
      const { database } = await open();
      const kept: Kept = { activations: 0 };
      const first = await inForce(database, kept);
      const rows = database.withTables<Rows>();
      const before = await rows.selectFrom('policy_in_force').selectAll().executeTakeFirstOrThrow();
      await first.library.documents.create('vault', { name: 'Vault', text: noVault, tests: [] }, bob);
      await first.library.versions.stage({ note: '' }, bob);
      await first.library.versions.activate(2, { expected: 1 }, bob);
      assert.equal(first.may(ada, 'vault:manage'), false);
      await rows.updateTable('policy_in_force').set({ version: before.version, sealed: before.sealed }).execute();
      if (isStartedAgain) await first.library.close();
      const { library, may } = isStartedAgain ? await openLibrary(database, { isNew: false, kept }) : first;
      const made = await library.versions.stage({ note: '', from: 1 }, ada);
      assert.match(
        (await library.versions.prospect(made.version, ada)).doubt ?? '',
        /older than those last put into force/,
      );
      assert.equal((await library.versions.activate(made.version, { expected: 1 }, ada)).state, 'waiting');
      assert.equal(may(ada, 'vault:manage'), false);
      assert.equal((await library.versions.approve(made.version, { expected: 1 }, bob)).state, 'active');
      assert.equal(kept.activations, 3, 'counted on from what was last, not from the row');
      assert.equal((await library.versions.prospect(made.version, ada)).doubt, undefined);
    });
});

// What one failed read, one planted row or one damaged draft may not take with it. Somebody here writes to the control database, and has no key.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { ada, bob, exportTest, gus, noExport, openLibrary, operator } from './library.fixture.ts';
import { createSealedJson } from './sealed-json.ts';

type Row = {
  version: number;
  state: string;
  activated_ms: number | null;
  made_ms: number;
  hash: string;
  bundled_hash: string;
  sealed_head: string;
  sealed_texts: string;
};
type Rows = {
  policy_versions: Row;
  policy_in_force: { name: string; version: number; sealed: string };
  policy_documents: { id: string; revision: number; changed_ms: number; sealed: string };
};
type Kept = { activations: number; next?: number; numbersBroken?: Error };

const forAnalysts = { name: 'Exports', text: noExport, tests: [exportTest] };
const gainful = {
  name: 'More',
  text: `@id("guards-read-audit") @words("Guards read the audit trail")
permit (principal in Sallyport::Role::"guard", action == Sallyport::Action::"audit:read", resource);`,
  tests: [],
};
const needs = { sealingKey: new Uint8Array(32).fill(5), random: randomBytes };
const tablesOf = (database: Database) => database.withTables<Rows>();
const rowOf = (database: Database, version: number): Promise<Row> =>
  tablesOf(database).selectFrom('policy_versions').selectAll().where('version', '=', version).executeTakeFirstOrThrow();
const set = (database: Database, version: number, change: Partial<Row>) =>
  tablesOf(database).updateTable('policy_versions').set(change).where('version', '=', version).execute();

/** Version 1 in force. */
async function one(database: Database, kept: Kept) {
  const opened = await openLibrary(database, { kept });
  await opened.library.documents.create('exports', forAnalysts, ada);
  await opened.library.versions.stage({ note: '' }, ada);
  await opened.library.versions.activate(1, { expected: 0 }, ada);
  return opened;
}

/** The head of a version as versions of the product left it which sealed who and why alone. */
async function headBefore(database: Database, version: number): Promise<string> {
  const { seal, open } = createSealedJson(needs, { mostBytes: 1_000_000 });
  const place = `version/${version}/head`;
  const body = open(place, (await rowOf(database, version)).sealed_head);
  assert.ok(typeof body === 'object' && body !== null);
  const fields = new Set(['by', 'note', 'authors', 'asked', 'approved', 'documents']);
  return seal(place, Object.fromEntries(Object.entries(body).filter(([field]) => fields.has(field))));
}

forEachDatabase((name, open) => {
  test(`one failed read of the vault at the first start after the update closes nothing on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await one(database, kept);
    await library.close();
    await set(database, 1, { sealed_head: await headBefore(database, 1) });
    await tablesOf(database)
      .updateTable('policy_in_force')
      .set({ sealed: sealText(needs, 'in-force', '1 1') })
      .execute();
    const vault: Kept = { activations: 1, numbersBroken: new Error('the sealer is restarting') };
    const begun = await openLibrary(database, { isNew: false, kept: vault });
    assert.notEqual(begun.library.inForce().unreadable, undefined);
    assert.equal(vault.next, undefined, 'nothing says that it was done');
    delete vault.numbersBroken;
    await begun.library.refresh();
    assert.deepEqual([begun.library.inForce().unreadable, begun.may(ada, 'users:manage')], [undefined, true]);
    assert.equal(vault.next, 2);
    assert.deepEqual((await begun.library.versions.list()).damaged, []);
    await begun.library.close();
  });

  test(`a planted row with a huge number moves no number and takes no version with it on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await one(database, kept);
    const row = await rowOf(database, 1);
    await library.close();
    const plant = (version: number) =>
      tablesOf(database)
        .insertInto('policy_versions')
        .values({ ...row, version })
        .execute();
    await plant(2_147_483_646);
    await plant(2);
    const begun = await openLibrary(database, { isNew: false, kept });
    assert.equal(kept.next, 2, 'the vault counts what was sealed');
    const { versions } = begun.library;
    assert.equal((await versions.stage({ note: '' }, ada)).version, 3, 'past the row that does not open');
    for (let version = 4; version < 30; version += 1) await plant(version);
    assert.equal((await versions.stage({ note: '' }, ada)).version, 4, 'of many, the first gives way');
    const listed = (await versions.list()).versions.map(({ version }) => version);
    assert.deepEqual(listed, [4, 3, 1]);
    assert.equal((await versions.activate(4, { expected: 1 }, ada)).state, 'active');
    await begun.library.close();
  });

  test(`one damaged draft and a damaged version in force are mended by people and the operator on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await one(database, kept);
    await library.documents.create('more', gainful, gus);
    await library.close();
    const damage = (id: string) =>
      tablesOf(database).updateTable('policy_documents').set({ sealed: 'AAAA' }).where('id', '=', id).execute();
    await damage('exports');
    await damage('more');
    await set(database, 1, { sealed_head: 'AAAA' });
    const begun = await openLibrary(database, { isNew: false, kept });
    const { documents, versions } = begun.library;
    const { damaged } = await documents.list();
    assert.deepEqual(
      damaged.map(({ id, revision }) => [id, revision]),
      [
        ['exports', 1],
        ['more', 1],
      ],
    );
    assert.deepEqual((await documents.list()).damaged, damaged, 'found once, at the start');
    await assert.rejects(versions.stage({ note: '' }, operator), {
      code: 'policy_document_damaged',
      message: /"exports"/,
    });
    await assert.rejects(documents.get('more'), { code: 'policy_document_damaged' });
    assert.equal((await versions.stage({ note: '', from: 0 }, operator)).state, 'staged');
    await documents.create('other', { ...forAnalysts, text: noExport.replaceAll('analyst', 'guard'), tests: [] }, bob);
    await documents.remove('other', 1, bob);
    await documents.save('more', gainful, 1, ada);
    await assert.rejects(documents.remove('exports', 2, operator), { code: 'policy_document_conflict' });
    await documents.remove('exports', 1, operator);
    const made = await versions.stage({ note: '' }, operator);
    assert.ok(
      made.authors.some(({ kind }) => kind === 'unknown'),
      'who wrote it before cannot be told',
    );
    assert.equal((await versions.activate(made.version, { expected: 0 }, operator)).state, 'waiting');
    await assert.rejects(versions.approve(made.version, { expected: 0 }, ada), { code: 'policy_second_person' });
    assert.equal((await versions.approve(made.version, { expected: 0 }, bob)).state, 'active');
    await begun.library.close();
  });

  test(`rows of before are sealed by no other vault once anything is of today's form on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await one(database, kept);
    await library.documents.create('more', gainful, gus);
    const gain = await library.versions.stage({ note: '' }, gus);
    await library.versions.withdraw(gain.version, bob);
    await library.close();
    const sealed_head = await headBefore(database, gain.version);
    await set(database, gain.version, { sealed_head, state: 'former', activated_ms: 1 });
    const other = await openLibrary(database, { isNew: false, kept: { activations: kept.activations } });
    assert.deepEqual(
      (await other.library.versions.list()).damaged.map(({ version }) => version),
      [gain.version],
    );
    await assert.rejects(other.library.versions.stage({ note: '', from: gain.version }, ada), {
      code: 'policy_version_damaged',
    });
    await other.library.close();
    const inForce = await tablesOf(database).selectFrom('policy_in_force').selectAll().executeTakeFirstOrThrow();
    assert.match(openText(needs.sealingKey, 'in-force', inForce.sealed), /^1 1 [0-9a-f]{64}$/);
  });

  test(`texts that were damaged are told at a start and listed on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await one(database, kept);
    await library.versions.stage({ note: '' }, ada);
    await library.close();
    await set(database, 2, { sealed_texts: 'AAAA' });
    const { library: begun, ledger, outbox } = await openLibrary(database, { isNew: false, kept });
    const { versions, damaged } = await begun.versions.list();
    assert.deepEqual([versions.map((made) => made.version), damaged.map((made) => made.version)], [[1], [2]]);
    await outbox.flushed();
    const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 10_000_000 });
    assert.ok(events.some(({ body }) => Buffer.from(body ?? []).includes('"policy.damaged"')));
    await begun.close();
  });
});

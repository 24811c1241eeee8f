// Somebody who can write to the control database, and has no key, against the versions of the policies; and the rows of before all was sealed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Database } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { ada, ann, bob, bundled, exportTest, gus, noExport, openLibrary } from './library.fixture.ts';
import { createSealedJson } from './sealed-json.ts';

type Row = {
  version: number;
  state: string;
  made_ms: number;
  activated_ms: number | null;
  hash: string;
  bundled_hash: string;
  from_version: number | null;
  sealed_head: string;
  sealed_texts: string;
};
type Rows = { policy_versions: Row; policy_in_force: { name: string; version: number; sealed: string } };
type Kept = { activations: number; next?: number };

const forAnalysts = { name: 'Exports', text: noExport, tests: [exportTest] };
const forGuards = { name: 'Guards', text: noExport.replaceAll('analyst', 'guard'), tests: [] };
const gainful = {
  name: 'More',
  text: `@id("guards-read-audit") @words("Guards read the audit trail")
permit (principal in Sallyport::Role::"guard", action == Sallyport::Action::"audit:read", resource);`,
  tests: [],
};

const tablesOf = (database: Database) => database.withTables<Rows>();
const rowOf = (database: Database, version: number): Promise<Row> =>
  tablesOf(database).selectFrom('policy_versions').selectAll().where('version', '=', version).executeTakeFirstOrThrow();
const set = (database: Database, version: number, change: Partial<Row>) =>
  tablesOf(database).updateTable('policy_versions').set(change).where('version', '=', version).execute();

async function told({ ledger, outbox }: Awaited<ReturnType<typeof openLibrary>>): Promise<readonly string[]> {
  await outbox.flushed();
  const { events } = await ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 10_000_000 });
  return events.map(({ body }) => Buffer.from(body ?? []).toString());
}

/** Version 1 in force, version 2 staged by ada. */
async function two(database: Database, kept: Kept) {
  const opened = await openLibrary(database, { kept });
  const { documents, versions } = opened.library;
  await documents.create('exports', forAnalysts, ada);
  await versions.stage({ note: '' }, ada);
  await versions.activate(1, { expected: 0 }, ada);
  await documents.create('guards', forGuards, ada);
  await versions.stage({ note: '' }, ada);
  return opened;
}

forEachDatabase((name, open) => {
  test(`columns that somebody changed count for nothing on ${name}`, async () => {
    const { database } = await open();
    const { library } = await two(database, { activations: 0 });
    const { versions, documents } = library;
    await documents.create('more', gainful, gus);
    const gain = await versions.stage({ note: '' }, gus);
    await versions.withdraw(gain.version, ada);
    // As if others had agreed to it once: then whoever stages it again would be its only author.
    await set(database, gain.version, { state: 'former', activated_ms: 1, hash: 'f'.repeat(64), from_version: 1 });
    const made = await versions.get(gain.version);
    assert.deepEqual(
      [made.state, made.activatedMs, made.from, made.hash],
      ['withdrawn', undefined, undefined, gain.hash],
    );
    const again = await versions.stage({ note: '', from: gain.version }, ada);
    assert.ok(
      again.authors.some(({ id }) => id === gus.id),
      'who wrote it still did',
    );
    await set(database, gain.version, { state: 'staged' });
    await assert.rejects(versions.activate(gain.version, { expected: 1 }, gus), { code: 'policy_version_state' });
  });

  test(`texts, heads and numbers that were swapped open nothing, and take no other version with them on ${name}`, async () => {
    const { database } = await open();
    const { library } = await two(database, { activations: 0 });
    const { versions } = library;
    const [first, second] = [await rowOf(database, 1), await rowOf(database, 2)];
    for (const change of [
      { sealed_texts: first.sealed_texts },
      { sealed_head: first.sealed_head },
      { sealed_head: first.sealed_head, sealed_texts: first.sealed_texts },
      { sealed_texts: 'AAAA' },
    ]) {
      await set(database, 2, change);
      await assert.rejects(versions.activate(2, { expected: 1 }, ada), { code: 'policy_version_damaged' });
      await assert.rejects(versions.stage({ note: '', from: 2 }, ada), { code: 'policy_version_damaged' });
      await assert.rejects(versions.prospect(2, ada), { code: 'policy_version_damaged' });
      await set(database, 2, second);
    }
    await tablesOf(database)
      .insertInto('policy_versions')
      .values({ ...second, version: 9 })
      .execute();
    const { versions: listed, damaged } = await versions.list();
    assert.deepEqual([listed.map(({ version }) => version), damaged.map(({ version }) => version)], [[2, 1], [9]]);
    assert.equal((await versions.activate(2, { expected: 1 }, ada)).state, 'active');
  });

  test(`a number is given once, and what is agreed to is what was shown on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const opened = await two(database, kept);
    const { documents, versions } = opened.library;
    await documents.create('more', gainful, gus);
    const gain = await versions.stage({ note: '' }, gus);
    const taken = await rowOf(database, gain.version);
    await tablesOf(database).deleteFrom('policy_versions').where('version', '=', gain.version).execute();
    await documents.remove('more', 1, gus);
    const next = await versions.stage({ note: 'harmless' }, ada);
    assert.equal(next.version, gain.version + 1, 'the number of what was taken out is not free');
    // Without what is kept outside, the number would have been given again: then the digest tells.
    await opened.library.close();
    await tablesOf(database).deleteFrom('policy_versions').where('version', '=', next.version).execute();
    const other = await openLibrary(database, { isNew: false, kept: { activations: kept.activations } });
    const third = await other.library.versions.stage({ note: 'harmless' }, ada);
    assert.equal(third.version, gain.version);
    await set(database, third.version, taken);
    await assert.rejects(other.library.versions.activate(third.version, { expected: 1, sha256: third.hash }, bob), {
      code: 'policy_version_conflict',
    });
  });

  test(`other texts, sealed once, under the number in force are not put into force at a start on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await two(database, kept);
    const row = await rowOf(database, 2);
    await library.close();
    // Number 2 was given to harmless texts once more, by a vault that had lost its count, and these came into force.
    await tablesOf(database).deleteFrom('policy_versions').where('version', '=', 2).execute();
    const other = await openLibrary(database, { isNew: false, kept: { activations: kept.activations } });
    await other.library.documents.remove('guards', 1, ada);
    await other.library.versions.stage({ note: '' }, ada);
    await other.library.versions.activate(2, { expected: 1 }, ada);
    await other.library.close();
    await set(database, 2, { ...row, sealed_head: row.sealed_head });
    const begun = await openLibrary(database, { isNew: false, kept: { activations: 2, next: 3 } });
    assert.match(begun.library.inForce().unreadable ?? '', /not what was put into force/);
    assert.deepEqual([begun.may(ada, 'users:manage'), begun.may(ada, 'settings:manage')], [false, true]);
    const made = await begun.library.versions.stage({ note: '' }, ada);
    assert.equal((await begun.library.versions.activate(made.version, { expected: 0 }, ada)).state, 'waiting');
    assert.equal((await begun.library.versions.approve(made.version, { expected: 0 }, bob)).state, 'active');
    assert.deepEqual([begun.library.inForce().unreadable, begun.may(ada, 'users:manage')], [undefined, true]);
  });

  test(`a version that was damaged is told at the next start, and is good for nothing on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await two(database, kept);
    await library.close();
    await set(database, 2, { sealed_head: 'AAAA' });
    const begun = await openLibrary(database, { isNew: false, kept });
    assert.equal(begun.library.inForce().unreadable, undefined, 'what is in force is whole');
    assert.deepEqual(
      (await begun.library.versions.list()).damaged.map(({ version }) => version),
      [2],
    );
    const record = (await told(begun)).find((text) => text.includes('"policy.damaged"')) ?? '';
    assert.match(record, /version 2|"version":2/);
  });
});

/** The rows as versions of the product left them which sealed who and why, and the texts, and the rest not. */
async function asBefore(database: Database): Promise<void> {
  const needs = { sealingKey: new Uint8Array(32).fill(5), random: randomBytes };
  const { seal, open: opened } = createSealedJson(needs, { mostBytes: 1_000_000 });
  for (const { version, sealed_head: head } of await tablesOf(database)
    .selectFrom('policy_versions')
    .selectAll()
    .execute()) {
    const place = `version/${version}/head`;
    const body = opened(place, head);
    assert.ok(typeof body === 'object' && body !== null);
    const kept = Object.entries(body).filter(([field]) =>
      ['by', 'note', 'authors', 'asked', 'approved', 'documents'].includes(field),
    );
    await set(database, version, { sealed_head: seal(place, Object.fromEntries(kept)) });
  }
  const { version, sealed } = await tablesOf(database)
    .selectFrom('policy_in_force')
    .selectAll()
    .executeTakeFirstOrThrow();
  const [number, activations] = openText(needs.sealingKey, 'in-force', sealed).split(' ');
  await tablesOf(database)
    .updateTable('policy_in_force')
    .set({ version, sealed: sealText(needs, 'in-force', `${number} ${activations}`) })
    .execute();
}

forEachDatabase((name, open) => {
  test(`versions of before all was sealed are sealed once, as they stand, and what contradicts itself is refused on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await two(database, kept);
    await library.documents.create('more', gainful, gus);
    const gain = await library.versions.stage({ note: '' }, gus);
    assert.equal((await library.versions.activate(gain.version, { expected: 1 }, gus)).state, 'waiting');
    await library.versions.stage({ note: '', from: 0 }, ada);
    await library.versions.withdraw(4, ada);
    await library.versions.stage({ note: '', from: 1 }, ada);
    await library.close();
    await asBefore(database);
    // What was written before the upgrade and does not fit: one that never was in force said to have been, and other texts.
    await set(database, 4, { activated_ms: 5 });
    await set(database, 5, { hash: 'e'.repeat(64) });
    const before = await rowOf(database, 2);

    const upgraded = await openLibrary(database, { isNew: false, kept: { activations: kept.activations } });
    assert.equal(upgraded.library.inForce().version, 1);
    assert.equal(upgraded.library.inForce().unreadable, undefined);
    assert.equal(upgraded.may(ann, 'cameras:export'), false, 'what was in force is');
    const { versions, damaged } = await upgraded.library.versions.list();
    assert.deepEqual(
      versions.map(({ version, state }) => [version, state]),
      [
        [3, 'waiting'],
        [2, 'staged'],
        [1, 'active'],
      ],
    );
    assert.deepEqual(
      damaged.map(({ version }) => version),
      [5, 4],
    );
    assert.equal((await upgraded.library.versions.get(3)).askedBy?.id, gus.id);
    const records = await told(upgraded);
    const seal = records.find((text) => text.includes('"policy.seal"')) ?? '';
    assert.match(seal, /came into force once/);
    assert.ok(records.some((text) => text.includes('"policy.damaged"')));
    await assert.rejects(upgraded.library.versions.activate(5, { expected: 1 }, ada), {
      code: 'policy_version_damaged',
    });
    assert.equal((await upgraded.library.versions.activate(2, { expected: 1 }, ada)).state, 'active');
    await upgraded.library.close();

    // Done once: a row of that form is nothing any more, wherever it comes from.
    await set(database, 1, { ...before, version: 1 });
    await set(database, 3, { sealed_head: before.sealed_head });
    const later = await openLibrary(database, { isNew: false, kept: { activations: 2, next: 6 } });
    assert.deepEqual(
      (await later.library.versions.list()).damaged.map(({ version }) => version),
      [5, 4, 3, 1],
    );
    assert.equal((await told(later)).filter((text) => text.includes('"policy.seal"')).length, 0);
    assert.equal(later.library.inForce().version, 2);
  });

  test(`an unsealed row in force that is put back after the upgrade is not in force on ${name}`, async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await two(database, kept);
    await library.close();
    await asBefore(database);
    const old = await tablesOf(database).selectFrom('policy_in_force').selectAll().executeTakeFirstOrThrow();
    const vault: Kept = { activations: kept.activations };
    const upgraded = await openLibrary(database, { isNew: false, kept: vault });
    assert.equal(upgraded.library.inForce().unreadable, undefined);
    await upgraded.library.close();
    await tablesOf(database).updateTable('policy_in_force').set({ sealed: old.sealed }).execute();
    const later = await openLibrary(database, { isNew: false, kept: vault });
    assert.match(later.library.inForce().unreadable ?? '', /not what was put into force/);
    assert.equal(later.may(ada, 'settings:manage'), true, 'who mends it gets in');
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('where the product of today cannot read what is in force, nobody alone takes its forbids away', async () => {
    const { database } = await open();
    const kept: Kept = { activations: 0 };
    const { library } = await two(database, kept);
    await library.close();
    const more = { file: 'more.cedar', text: noExport.replace('Analysts export no recordings', 'Ours now') };
    const updated = { ...bundled, policies: [...bundled.policies, more] };
    const upgraded = await openLibrary(database, { isNew: false, kept, bundled: updated });
    assert.notEqual(upgraded.library.inForce().unreadable, undefined);
    const made = await upgraded.library.versions.stage({ note: '', from: 0 }, ada);
    const { doubt } = await upgraded.library.versions.prospect(made.version, ada);
    assert.match(doubt ?? '', /version 1, which is in force, cannot be read: own\/exports\.cedar, line/);
    assert.equal((await upgraded.library.versions.activate(made.version, { expected: 1 }, ada)).state, 'waiting');
    assert.equal((await upgraded.library.versions.approve(made.version, { expected: 1 }, bob)).state, 'active');
    assert.equal(
      (await upgraded.library.versions.list()).versions.find(({ version }) => version === 1)?.state,
      'former',
    );
  });
});

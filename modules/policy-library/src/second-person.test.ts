// Somebody who wants to agree to their own gain, and comes by a side door.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { ada, bob, everybody, gus, openLibrary, operator } from './library.fixture.ts';
import type { Subject } from './index.ts';

const key: Principal = { kind: 'key', id: 'k-gus', name: 'pipeline', scopes: ['settings:manage'] };
const robot: Principal = { kind: 'service', id: 's-gus', name: 'robot', scopes: ['settings:manage'] };
const withMachines: readonly Subject[] = [
  ...everybody,
  { kind: 'key', id: 'k-gus', name: 'pipeline', scopes: ['settings:manage'], ownerId: gus.id },
  { kind: 'service', id: 's-gus', name: 'robot', scopes: ['settings:manage'], ownerId: gus.id },
];
const guardsExport = {
  name: 'Guards',
  text: `@id("guards-export") @words("Guards export")
permit (principal in Sallyport::Role::"guard", action == Sallyport::Action::"cameras:export", resource);`,
  tests: [],
};
const adminsNoVault = {
  name: 'Vault',
  text: `@id("admins-no-vault") @words("Administrators leave the vault alone")
forbid (principal in Sallyport::Role::"admin", action == Sallyport::Action::"vault:manage", resource);`,
  tests: [],
};

forEachDatabase((name, open) => {
  for (const machine of [key, robot])
    test(`what a ${machine.kind} wrote and asked for, the person behind it cannot approve (${name})`, async () => {
      const { database } = await open();
      const { library, may } = await openLibrary(database, { subjects: withMachines });
      await library.documents.create('guards', guardsExport, machine);
      await library.versions.stage({ note: '' }, machine);
      assert.equal((await library.versions.activate(1, { expected: 0 }, machine)).state, 'waiting');
      await assert.rejects(library.versions.approve(1, { expected: 0 }, gus), { code: 'policy_second_person' });
      assert.equal(may(gus, 'cameras:export'), false);
      await library.versions.approve(1, { expected: 0 }, bob);
      assert.equal(may(gus, 'cameras:export'), true);
    });

  test(`of two servers where one declines and one approves, one is told (${name})`, async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('guards', guardsExport, gus);
    await library.versions.stage({ note: '' }, gus);
    assert.equal((await library.versions.activate(1, { expected: 0 }, gus)).state, 'waiting');
    const { library: other } = await openLibrary(database);
    // Approving reads and tries it first: who declines is done long before.
    const approving = library.versions.approve(1, { expected: 0 }, bob);
    const [approved, declined] = await Promise.allSettled([approving, other.versions.withdraw(1, ada)]);
    assert.notEqual(approved.status, declined.status, 'not both, not neither');
    for (const one of [approved, declined])
      if (one.status === 'rejected') assert.equal(one.reason?.code, 'policy_version_state');
    const { state } = await library.versions.get(1);
    assert.equal(state, approved.status === 'fulfilled' ? 'active' : 'withdrawn');
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('whose key it was cannot be told any more: nobody but the operator approves', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('guards', guardsExport, key);
    await library.versions.stage({ note: '' }, key);
    await library.versions.activate(1, { expected: 0 }, key);
    await assert.rejects(library.versions.approve(1, { expected: 0 }, bob), { code: 'policy_second_person' });
    assert.equal((await library.versions.approve(1, { expected: 0 }, operator)).state, 'active');
  });

  test('whoever wrote it does not come out of it when somebody renames it, or takes it away and writes it anew', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('guards', guardsExport, gus);
    await library.documents.save('guards', { ...guardsExport, name: 'What guards do' }, 1, ada);
    await library.versions.stage({ note: '' }, ada);
    assert.equal((await library.versions.activate(1, { expected: 0 }, ada)).state, 'waiting');
    await library.documents.remove('guards', 2, ada);
    await library.documents.create('guards', guardsExport, ada);
    await library.versions.stage({ note: '' }, ada);
    assert.equal((await library.versions.activate(2, { expected: 0 }, ada)).state, 'waiting');
    await assert.rejects(library.versions.approve(2, { expected: 0 }, gus), { code: 'policy_second_person' });
    assert.equal((await library.versions.approve(2, { expected: 0 }, bob)).state, 'active');
    // In force as it is, it was agreed to: the next change has the authors of that change alone.
    await library.documents.save('guards', { ...guardsExport, name: 'Guards again' }, 1, ada);
    assert.deepEqual(
      (await library.documents.get('guards')).writers.map((one) => one.name),
      ['ada'],
    );
  });

  test('whoever took a document away wrote what is without it', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('vault', adminsNoVault, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    await library.documents.remove('vault', 1, ada);
    await library.versions.stage({ note: '' }, bob);
    assert.equal((await library.versions.activate(2, { expected: 1 }, bob)).state, 'waiting');
    await assert.rejects(library.versions.approve(2, { expected: 1 }, ada), { code: 'policy_second_person' });
    await library.versions.approve(2, { expected: 1 }, operator);
  });

  test('a version that was refused keeps its authors when somebody else stages it again', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('guards', guardsExport, gus);
    await library.versions.stage({ note: '' }, gus);
    await library.versions.withdraw(1, bob);
    await library.versions.stage({ note: 'again', from: 1 }, ada);
    assert.equal((await library.versions.activate(2, { expected: 0 }, ada)).state, 'waiting');
    await assert.rejects(library.versions.approve(2, { expected: 0 }, gus), { code: 'policy_second_person' });
  });

  test('an administrator who writes themselves a right that outlives the role needs somebody else', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    const text = `@id("for-ever") @words("Ada manages people")
permit (principal == Sallyport::User::"u-ada", action == Sallyport::Action::"users:manage", resource);`;
    await library.documents.create('ada', { name: 'Ada', text, tests: [] }, ada);
    await library.versions.stage({ note: '' }, ada);
    assert.equal((await library.versions.activate(1, { expected: 0 }, ada)).state, 'waiting');
    assert.equal((await library.versions.approve(1, { expected: 0 }, bob)).state, 'active');
  });

  test('what would change is shown for one camera and for people of a provider, too', async () => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    const text = `@id("no-door") @words("Guards leave the door alone")
forbid (principal in Sallyport::Role::"guard", action == Sallyport::Action::"cameras:read", resource == Sallyport::Camera::"door");
@id("no-okta") @words("Not by that provider")
forbid (principal in Sallyport::Role::"auditor", action == Sallyport::Action::"users:read", resource)
when { principal.provider == "okta" };
@id("analysts-by-it") @words("Not by that provider")
forbid (principal in Sallyport::Role::"analyst", action == Sallyport::Action::"hunts:run", resource)
when { principal.provider == "okta" };`;
    await library.documents.create('x', { name: 'X', text, tests: [] }, ada);
    await library.versions.stage({ note: '' }, ada);
    const { impact } = await library.versions.prospect(1, ada);
    const said = impact.changes.map(({ action, when, subjects }) => [action, when, subjects.map((one) => one.name)]);
    assert.deepEqual(said, [
      ['cameras:read', 'about camera door', ['gus']],
      ['hunts:run', 'signed in with provider okta', ['ann']],
    ]);
  });
});

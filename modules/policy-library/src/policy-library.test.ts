import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine } from '@sallyport/access-policy';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, ann, bob, everybody, exportTest, gus, noExport, openLibrary, operator } from './library.fixture.ts';

const draft = { name: 'Exports', text: noExport, tests: [exportTest] };

forEachDatabase((name, open) => {
  test(`a document becomes a version, the version is in force without a gap, and going back makes another (${name})`, async () => {
    const { database } = await open();
    const { library, may, ledger } = await openLibrary(database);
    assert.equal(may(ann, 'cameras:export'), true);
    await library.documents.create('exports', draft, ada);
    const staged = await library.versions.stage({ note: 'less' }, ada);
    assert.equal(staged.state, 'staged');
    const prospect = await library.versions.prospect(staged.version, ada);
    assert.deepEqual(
      prospect.impact.changes.map(({ action, from, to, subjects }) => [
        action,
        from,
        to,
        subjects.map((one) => one.name),
      ]),
      [['cameras:export', 'allow', 'deny', ['ann']]],
    );
    assert.equal(may(ann, 'cameras:export'), true, 'nothing is in force by looking');
    const active = await library.versions.activate(staged.version, { expected: 0 }, ada);
    assert.deepEqual([active.state, library.inForce().version, may(ann, 'cameras:export')], ['active', 1, false]);

    await assert.rejects(library.versions.activate(staged.version, { expected: 1 }, ada), {
      code: 'policy_version_state',
    });
    const back = await library.versions.stage({ note: 'empty', from: 0 }, ada);
    const asked = await library.versions.activate(back.version, { expected: 1 }, gus);
    assert.equal(asked.state, 'active', 'what opens for analysts is no gain of an administrator or a guard');
    assert.equal(may(ann, 'cameras:export'), true);
    assert.deepEqual(
      (await library.versions.list()).versions.map(({ version, state, from }) => [version, state, from]),
      [
        [2, 'active', 0],
        [1, 'former', undefined],
      ],
    );
    const events = ledger.events().map(({ body }) => JSON.parse(Buffer.from(body ?? '').toString()));
    assert.deepEqual(
      events.map(({ message, unmapped }) => [message, unmapped.sallyport.details.opens]),
      [
        ['policy.create', undefined],
        ['policy.stage', undefined],
        ['policy.activate', false],
        ['policy.stage', undefined],
        ['policy.activate', true],
      ],
    );
    const { details } = events[4].unmapped.sallyport;
    assert.deepEqual(
      [details.opening_policies, details.opened_actions, details.gaining, details.documents[0].change],
      [['analysts-do-not-export'], ['cameras:export'], 1, 'removed'],
    );
    assert.equal(JSON.stringify(events).includes('forbid ('), false, 'texts stay sealed');
  });

  test(`two who save, and two who activate, at once: one of each is told (${name})`, async () => {
    const { database } = await open();
    const first = await openLibrary(database);
    const second = await openLibrary(database, { isNew: false });
    await first.library.documents.create('exports', draft, ada);
    const saved = await Promise.allSettled([
      first.library.documents.save('exports', { ...draft, name: 'One' }, 1, ada),
      second.library.documents.save('exports', { ...draft, name: 'Two' }, 1, bob),
    ]);
    assert.deepEqual(saved.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const one = await first.library.versions.stage({ note: '' }, ada);
    const two = await second.library.versions.stage({ note: '' }, bob);
    assert.deepEqual([one.version, two.version], [1, 2]);
    const activated = await Promise.allSettled([
      first.library.versions.activate(1, { expected: 0 }, ada),
      second.library.versions.activate(2, { expected: 0 }, bob),
    ]);
    assert.deepEqual(activated.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const refused = activated.find(({ status }) => status === 'rejected');
    assert.equal(refused?.status === 'rejected' ? refused.reason.code : '', 'policy_version_conflict');
    await Promise.all([first.library.refresh(), second.library.refresh()]);
    assert.equal(first.library.inForce().version, second.library.inForce().version);
    assert.equal(first.live.version, second.live.version);
    assert.equal(second.may(ann, 'cameras:export'), false, 'the other server follows');
  });

  test(`what is in force is in force after the next start, and what cannot be read denies (${name})`, async () => {
    const { database } = await open();
    const first = await openLibrary(database);
    await first.library.documents.create('exports', draft, ada);
    await first.library.versions.stage({ note: '' }, ada);
    await first.library.versions.activate(1, { expected: 0 }, ada);
    const next = await openLibrary(database, { isNew: false });
    assert.equal(next.may(ann, 'cameras:export'), false);

    // As after an update of the product that knows another set of actions or attributes.
    const { bundled } = await import('./library.fixture.ts');
    const older = {
      ...bundled,
      policies: [
        ...bundled.policies,
        { file: 'more.cedar', text: noExport.replace('Analysts export no recordings', 'Ours now') },
      ],
    };
    const updated = await openLibrary(database, { isNew: false, bundled: older });
    assert.match(updated.library.inForce().unreadable ?? '', /stands twice/);
    assert.deepEqual(
      ['cameras:read', 'users:manage', 'settings:manage', 'audit:read'].map((action) => updated.may(ada, action)),
      [false, false, true, true],
    );
    await assert.rejects(updated.library.versions.stage({ note: '', from: 1 }, ada), { code: 'policy_refused' });
    await updated.library.documents.remove('exports', 1, ada);
    await updated.library.versions.stage({ note: 'theirs now' }, ada);
    // What is in force cannot be read: whether a forbid goes that was about her nobody can tell.
    assert.equal((await updated.library.versions.activate(2, { expected: 1 }, ada)).state, 'waiting');
    assert.equal((await updated.library.versions.approve(2, { expected: 1 }, bob)).state, 'active');
    assert.equal(updated.library.inForce().unreadable, undefined);
    assert.deepEqual([updated.may(ada, 'users:manage'), updated.may(ann, 'cameras:export')], [true, false]);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('what could not be refused because the engine broke is refused with the next look', async (t) => {
    const { database } = await open();
    const { library, may } = await openLibrary(database);
    await library.documents.create('exports', draft, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    const running = await openLibrary(database, { isNew: false });
    await library.versions.stage({ note: 'again', from: 1 }, ada);
    await library.versions.activate(2, { expected: 1 }, ada);
    await database.withTables<{ policy_versions: object }>().deleteFrom('policy_versions').execute();
    const broken = t.mock.method(engine, 'preparsePolicySet', () => {
      throw new Error('The policy engine broke');
    });
    await assert.rejects(running.library.refresh(), /broke/);
    assert.equal(running.library.inForce().unreadable, undefined, 'what was in force goes on');
    broken.mock.restore();
    await running.library.refresh();
    assert.match(running.library.inForce().unreadable ?? '', /is gone/);
    assert.deepEqual([running.may(ada, 'users:manage'), may(ada, 'users:manage')], [false, true]);
  });

  test('a server that begins while the engine is broken lets nobody do anything, and comes up', async (t) => {
    const { database } = await open();
    const { library } = await openLibrary(database);
    await library.documents.create('exports', draft, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    const real = engine.preparsePolicySet;
    // What came with the product is read; the organisation's, and what would take their place, are not.
    const broken = t.mock.method(engine, 'preparsePolicySet', (...given: Parameters<typeof real>) => {
      if (/analysts-do-not-export|policies-unreadable/.test(JSON.stringify(given)))
        throw new Error('The policy engine broke');
      return real(...given);
    });
    const begun = await openLibrary(database, { isNew: false });
    assert.match(begun.library.inForce().unreadable ?? '', /engine broke/);
    assert.deepEqual([begun.may(ann, 'cameras:export'), begun.may(ada, 'users:manage')], [false, false]);
    await begun.library.refresh();
    assert.deepEqual([begun.may(ann, 'cameras:export'), begun.may(ada, 'users:manage')], [false, false]);
    await begun.outbox.flushed();
    const told = begun.ledger.events().filter(({ body }) => Buffer.from(body ?? '').includes('unreadable'));
    assert.equal(told.length, 1, 'told once');
    broken.mock.restore();
    await begun.library.refresh();
    assert.deepEqual([begun.library.inForce().version, begun.library.inForce().unreadable], [1, undefined]);
    assert.deepEqual([begun.may(ann, 'cameras:export'), begun.may(ada, 'users:manage')], [false, true]);
  });

  const usersForbidden = `@id("admins-no-vault") @words("Administrators leave the vault alone")
forbid (principal in Sallyport::Role::"admin", action == Sallyport::Action::"vault:manage", resource);`;

  test('who gains by it cannot put it into force alone, and who wrote or asked for it cannot approve', async () => {
    const { database } = await open();
    const { library, may } = await openLibrary(database);
    await library.documents.create('vault', { name: 'Vault', text: usersForbidden, tests: [] }, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    assert.equal(may(ada, 'vault:manage'), false);

    await library.versions.stage({ note: 'mine again', from: 0 }, ada);
    const prospect = await library.versions.prospect(2, ada);
    assert.deepEqual(prospect.secondPerson, [{ name: 'ada', policies: ['admins-no-vault'] }]);
    const waiting = await library.versions.activate(2, { expected: 1 }, ada);
    assert.deepEqual([waiting.state, may(ada, 'vault:manage')], ['waiting', false]);
    await assert.rejects(library.versions.approve(2, { expected: 1 }, ada), { code: 'policy_second_person' });
    await assert.rejects(library.versions.approve(2, { expected: 1 }, { ...bob, kind: 'key' }), {
      code: 'policy_second_person',
    });
    const approved = await library.versions.approve(2, { expected: 1 }, bob);
    assert.deepEqual([approved.state, approved.approvedBy?.name, may(ada, 'vault:manage')], ['active', 'bob', true]);

    await library.documents.remove('vault', 1, bob);
    const text = `@id("guards-export") @words("Guards export")
permit (principal in Sallyport::Role::"guard", action == Sallyport::Action::"cameras:export", resource);`;
    await library.documents.create('guards', { name: 'Guards', text, tests: [] }, gus);
    await library.versions.stage({ note: '' }, ada);
    // Whoever wrote it gains, whoever puts it into force.
    assert.equal((await library.versions.activate(3, { expected: 2 }, ada)).state, 'waiting');
    assert.equal((await library.versions.withdraw(3, bob)).state, 'withdrawn');
    await assert.rejects(library.versions.approve(3, { expected: 2 }, bob), { code: 'policy_version_state' });
    await library.versions.stage({ note: '' }, ada);
    assert.equal((await library.versions.activate(4, { expected: 2 }, operator)).state, 'waiting');
    assert.equal((await library.versions.approve(4, { expected: 2 }, operator)).state, 'active');
  });

  test('nothing that is wrong, fails its tests or locks everybody out comes into force', async () => {
    const { database } = await open();
    const { library, live } = await openLibrary(database);
    const { version } = live;
    const wrong: readonly (readonly [string, string, string])[] = [
      ['not Cedar', 'permit (', 'policy_refused'],
      [
        'an attribute nobody has',
        '@id("x") @words("y") forbid (principal is Sallyport::User, action, resource) when { principal.asurance > 1 };',
        'policy_refused',
      ],
      [
        'nobody manages policies',
        '@id("x") @words("y") forbid (principal is Sallyport::User, action == Sallyport::Action::"settings:manage", resource);',
        'policy_locks_out',
      ],
      [
        'a clause for each of ten thousand',
        `@id("x") @words("y") forbid (principal is Sallyport::User, action, resource) when { ${Array(600).fill('principal.risk > 1').join(' && ')} };`.repeat(
          1,
        ),
        'any',
      ],
    ];
    let documents = 0;
    for (const [what, text, code] of wrong) {
      documents += 1;
      await library.documents.create('x', { name: what, text, tests: [] }, ada);
      const staging = library.versions.stage({ note: '' }, ada);
      if (code === 'any') await staging.catch(() => undefined);
      else await assert.rejects(staging, { code }, what);
      await library.documents.remove('x', 1, ada);
    }
    await library.documents.create(
      'x',
      { name: 'X', text: noExport, tests: [{ ...exportTest, expect: 'allow' }] },
      ada,
    );
    await assert.rejects(library.versions.stage({ note: '' }, ada), { code: 'policy_tests_failed' });
    assert.equal(documents, 4);
    assert.equal(live.version, version);
    await library.close();
  });

  test('a policy that fails while deciding denies, also beside one that allows', async () => {
    const { database } = await open();
    const { library, may } = await openLibrary(database);
    const text = `@id("allow-guards") @words("Guards export")
permit (principal in Sallyport::Role::"guard", action == Sallyport::Action::"cameras:export", resource);
@id("breaks") @words("Breaks")
forbid (principal in Sallyport::Role::"guard", action == Sallyport::Action::"cameras:export", resource)
when { 9223372036854775807 + principal.assurance > 0 };`;
    await library.documents.create('x', { name: 'X', text, tests: [] }, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    assert.equal(may(gus, 'cameras:export'), false);
  });

  test('a role of the organisation cannot go while somebody holds it', async () => {
    const { database } = await open();
    const text = `@id("desk") @role("desk") @name("Desk") @words("The desk sees cameras")
permit (principal in Sallyport::Role::"desk", action == Sallyport::Action::"cameras:read", resource);`;
    const holders = [...everybody, { kind: 'user', id: 'u-dee', name: 'dee', roles: ['desk'], scopes: [] } as const];
    const { library, live } = await openLibrary(database, { subjects: holders });
    await library.documents.create('desk', { name: 'Desk', text, tests: [] }, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    assert.equal(live.roles().at(-1)?.name, 'Desk');
    await library.versions.stage({ note: '', from: 0 }, ada);
    await assert.rejects(library.versions.activate(2, { expected: 1 }, ada), { code: 'policy_refused' });
  });

  test('policies that were in force before, written back into the database, and a row that was taken away, are found out', async () => {
    type Row = { name: string; version: number; sealed: string };
    const { database } = await open();
    const rows = database.withTables<{ policy_in_force: Row }>();
    const kept = { activations: 0 };
    const first = await openLibrary(database, { kept });
    await first.library.documents.create('exports', draft, ada);
    await first.library.versions.stage({ note: '' }, ada);
    await first.library.versions.activate(1, { expected: 0 }, ada);
    const old = await rows.selectFrom('policy_in_force').selectAll().executeTakeFirstOrThrow();
    await first.library.versions.stage({ note: '', from: 1 }, ada);
    await first.library.versions.activate(2, { expected: 1 }, ada);
    assert.equal(kept.activations, 2);
    const told = async ({ ledger }: Pick<typeof first, 'ledger'>): Promise<number> =>
      (await ledger.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 10_000_000 })).events.filter(({ body }) =>
        Buffer.from(body ?? [])
          .toString()
          .includes('older than those last put into force'),
      ).length;
    const attacks: readonly (() => Promise<unknown>)[] = [
      () => rows.updateTable('policy_in_force').set({ version: old.version, sealed: old.sealed }).execute(),
      () => rows.deleteFrom('policy_in_force').execute(),
    ];
    for (const [at, attack] of attacks.entries()) {
      await attack();
      await first.library.refresh();
      await first.library.refresh();
      assert.equal(first.library.inForce().version, 2, 'what ran goes on');
      assert.equal(await told(first), 1, 'told once');
      const next = await openLibrary(database, { isNew: false, kept });
      assert.match(next.library.inForce().unreadable ?? '', /older than those last put into force/, String(at));
      assert.equal(next.may(ann, 'cameras:export'), false, 'most is denied');
      await next.library.close();
    }
    // Putting a version into force, by two people, is what mends it, and counts on.
    const mending = await openLibrary(database, { isNew: false, kept });
    await mending.library.versions.stage({ note: '', from: 2 }, ada);
    assert.equal((await mending.library.versions.activate(3, { expected: 0 }, ada)).state, 'waiting');
    await mending.library.versions.approve(3, { expected: 0 }, bob);
    assert.equal(mending.library.inForce().unreadable, undefined);
    assert.equal(kept.activations, 3);
    const last = await openLibrary(database, { isNew: false, kept });
    assert.deepEqual([last.library.inForce().version, last.library.inForce().unreadable], [3, undefined]);
    // Stopped between the database and the vault: the database is ahead, which nobody can write who has not the key.
    kept.activations = 2;
    const behind = await openLibrary(database, { isNew: false, kept });
    assert.deepEqual([behind.library.inForce().version, kept.activations], [3, 3]);
  });

  test('a number that somebody wrote into the database is not in force', async () => {
    const { database } = await open();
    const first = await openLibrary(database);
    await first.library.documents.create('exports', draft, ada);
    await first.library.versions.stage({ note: '' }, ada);
    await first.library.versions.activate(1, { expected: 0 }, ada);
    await first.library.versions.stage({ note: '', from: 0 }, ada);
    await database
      .withTables<{ policy_in_force: { version: number } }>()
      .updateTable('policy_in_force')
      .set({ version: 2 })
      .execute();
    await first.library.refresh();
    assert.equal(first.may(ann, 'cameras:export'), false, 'what ran goes on');
    const next = await openLibrary(database, { isNew: false });
    assert.notEqual(next.library.inForce().unreadable, undefined);
    assert.equal(next.may(ann, 'cameras:export'), false);
  });
});

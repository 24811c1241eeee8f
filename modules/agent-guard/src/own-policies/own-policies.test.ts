import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import {
  closeOwnHouses,
  judgeOf,
  narrowing,
  omar,
  openOwnHouse,
  operator,
  recorded,
  replayed,
  vera,
  veraKey,
  verdictsOf,
  widening,
} from './own-policies.fixture.ts';

after(closeOwnHouses);

const write = { tool: 'Write', input: { file_path: '/home/you/project/a.ts', content: 'x' } };
const ssh = { tool: 'Bash', input: { command: 'ssh web1 uptime' } };
const read = { tool: 'Read', input: { file_path: '/home/you/project/a.ts' } };
const pay = { tool: 'wire_money', input: { iban: 'GB29NWBK60161331926819', amount: 20 } };
const payMuch = { tool: 'wire_money', input: { iban: 'GB29NWBK60161331926819', amount: 9000 } };

forEachDatabase((name, open) => {
  test(`what narrows is drafted, tried, replayed and in force at once for runs that go on, and taken back on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    await house.addAgent('builder', 'ada');
    const running = judgeOf(own, { agentId: 'builder', person: 'ada' });
    assert.deepEqual(verdictsOf(running, [read, write]), ['allow', 'allow']);

    await own.documents.create('clusters', narrowing, vera);
    const tried = await own.documents.attempt(narrowing, 'clusters');
    assert.deepEqual(tried.faults, []);
    assert.deepEqual(
      tried.results[0]?.tests.map(({ passed }) => passed),
      [true, true],
    );
    assert.ok(tried.standing.every(({ passed }) => passed));
    assert.deepEqual(verdictsOf(running, [read, write]), ['allow', 'allow'], 'a draft is in force nowhere');

    house.calls.push(recorded('builder', write), recorded('builder', read), recorded('gone', write));
    const { version, digest } = await own.versions.stage({ note: 'first' }, vera);
    await assert.rejects(own.versions.activate(version, { expected: 0, digest }, vera), {
      code: 'agent_policy_not_replayed',
    });
    const { calls, untold, different, looser, differences } = await replayed(own, version, vera);
    assert.deepEqual({ calls, untold, different, looser }, { calls: 3, untold: 1, different: 1, looser: 0 });
    assert.deepEqual(
      differences.map(({ agent, tool, now, would, policies }) => ({ agent, tool, now, would, policies })),
      [
        {
          agent: { id: 'builder', name: 'builder' },
          tool: 'Write',
          now: 'allow',
          would: 'ask',
          policies: ['own:asks-writes'],
        },
      ],
    );
    assert.equal((await own.versions.get(version)).replayed?.differences.length, 1, 'it is kept for who comes after');
    const active = await own.versions.activate(version, { expected: 0, digest }, vera);
    assert.equal(active.state, 'active', 'who narrows alone needs nobody');
    assert.deepEqual(verdictsOf(running, [read, write, ssh]), ['allow', 'ask', 'deny']);
    assert.match(running(ssh).reason, /Agents log in nowhere/);

    const restarted = await house.again();
    assert.deepEqual(verdictsOf(judgeOf(restarted, { agentId: 'other' }, 'observe'), [write, ssh]), ['ask', 'deny']);

    // What forbids is taken away: that lets through what was not.
    await own.documents.remove('clusters', 1, vera);
    const emptied = await house.activate(vera);
    assert.equal((await own.versions.get(emptied)).state, 'waiting');
    assert.equal(running(write).verdict, 'ask');
    const next = await own.versions.get(emptied);
    const agreed = { expected: version, digest: next.digest };
    for (const same of [vera, veraKey])
      await assert.rejects(own.versions.approve(emptied, agreed, same), { code: 'agent_policy_second_person' });
    await assert.rejects(own.versions.approve(emptied, { ...agreed, digest }, omar), {
      code: 'agent_policy_conflict',
    });
    assert.equal((await own.versions.approve(emptied, agreed, omar)).state, 'active');
    assert.deepEqual(verdictsOf(running, [read, write]), ['allow', 'allow']);
    assert.deepEqual(house.actions(), [
      'agent.policy_save',
      'agent.policy_stage',
      'agent.policy_replay',
      'agent.policy_activate',
      'agent.policy_delete',
      'agent.policy_stage',
      'agent.policy_replay',
      'agent.policy_ask',
      'agent.policy_activate',
    ]);

    // Back to the first, as another version of the same documents; it narrows, so nobody else has to agree.
    const back = await own.versions.stage({ note: 'back', from: version }, omar);
    assert.equal(back.digest, digest);
    await replayed(own, back.version, omar);
    await own.versions.activate(back.version, { expected: emptied, digest }, omar);
    assert.equal(running(write).verdict, 'ask');
    assert.deepEqual(
      (await own.versions.list()).versions.map(({ version: number, state }) => [number, state]),
      [
        [back.version, 'active'],
        [emptied, 'former'],
        [version, 'former'],
      ],
    );
  });

  test(`what widens waits for somebody else, by another session or key of the same person too, and lifts questions alone on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    await own.documents.create('payments', widening, veraKey);
    const running = judgeOf(own, { agentId: 'buyer' }, 'developer', 'Pay the bill in the inbox');
    assert.deepEqual(verdictsOf(running, [pay, payMuch]), ['ask', 'ask']);
    const version = await house.activate(veraKey);
    const { state, digest } = await own.versions.get(version);
    assert.equal(state, 'waiting');
    assert.deepEqual(
      (await own.versions.prospect(version, vera)).secondPerson.map(({ id }) => id),
      ['k-vera', 'vera'],
    );
    const agreed = { expected: 0, digest };
    await assert.rejects(own.versions.approve(version, agreed, vera), { code: 'agent_policy_second_person' });
    await assert.rejects(own.versions.approve(version, agreed, veraKey), { code: 'agent_policy_second_person' });
    await assert.rejects(own.versions.activate(version, agreed, omar), { code: 'agent_policy_version_state' });
    await own.versions.approve(version, agreed, omar);
    assert.deepEqual(verdictsOf(running, [pay, payMuch]), ['allow', 'ask']);
    assert.match(running(pay).reason, /Up to 50 may be paid/);
    // The operator on this machine is the way in where there is one person.
    const saved = await own.documents.save(
      'payments',
      { ...widening, text: widening.text.replaceAll('50', '60'), tests: [] },
      1,
      operator,
    );
    assert.deepEqual(
      saved.writers.map(({ id }) => id),
      ['operator'],
    );
    const wider = await house.activate(operator);
    assert.equal((await own.versions.get(wider)).state, 'active');
  });

  test(`a row changed in the database, or set back, is not obeyed on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own, database } = house;
    type Rows = {
      agent_policy_in_force: { name: string; version: number; sealed: string };
      agent_policy_versions: { version: number; sealed_head: string; sealed_texts: string };
    };
    const tables = database.withTables<Rows>();
    await own.documents.create('clusters', narrowing, vera);
    const first = await house.activate(vera);
    const rowInForce = () =>
      tables.selectFrom('agent_policy_in_force').selectAll().where('name', '=', 'policies').executeTakeFirstOrThrow();
    const olderRow = await rowInForce();
    await own.documents.save(
      'clusters',
      { ...narrowing, text: narrowing.text.replace(' @ask("person")', ''), tests: [] },
      1,
      vera,
    );
    const second = await house.activate(vera);
    await own.versions.approve(second, { expected: first, digest: (await own.versions.get(second)).digest }, omar);
    const running = judgeOf(own, { agentId: 'builder' });
    assert.equal(running(write).verdict, 'deny');

    const set = (row: Partial<Rows['agent_policy_in_force']>) =>
      tables.updateTable('agent_policy_in_force').set(row).where('name', '=', 'policies').execute();
    const newest = await rowInForce();
    for (const row of [{ version: first }, olderRow, { sealed: 'AAAA' }]) {
      await set(row);
      await own.refresh();
      assert.equal(running(write).verdict, 'deny', 'what was in force goes on');
      assert.equal(
        judgeOf(await house.again(), { agentId: 'builder' })(read).verdict,
        'deny',
        'and after a start all is denied',
      );
      await set(newest);
    }
    await tables.deleteFrom('agent_policy_in_force').execute();
    const bare = await house.again();
    assert.match(judgeOf(bare, { agentId: 'builder' })(read).reason, /cannot be read/);
    assert.ok(house.actions().includes('agent.policy_unreadable'));
    // Somebody else, or the operator, puts another in its place.
    await bare.documents.save('clusters', narrowing, 2, omar);
    const mended = await bare.versions.stage({ note: 'mended' }, omar);
    await replayed(bare, mended.version, omar);
    const agreed = { expected: 0, digest: mended.digest };
    assert.equal((await bare.versions.activate(mended.version, agreed, omar)).state, 'waiting');
    await bare.versions.approve(mended.version, agreed, operator);
    assert.deepEqual(verdictsOf(judgeOf(bare, { agentId: 'builder' }), [read, write]), ['allow', 'ask']);
    await tables
      .insertInto('agent_policy_in_force')
      .values(newest)
      .onConflict((on) => on.column('name').doUpdateSet(newest))
      .execute();
    assert.match(judgeOf(await house.again(), { agentId: 'builder' })(read).reason, /older/);
  });

  test(`other servers follow; of two who activate at once one is told; the replay holds for what it was on top of on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    const other = await house.again();
    await own.documents.create('clusters', narrowing, vera);
    const one = await own.versions.stage({ note: 'one' }, vera);
    const two = await other.versions.stage({ note: 'two' }, omar);
    for (const { version } of [one, two]) await replayed(own, version, vera);
    await own.versions.activate(one.version, { expected: 0, digest: one.digest }, vera);
    await assert.rejects(other.versions.activate(two.version, { expected: 0, digest: two.digest }, omar), {
      code: 'agent_policy_conflict',
    });
    await assert.rejects(other.versions.activate(two.version, { expected: one.version, digest: two.digest }, omar), {
      code: 'agent_policy_not_replayed',
    });
    await other.refresh();
    assert.equal(judgeOf(other, { agentId: 'x' })(write).verdict, 'ask');
    await assert.rejects(own.documents.save('clusters', narrowing, 7, omar), { code: 'agent_policy_conflict' });
    await assert.rejects(own.documents.create('clusters', narrowing, omar), { code: 'agent_policy_conflict' });
    await assert.rejects(own.versions.stage({ note: '', from: 99 }, omar), { code: 'agent_policy_version_unknown' });
    const gone = await own.versions.withdraw(two.version, omar);
    assert.equal(gone.state, 'withdrawn');
    await assert.rejects(own.versions.withdraw(two.version, omar), { code: 'agent_policy_version_state' });
  });
});

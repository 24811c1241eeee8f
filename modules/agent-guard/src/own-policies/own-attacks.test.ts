// One person alone, somebody who writes to the database, and two servers at once against the organisation's policies for agents.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { openingsOf } from './openings.ts';
import {
  closeOwnHouses,
  judgeOf,
  narrowing,
  omar,
  openOwnHouse,
  operator,
  recorded,
  replayed,
  thread,
  vera,
  widening,
} from './own-policies.fixture.ts';
import type { OwnHouse } from './own-policies.fixture.ts';
import { createOwnStore } from './own-store.ts';
import { createOwnThread } from './own-thread.ts';
import { createOwnVersions } from './own-versions.ts';

after(closeOwnHouses);

const carla = { ...omar, id: 'carla', name: 'Carla' };
const plain = { ...narrowing, tests: [] };
const ssh = { tool: 'Bash', input: { command: 'ssh web1 uptime' } };

type Rows = {
  agent_policy_in_force: { name: string; version: number; sealed: string };
  agent_policy_versions: { version: number; sealed_head: string; sealed_texts: string; sealed_replay: string | null };
};
const tablesOf = ({ database }: OwnHouse) => database.withTables<Rows>();
const rowOf = (house: OwnHouse, version: number) =>
  tablesOf(house)
    .selectFrom('agent_policy_versions')
    .selectAll()
    .where('version', '=', version)
    .executeTakeFirstOrThrow();

/** The steps of a house with another thread, as a busy machine or an upgrade would have one. */
function stepsWith(house: OwnHouse, read: Parameters<typeof createOwnVersions>[1]['thread']['read']) {
  const { database, sealing } = house;
  const store = createOwnStore(sealing);
  return createOwnVersions(
    {
      database,
      clock: house.clock,
      owner: async () => undefined,
      outbox: { record: async (_transaction, event) => void house.changes.push(event), flushed: async () => undefined },
    },
    {
      store,
      thread: { attempt: thread.attempt, read },
      standing: async () => {
        const { version } = await store.standing();
        const made = await store.version(version);
        return { version, ...(made === undefined ? {} : { made }) };
      },
      listed: () => store.versions(),
      lastActivation: () => house.mark.value,
      replay: async ({ inForce }) => {
        assert.deepEqual(inForce, [], 'what refuses to be read is not asked');
        return { calls: 0, untold: 0, agents: 0, different: 0, looser: 0, differences: [], isPartly: false };
      },
      onActivated: async () => undefined,
    },
  );
}

forEachDatabase((name, open) => {
  test(`where what is in force is not read to its end, nobody alone takes its forbids away on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    await own.documents.create('d', plain, vera);
    const first = await house.activate(vera);
    await own.documents.remove('d', 1, vera);
    const hasty = createOwnThread(agentPolicyFiles(), { attemptMs: 0 });
    after(() => hasty.close());
    const endless = await hasty.read([{ ...plain, id: 'd' }]);
    assert.ok(endless.faults.length > 0);
    assert.deepEqual(openingsOf(endless.policies, []), [], 'which would seem to open nothing');

    const steps = stepsWith(house, async () => endless);
    const watch = { signal: new AbortController().signal, onProgress: () => undefined };
    const { version, digest } = await steps.stage({ note: 'none' }, vera);
    await steps.replay(version, 10, vera, watch);
    const agreed = { expected: first, digest };
    const { doubt, secondPerson } = await steps.prospect(version, vera);
    assert.match(doubt ?? '', /in force, cannot be read: "d"/);
    assert.deepEqual(
      secondPerson.map(({ id }) => id),
      ['vera'],
    );
    assert.equal((await steps.activate(version, agreed, vera)).state, 'waiting');
    await assert.rejects(steps.approve(version, agreed, vera), { code: 'agent_policy_second_person' });
    assert.equal((await steps.approve(version, agreed, omar)).state, 'active', 'two people get on');
    assert.equal((await steps.get(first)).state, 'former');

    await hasty.close();
    await assert.rejects(hasty.read([{ ...plain, id: 'd' }]), { code: 'policy_busy' });
  });

  test(`a server that stops while it looks puts nothing into force on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    await own.documents.create('d', plain, vera);
    const first = await house.activate(vera);
    await own.documents.remove('d', 1, vera);
    const { version, digest } = await own.versions.stage({ note: 'none' }, vera);
    await replayed(own, version, vera);
    const asked = own.versions.activate(version, { expected: first, digest }, vera).catch(() => undefined);
    await own.close();
    await asked;
    const other = await house.again();
    assert.notEqual((await other.versions.get(version)).state, 'active');
    assert.equal(judgeOf(other, { agentId: 'x' })(ssh).verdict, 'deny');
  });

  test(`texts nobody agreed to do not come into force by a write to the database on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    const tables = tablesOf(house);
    await own.documents.create('small', widening, vera);
    const evil = await own.versions.stage({ note: 'evil' }, vera);
    const kept = await rowOf(house, evil.version);
    await tables.deleteFrom('agent_policy_versions').where('version', '=', evil.version).execute();
    await own.documents.save('small', plain, 1, vera);
    const good = await own.versions.stage({ note: 'good' }, vera);
    assert.equal(good.version, evil.version + 1, 'no number is given twice');

    // Even where one was: the texts alone, and the whole version, under the number somebody agreed to.
    await tables.deleteFrom('agent_policy_versions').execute();
    await tables.deleteFrom('agent_policy_in_force').execute();
    const again = await own.versions.stage({ note: 'good' }, vera);
    assert.equal(again.version, evil.version);
    await replayed(own, again.version, vera);
    await own.versions.activate(again.version, { expected: 0, digest: again.digest }, vera);
    for (const row of [{ sealed_texts: kept.sealed_texts }, kept]) {
      const sound = await rowOf(house, again.version);
      await tables.updateTable('agent_policy_versions').set(row).where('version', '=', again.version).execute();
      const other = await house.again();
      assert.equal(other.inForce().kind, 'unreadable');
      assert.equal(judgeOf(other, { agentId: 'x' })(ssh).verdict, 'deny');
      await own.refresh();
      assert.equal(own.inForce().kind, 'policies', 'while running, what was in force goes on');
      await tables.updateTable('agent_policy_versions').set(sound).where('version', '=', again.version).execute();
    }
    assert.equal((await house.again()).inForce().kind, 'policies');
  });

  test(`a version that was damaged is told, and takes no other with it on ${name}`, async () => {
    const house = await openOwnHouse(open);
    await house.own.documents.create('d', plain, vera);
    const first = await house.activate(vera);
    const { version } = await house.own.versions.stage({ note: 'again' }, vera);
    const { sealed_head } = await rowOf(house, first);
    await tablesOf(house)
      .updateTable('agent_policy_versions')
      .set({ sealed_head })
      .where('version', '=', version)
      .execute();
    const other = await house.again();
    assert.equal(other.inForce().kind, 'policies');
    const { versions, damaged } = await other.versions.list();
    assert.deepEqual([versions.map((one) => one.version), damaged.map((one) => one.version)], [[first], [version]]);
    await assert.rejects(other.versions.get(version), { code: 'agent_policy_version_damaged' });
    await assert.rejects(other.versions.stage({ note: '', from: version }, vera), {
      code: 'agent_policy_version_damaged',
    });
    assert.ok(house.actions().includes('agent.policy_damaged'));
  });

  test(`who wrote the texts of a version does not approve it, though the text be gone before it is staged on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    const store = createOwnStore(house.sealing);
    await own.documents.create('small', widening, vera);
    const steps = createOwnVersions(
      {
        database: house.database,
        clock: house.clock,
        owner: async () => undefined,
        outbox: { record: async () => undefined, flushed: async () => undefined },
      },
      {
        store,
        thread: {
          read: thread.read,
          async attempt(texts) {
            await own.documents.remove('small', 1, vera);
            return thread.attempt(texts);
          },
        },
        standing: async () => ({ version: 0 }),
        listed: () => store.versions(),
        lastActivation: () => 0,
        replay: () => assert.fail(),
        onActivated: () => assert.fail(),
      },
    );
    const { version, digest, authors, texts } = await steps.stage({ note: 'race' }, omar);
    assert.deepEqual(
      [texts.map(({ id }) => id), authors.map(({ id }) => id)],
      [['small'], ['vera', 'omar']],
      'the authors are of the texts that are staged',
    );
    await replayed(own, version, omar);
    const agreed = { expected: 0, digest };
    assert.equal((await own.versions.activate(version, agreed, omar)).state, 'waiting');
    await assert.rejects(own.versions.approve(version, agreed, vera), { code: 'agent_policy_second_person' });
    assert.equal((await own.versions.approve(version, agreed, operator)).state, 'active');
  });

  test(`of two servers where one declines and one approves, one is told; a replay does not bring back what was declined on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const { own } = house;
    const other = await house.again();
    await house.addAgent('builder', 'ada');
    house.calls.push(recorded('builder', ssh));
    await own.documents.create('small', widening, vera);
    const { version, digest } = await own.versions.stage({ note: 'two' }, vera);
    await replayed(own, version, vera);
    const agreed = { expected: 0, digest };
    await own.versions.activate(version, agreed, vera);
    const [approved, declined, again] = await Promise.allSettled([
      own.versions.approve(version, agreed, omar),
      other.versions.withdraw(version, carla),
      replayed(own, version, omar),
    ]);
    const { state } = await own.versions.get(version);
    const isApproved = approved.status === 'fulfilled';
    assert.equal(isApproved, declined.status === 'rejected', 'not both, not neither');
    for (const one of [approved, declined, again])
      if (one.status === 'rejected') assert.equal(one.reason?.code, 'agent_policy_version_state');
    assert.equal(state, isApproved ? 'active' : 'withdrawn');
    assert.equal(own.inForce().kind, isApproved ? 'policies' : 'none');
    assert.equal((await house.again()).inForce().kind, isApproved ? 'policies' : 'none');

    // What was read before somebody else wrote is not written over theirs.
    const store = createOwnStore(house.sealing);
    const read = await store.version(version);
    assert.ok(read !== undefined);
    const write = (to: 'waiting' | 'withdrawn') =>
      house.database.transaction().execute((on) => store.move(on, read, { ...read, state: to }));
    assert.equal(await write('withdrawn'), true);
    assert.equal(await write('waiting'), false);
    assert.equal((await own.versions.get(version)).state, 'withdrawn');
  });
});

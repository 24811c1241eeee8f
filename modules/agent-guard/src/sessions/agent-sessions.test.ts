import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, admin, begin, facts, gus, openHouse } from '../agent-guard.fixture.ts';
import { isAgentToken } from './credential.ts';

const minuteMs = 60_000;

forEachDatabase((name, open) => {
  test(`a run has a credential of its own, of its owner, and is told of in the ledger, on ${name}`, async () => {
    const { guard, changes } = await openHouse(open);
    const { session, agent, token } = await begin(guard);
    assert.ok(isAgentToken(token.reveal()));
    assert.deepEqual(await guard.sessions.authenticate(token.reveal()), {
      kind: 'agent',
      id: session.id,
      name: 'builder',
      scopes: ['agents:report', 'agents:telemetry'],
    });
    assert.deepEqual(
      await guard.sessions.recheck(session.id, undefined),
      await guard.sessions.authenticate(token.reveal()),
    );
    assert.deepEqual(
      changes.map(({ event }) => event['message']),
      ['agent.create', 'agent.session_started'],
    );
    // The next run of the same name is of the same agent.
    const next = await begin(guard);
    assert.equal(next.agent.id, agent.id);
    assert.notEqual(next.session.id, session.id);
    assert.equal((await guard.sessions.agents()).length, 1);
    assert.equal(JSON.stringify(changes).includes(token.reveal()), false);
  });

  test(`a credential nobody was given, a cut one and another's are nobody's, on ${name}`, async () => {
    const { guard } = await openHouse(open);
    const { token } = await begin(guard);
    const text = token.reveal();
    for (const wrong of [
      '',
      'spa_',
      text.slice(0, -1),
      `${text}A`,
      text.replace('spa_', 'spd_'),
      `spa_${'A'.repeat(43)}`,
    ])
      assert.deepEqual(await guard.sessions.authenticate(wrong), { refused: 'agent_session_unknown' }, wrong);
  });

  test(`a credential for telemetry is limited to it, keeps no run alive, and ends a minute after it, on ${name}`, async () => {
    const { guard, clock, changes } = await openHouse(open);
    const { session, token, telemetryToken } = await begin(guard);
    const [run, telemetry] = [token.reveal(), telemetryToken.reveal()];
    const limited = {
      kind: 'agent',
      id: session.id,
      name: 'builder',
      scopes: ['agents:telemetry'],
      limitedTo: ['agents:telemetry'],
    };
    assert.ok(isAgentToken(telemetry) && telemetry.startsWith('spt_'));
    assert.deepEqual(await guard.sessions.authenticate(telemetry), limited);
    assert.deepEqual(
      await guard.sessions.recheck(session.id, limited.limitedTo),
      limited,
      'looked at again it is no more',
    );
    assert.ok(!JSON.stringify(changes).includes(telemetry));
    // Neither is the other under its name.
    for (const wrong of [telemetry.replace('spt_', 'spa_'), run.replace('spa_', 'spt_'), `${telemetry}A`, 'spt_'])
      assert.deepEqual(await guard.sessions.authenticate(wrong), { refused: 'agent_session_unknown' }, wrong);
    clock.advance(14 * minuteMs);
    assert.deepEqual(await guard.sessions.authenticate(telemetry), limited);
    clock.advance(minuteMs);
    assert.equal((await guard.sessions.standing(session.id)).over, 'expired', 'it was no sign of life');
    assert.deepEqual(await guard.sessions.authenticate(telemetry), limited, 'its last words');
    clock.advance(minuteMs);
    assert.deepEqual(await guard.sessions.authenticate(telemetry), { refused: 'agent_session_unknown' });
    const other = await begin(guard);
    await guard.sessions.end({ id: other.session.id, by: ada, anybodys: false, for: 'finished' });
    clock.advance(minuteMs);
    assert.deepEqual(await guard.sessions.authenticate(other.telemetryToken.reveal()), {
      refused: 'agent_session_unknown',
    });
  });

  test(`a run is over when nothing is heard of it, at the end of its day, and when its owner may not, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard, clock } = house;
    const over = async (id: string) => (await guard.sessions.standing(id)).over;
    const first = await begin(guard);
    clock.advance(14 * minuteMs);
    await guard.sessions.authenticate(first.token.reveal());
    clock.advance(14 * minuteMs);
    assert.equal(await over(first.session.id), undefined, 'each use counts');
    clock.advance(2 * minuteMs);
    assert.equal(await over(first.session.id), 'expired');
    await guard.sessions.authenticate(first.token.reveal());
    assert.equal(await over(first.session.id), 'expired', 'what is over is not begun again by its credential');
    await assert.rejects(guard.sessions.renew({ id: first.session.id, by: ada }), { code: 'agent_session_not_found' });

    const long = await begin(guard);
    for (let passed = 0; passed < 24 * 60; passed += 10) {
      clock.advance(10 * minuteMs);
      if (passed + 10 < 24 * 60) await guard.sessions.renew({ id: long.session.id, by: ada });
    }
    assert.equal(await over(long.session.id), 'expired');

    const owned = await begin(guard);
    house.owners.set('ada', { name: 'Ada', scopes: [] });
    assert.equal(await over(owned.session.id), 'owner-ended');
    house.owners.delete('ada');
    assert.equal(await over(owned.session.id), 'owner-ended');
  });

  test(`when its owner may not run agents a run is heard of no more, and tells nothing, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard, clock } = house;
    const { session, token, telemetryToken } = await begin(guard);
    const unknown = { refused: 'agent_session_unknown' };
    house.owners.set('ada', { name: 'Ada', scopes: [] });
    assert.deepEqual(await guard.sessions.authenticate(telemetryToken.reveal()), unknown);
    assert.deepEqual(await guard.sessions.recheck(session.id, ['agents:telemetry']), unknown);
    for (let passed = 0; passed < 20; passed += 5) {
      await guard.sessions.authenticate(token.reveal());
      await guard.sessions.standing(session.id);
      await guard.sessions.recordSeen();
      clock.advance(5 * minuteMs);
    }
    house.owners.set('ada', { name: 'Ada', scopes: ['agents:run'] });
    assert.equal((await guard.sessions.standing(session.id)).over, 'expired', 'its hooks were no sign of life');
    assert.deepEqual(await guard.sessions.authenticate(telemetryToken.reveal()), unknown);
  });

  test(`only its owner keeps a run alive or ends it, and whoever may stop agents, on ${name}`, async () => {
    const { guard, changes } = await openHouse(open);
    const { session } = await begin(guard);
    const key = { ...ada, kind: 'key' } as const;
    for (const stranger of [gus, key]) {
      await assert.rejects(guard.sessions.renew({ id: session.id, by: stranger }), { code: 'agent_session_not_found' });
      await assert.rejects(
        guard.sessions.end({ id: session.id, by: stranger, anybodys: false, for: 'ended-by-hand' }),
        { code: 'agent_session_not_found' },
      );
    }
    await guard.sessions.end({ id: session.id, by: admin, anybodys: true, for: 'ended-by-hand' });
    await guard.sessions.end({ id: session.id, by: admin, anybodys: true, for: 'stopped' });
    assert.equal((await guard.sessions.standing(session.id)).over, 'ended-by-hand');
    assert.deepEqual(
      changes.map(({ event }) => event['message']),
      ['agent.create', 'agent.session_started', 'agent.session_ended', 'agent.session_end'],
    );
  });

  test(`the machine of a run is told of, stays over a restart, and is judged as it is now, on ${name}`, async () => {
    const { guard, changes, sensors, again } = await openHouse(open);
    const posture = { system: 'Debian', diskEncrypted: 'yes', firewall: 'yes', secureBoot: 'yes' } as const;
    const known = { host: 'web-1', isHeard: true, isDoubted: false, isAccepted: true, posture };
    sensors.set('s-1', known);
    const { session } = await guard.sessions.begin({
      by: ada,
      name: 'builder',
      harness: 'codex',
      facts: { ...facts, machine: { sensorId: 's-1' } },
    });
    const said = JSON.stringify(changes.at(-1)?.event);
    assert.match(
      said,
      /"machine_posture":"good","machine_weaknesses":|"machine_posture":"good","machine_sensor":"s-1"/,
    );
    const restarted = await again();
    assert.deepEqual((await restarted.sessions.standing(session.id)).session.facts.machine, { sensorId: 's-1' });
  });

  test(`after a restart a run goes on from when it was heard of last, on ${name}`, async () => {
    const { guard, clock, again } = await openHouse(open);
    const { session, token } = await begin(guard);
    clock.advance(10 * minuteMs);
    await guard.sessions.authenticate(token.reveal());
    await guard.sessions.recordSeen();
    clock.advance(10 * minuteMs);
    const restarted = await again();
    assert.equal((await restarted.sessions.standing(session.id)).over, undefined);
    assert.deepEqual(
      (await restarted.sessions.sessions({ open: true, limit: 10 })).map(({ id }) => id),
      [session.id],
    );
    clock.advance(6 * minuteMs);
    assert.deepEqual(await restarted.sessions.sessions({ open: true, limit: 10 }), []);
    const [ended] = await restarted.sessions.sessions({ limit: 10 });
    assert.equal(ended?.ended?.for, 'expired');
  });

  test(`names, owners and numbers are bounded, on ${name}`, async () => {
    const { guard } = await openHouse(open, { maxAgentsPerOwner: 2, maxOpenSessionsPerOwner: 3 });
    for (const wrong of ['', ' ', 'a\u202Eb', 'a\nb', 'x'.repeat(101)])
      await assert.rejects(begin(guard, ada, wrong), { code: 'agent_invalid' }, JSON.stringify(wrong));
    await assert.rejects(guard.sessions.begin({ by: ada, name: 'a', harness: 'netscape', facts }), {
      code: 'agent_invalid',
    });
    for (const kind of ['operator', 'device', 'agent'] as const)
      await assert.rejects(begin(guard, { ...ada, kind }), { code: 'agent_owner_unfit' });
    await begin(guard, ada, 'one');
    await begin(guard, ada, 'two');
    await assert.rejects(begin(guard, ada, 'three'), { code: 'agent_limit_reached' });
    await begin(guard, ada, 'one');
    await assert.rejects(begin(guard, ada, 'one'), { code: 'agent_limit_reached' });
    await begin(guard, gus, 'one');
  });

  test(`the policies of an agent are chosen by name, and a change stands in the ledger, on ${name}`, async () => {
    const { guard, changes } = await openHouse(open);
    const { agent } = await begin(guard);
    assert.equal(agent.pack, 'developer');
    await assert.rejects(guard.sessions.change({ id: agent.id, pack: 'root', by: admin }), { code: 'agent_invalid' });
    await assert.rejects(guard.sessions.change({ id: 'none', pack: 'observe', by: admin }), {
      code: 'agent_not_found',
    });
    await guard.sessions.change({ id: agent.id, pack: 'locked-down', by: admin });
    await guard.sessions.change({ id: agent.id, pack: 'locked-down', by: admin });
    assert.equal((await guard.sessions.agent(agent.id)).pack, 'locked-down');
    assert.equal(changes.filter(({ event }) => event['message'] === 'agent.change').length, 1);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFinding } from '@sallyport/contracts';
import type { Finding, JsonValue } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { sql } from 'kysely';
import { append, catchUp, dayMs, program, setUp, signIn } from './behaviour.fixture.ts';

type Rig = Awaited<ReturnType<typeof setUp>>;

function findingsIn(ledger: MemoryLedger): Finding[] {
  return ledger.events().flatMap(({ classUid, body }) => {
    if (classUid !== 2004) return [];
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    return parseFinding(value) ?? assert.fail('a finding of ours does not parse');
  });
}

const told = (ledger: MemoryLedger) => findingsIn(ledger).map(({ rule, user, host }) => `${rule.id} ${user ?? host}`);

/** Each weekday morning the same person from the same place, and the same programs on a host. */
async function fourWeeks({ clock, ledger }: Rig, user = 'ada'): Promise<void> {
  for (let day = 0; day < 28; day += 1) {
    if (day % 7 < 5) {
      const steps = [signIn(user), program('web-1', '/usr/sbin/nginx'), program('web-1', '/usr/bin/cron')];
      await append(ledger, [...steps, ...steps]);
    }
    clock.advance(dayMs);
  }
}

forEachDatabase((name, open) => {
  test(`a sign-in unlike all before is told with its reasons, and one as ever is not on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    await fourWeeks(rig);
    await append(rig.ledger, [signIn('ada')]);
    rig.clock.advance(14 * 3_600_000);
    const [input] = await append(rig.ledger, [signIn('ada', { ip: '203.0.113.9', agent: 'curl' })]);
    await catchUp(rig.behaviour, rig.ledger);
    const [finding, ...others] = findingsIn(rig.ledger);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [finding?.user, finding?.input, finding?.rule.id],
      ['ada', input, 'sallyport-behaviour-user-sign-in'],
    );
    const reasons = finding?.matched.filter(({ field }) => field === 'behaviour.reason').map(({ value }) => value);
    assert.equal(reasons?.length, 3);
    assert.match(reasons?.join('\n') ?? '', /weekday 22:00 UTC: .*\n203\.0\.0\.0\/16: first time.*\ncurl: first time/);
    const fact = rig.behaviour.risk('user', 'ada');
    assert.ok(fact.value > 0 && fact.freshUntilMs > fact.asOfMs);
    assert.deepEqual(fact.reasons, ['Unusual sign-in (user)']);
    rig.clock.advance(28 * dayMs);
    assert.ok(rig.behaviour.risk('user', 'ada').value < fact.value / 2);
    assert.equal(rig.behaviour.risk('user', 'nobody').value, 0);
  });

  test(`a crash between finding and checkpoint leads to the same findings, once, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database, { limits: { checkpointEvents: 50, checkpointMs: 1e12 } });
    await fourWeeks(rig);
    await catchUp(rig.behaviour, rig.ledger);
    rig.clock.advance(14 * 3_600_000);
    await append(rig.ledger, [signIn('ada', { ip: '203.0.113.9', agent: 'curl' })]);
    await catchUp(rig.restart(), rig.ledger);
    const before = rig.ledger.events();
    assert.equal(told(rig.ledger).length, 1);
    // Never closed: what was learnt since the last checkpoint is learnt again.
    const again = rig.restart();
    await catchUp(again, rig.ledger);
    assert.deepEqual(rig.ledger.events(), before);
    const entity = again.idOf('user', 'ada');
    await again.close();
    const restored = rig.restart();
    await restored.projection.load(rig.ledger.head());
    assert.deepEqual(restored.entity(entity), again.entity(entity));
  });

  test(`nothing learnt stands in clear in the database, and nothing of an erased event comes back on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    await fourWeeks(rig);
    const [network] = await append(rig.ledger, [signIn('ada', { ip: '203.0.113.9' }), signIn('ada')]);
    const [person] = await append(rig.ledger, [signIn('eve')]);
    assert.ok(network && person);
    await catchUp(rig.behaviour, rig.ledger);
    await rig.behaviour.close();
    const { rows } = await sql<{ id: string; sealed: string }>`select * from behaviour_entities`.execute(database);
    assert.ok(rows.length >= 3);
    for (const { id } of rows) assert.match(id, /^[0-9a-f]{32}$/);
    const dump = rows.map(({ sealed }) => Buffer.from(sealed, 'base64').toString('latin1')).join();
    // With quotes, as a name would stand there: three letters alone are in random bytes soon enough.
    for (const planted of ['"ada"', '"eve"', 'nginx', '192.0.0.0']) assert.ok(!dump.includes(planted), planted);
    const ada = rig.behaviour.idOf('user', 'ada');
    const networks = () =>
      rig.behaviour.entity(ada).models.flatMap(({ aspect, values }) => (aspect === 'network' ? (values ?? []) : []));
    assert.deepEqual(
      networks().map(({ value }) => value),
      ['192.0.0.0/16', '203.0.0.0/16'],
    );
    const range = ({ log, index }: { log: number; index: number }) => ({ log, from: index, to: index + 1 });
    assert.ok((await rig.behaviour.forget([range(network), range(person)])) >= 2);
    assert.deepEqual(
      networks().map(({ value }) => value),
      ['192.0.0.0/16'],
    );
    const restored = rig.restart();
    await restored.projection.load(rig.ledger.head());
    assert.throws(() => restored.entity(restored.idOf('user', 'eve')), { code: 'entity_unknown' });
    assert.ok(!JSON.stringify(restored.entity(ada)).includes('203.0'));
  });

  test(`what people called expected scores less the next time on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    await fourWeeks(rig);
    await catchUp(rig.behaviour, rig.ledger);
    const id = rig.behaviour.idOf('user', 'ada');
    const actor = { kind: 'user', id: 'u-1', name: 'Vera', scopes: [] } as const;
    await rig.behaviour.expect(actor, id, 'sign-in');
    await assert.rejects(rig.behaviour.expect(actor, id, 'steps'), { code: 'model_unknown' });
    await assert.rejects(rig.behaviour.expect(actor, 'none', 'sign-in'), { code: 'entity_unknown' });
    await catchUp(rig.behaviour, rig.ledger);
    rig.clock.advance(14 * 3_600_000);
    await append(rig.ledger, [signIn('ada', { ip: '203.0.113.9', agent: 'curl' })]);
    await catchUp(rig.behaviour, rig.ledger);
    assert.deepEqual(told(rig.ledger), []);
  });

  test(`until enough is known nothing is told, and the health says so on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    for (let turn = 0; turn < 15; turn += 1) await append(rig.ledger, [signIn('ada', { ip: `203.${turn}.0.1` })]);
    await catchUp(rig.behaviour, rig.ledger);
    assert.deepEqual(told(rig.ledger), []);
    const { entities, learning } = rig.behaviour.health();
    assert.deepEqual([entities, learning], [1, 1]);
  });

  test(`made-up names displace each other, not who is known, and the loss is counted on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database, { limits: { entities: 20 } });
    await fourWeeks(rig);
    await append(
      rig.ledger,
      Array.from({ length: 200 }, (_, number) => signIn(`made-up-${number}`)),
    );
    await catchUp(rig.behaviour, rig.ledger);
    const { entities, evicted } = rig.behaviour.health();
    assert.equal(entities, 20);
    assert.ok(evicted >= 180);
    assert.equal(rig.behaviour.entity(rig.behaviour.idOf('user', 'ada')).name, 'ada');
    await rig.behaviour.close();
    const { rows } = await sql<{ id: string }>`select id from behaviour_entities`.execute(database);
    assert.equal(rows.length, 20);
  });
});

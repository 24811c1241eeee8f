import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createPlayedSensor, makeKey, setUp, signedLine } from './sensors.fixture.ts';
import { isSignedBy } from './signature.ts';

const collectors = (problems: Readonly<Record<string, string>>) => ({
  collectors: Object.entries(problems).map(([name, problem]) => ({
    name,
    last_read: '',
    records: 1,
    failures: 0,
    problem,
  })),
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a report of losses that is sent again and again keeps no dead sensor alive, and is told once', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    const { time, host } = sensor.tell('sensor.coverage');
    const lost = signedLine(sensor.key(), { time: time ?? '', host: host ?? '', event: 'sensor.lost', lost_total: 3 });
    await server.receive([sensor.beat(), lost]);
    server.clock.advance(1000);
    await server.receive([sensor.beat()]);
    for (let times = 0; times < 300; times += 1) {
      await server.pass(15);
      await server.receive([lost], { apiKey: 'stolen' });
    }
    assert.equal(server.sole()?.state, 'silent');
    assert.deepEqual(server.told(), ['sensor.joined joined', 'sensor.losing losing', 'sensor.silent silent']);
  });

  test('a sensor whose state was deleted is told and heard again; its old starts sent again move nothing', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs, collected: 5000 });
    const start = sensor.tell('sensor.started', { installation: '0000aaaa' });
    const beats = Array.from({ length: 8 }, () => sensor.beat());
    await server.receive([start, ...beats.slice(0, 2)]);
    server.clock.advance(200_000);
    const anew = createPlayedSensor({ nowMs: server.nowMs, key: sensor.key() });
    const from = { source: 'host-web-1.0000bbbb' };
    await server.receive([anew.tell('sensor.started', { installation: '0000bbbb' }), anew.beat()], from);
    assert.equal(server.told().at(-1), 'sensor.tampered state_lost');
    const { source, last_beat_ms: lastBeatMs } = server.sole() ?? {};
    assert.deepEqual([source, lastBeatMs], ['host-web-1.0000bbbb', server.nowMs()]);
    const told = server.told().length;
    // Under a name of the past, and under a new one that it did not sign.
    await server.receive([start]);
    await server.receive([start], { source: 'host-web-1.0000cccc', apiKey: 'stolen' });
    assert.equal(server.sole()?.source, 'host-web-1.0000bbbb');
    assert.equal(server.told().length, told);
    // What it had signed before has a higher place than all it signs now.
    for (const old of beats) {
      await server.pass(15);
      await server.receive([old], { source: 'host-web-1.0000bbbb', apiKey: 'stolen' });
    }
    assert.equal(server.sole()?.state, 'silent');
  });

  test('a collector that was switched off is told; a log of sign-ins that took the place of the other is not', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await server.receive([sensor.beat(collectors({ files: '', processes: '', 'auth-log': '' }))]);
    await server.receive([sensor.beat(collectors({ processes: '', journal: '' }))]);
    await server.receive([sensor.beat(collectors({ processes: '', journal: '' }))]);
    assert.deepEqual(server.told().slice(1), ['sensor.blinded off:files']);
    assert.match(server.sole()?.problems[0]?.text ?? '', /"files" was switched off/);
  });

  test('a small problem that anybody can make does not hide the next one; the same with other counts is told once', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    const problems = ['', '1 entries cannot be read', '2 entries cannot be read', 'journald does not run any more'];
    for (const journal of problems) await server.receive([sensor.beat(collectors({ journal }))]);
    await server.receive([sensor.tell('sensor.collector_blind', { covers: 'journal', problem: 'it was removed' })]);
    const texts = server.notices().flatMap(({ message }) => /see: (.*)$/.exec(String(message))?.[1] ?? []);
    assert.deepEqual(texts, ['1 entries cannot be read', 'journald does not run any more', 'it was removed']);
    assert.deepEqual(
      server.sole()?.problems.map(({ code }) => code),
      ['blind'],
    );
  });

  test('what a collector could see and cannot any more is told, also when only its coverage says so', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    const covers = (state: string) =>
      sensor.tell('sensor.coverage', { covers: 'btmp', state, misses: 'this user may not read it' });
    await server.receive([covers('none'), sensor.beat(collectors({ btmp: '' })), covers('full'), covers('partial')]);
    assert.deepEqual(server.told(), ['sensor.joined joined']);
    await server.receive([covers('none'), covers('none')]);
    assert.deepEqual(server.told().slice(1), ['sensor.blinded blind:btmp']);
  });

  test('a beat that brings more notices than anyone expects swallows none of the record after it', async () => {
    const server = await setUp(await open());
    const evil = createPlayedSensor({ nowMs: server.nowMs, host: 'evil' });
    const victim = createPlayedSensor({ nowMs: server.nowMs });
    const many = (problem: string) =>
      Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`c${String(at)}`, problem]));
    await server.receive([victim.beat(), evil.beat(collectors(many('')))]);
    const forged = { ...victim.tell('sensor.coverage'), signature: 'AAAA' };
    await server.receive([evil.beat({ ...collectors(many('gone')), lost: { file: 1 }, slow_factor: 9 }), forged]);
    assert.equal(server.told().filter((told) => told.startsWith('sensor.blinded')).length, 32);
    assert.equal(server.told().at(-1), 'sensor.tampered signature_invalid');
  });
});

test('a line nested beyond every stack is signed by nobody', () => {
  const key = makeKey();
  const deep: unknown = JSON.parse(`${'['.repeat(60_000)}${']'.repeat(60_000)}`);
  const signature = Buffer.alloc(64).toString('base64');
  assert.ok(Array.isArray(deep) && !isSignedBy(key.publicKey, { deep, signature }));
});

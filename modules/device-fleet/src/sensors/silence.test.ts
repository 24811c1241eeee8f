import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createPlayedSensor, setUp, startMs } from './sensors.fixture.ts';
import { createSensors } from './sensors.ts';

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  /** Beats for as long as it takes this server to be sure that it listens. */
  async function settle(server: Awaited<ReturnType<typeof setUp>>, sensor: ReturnType<typeof createPlayedSensor>) {
    await server.pass(10);
    await server.receive([sensor.beat()]);
    for (let beats = 0; beats < 3; beats += 1) {
      await server.pass(15);
      await server.receive([sensor.beat()]);
    }
  }

  test('a sensor that stops without goodbye is told as silent within a minute, once, and as back when it is back', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await settle(server, sensor);
    await server.pass(40);
    assert.equal(server.sole()?.state, 'alive');
    await server.pass(20);
    assert.equal(server.sole()?.state, 'silent');
    await server.pass(600);
    assert.deepEqual(server.told(), ['sensor.joined joined', 'sensor.silent silent']);
    const [, silent] = server.notices();
    assert.match(String(silent?.['message']), /^sensor\.silent: Nothing was heard of it for 45 s/);
    assert.deepEqual(silent?.['device'], { hostname: 'web-1', type_id: 0 });
    await server.receive([sensor.beat()]);
    assert.equal(server.sole()?.state, 'alive');
    assert.deepEqual(server.told().slice(2), ['sensor.recovered was_frozen']);
  });

  test('a network that swallows everything: silence is seen, and the catch-up explains it as offline with nothing lost', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await settle(server, sensor);
    const waiting = [];
    for (let beats = 0; beats < 40; beats += 1) {
      await server.pass(15);
      waiting.push(sensor.beat({ beats_skipped: 0, waiting: beats, sent: 7 }));
    }
    assert.equal(server.sole()?.state, 'silent');
    await server.receive(waiting.slice(0, 20));
    assert.deepEqual(
      [server.sole()?.state, server.sole()?.problems.map(({ code }) => code)],
      ['degraded', ['silent', 'catching_up']],
    );
    await server.receive([...waiting.slice(20), sensor.beat()]);
    assert.equal(server.sole()?.state, 'alive');
    assert.deepEqual(server.told().slice(1), ['sensor.silent silent', 'sensor.recovered was_offline']);
    assert.match(String(server.notices().at(-1)?.['message']), /went on watching; nothing was lost$/);
  });

  test('a server that was away, busy, behind or full does not take its own silence for that of sensors', async () => {
    let isTaking = true;
    const server = await setUp(await open(), { isTakingRecords: async () => isTaking });
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await settle(server, sensor);
    // Its process was stopped: one look, ten minutes late.
    server.clock.advance(600_000);
    await server.pass(60);
    assert.equal(server.sole()?.state, 'alive');
    await server.receive([sensor.beat({ beats_skipped: 40 })]);
    // Its disk is full.
    isTaking = false;
    await server.pass(600);
    isTaking = true;
    await server.pass(60);
    assert.equal(server.sole()?.state, 'alive');
    await server.receive([sensor.beat({ beats_skipped: 40 })]);
    // It was started anew.
    server.sensors.close();
    const again = createSensors({ ...server.needs, every: () => () => undefined });
    await server.catchUp(again.projection);
    assert.equal(again.list({ limit: 1 })[0]?.state, 'alive');
    assert.deepEqual(
      server.told().filter((one) => one.startsWith('sensor.silent')),
      [],
    );
  });

  test('a flood that keeps the feed behind hides no silence: it is told later by as long as that', async () => {
    const server = await setUp(await open());
    const [living, dead] = ['living', 'dead'].map((host) => createPlayedSensor({ nowMs: server.nowMs, host }));
    assert.ok(living !== undefined && dead !== undefined);
    await settle(server, living);
    await server.receive([dead.beat()], { source: 'host-dead.0000bbbb' });
    const { ledger, sensors, clock } = server;
    const perLook = 50;
    let { cursor } = await sensors.projection.load(ledger.head());
    for (let looks = 0; looks < 40; looks += 1) {
      if (looks % 3 === 0) await server.append([living.beat()]);
      await server.append(Array.from({ length: perLook }, () => ({ noise: looks })));
      clock.advance(5000);
      await server.lookOnly();
      // Twenty seconds behind, all the time.
      if (looks < 4) continue;
      const range = await ledger.read(cursor, { maxEvents: perLook + 1, maxBytes: 1_000_000 });
      await sensors.projection.apply(range);
      cursor = range.to;
    }
    await server.catchUp();
    const silent = server.notices().filter(({ status_detail: code }) => code === 'silent');
    assert.deepEqual(
      silent.map(({ device }) => device),
      [{ hostname: 'dead', type_id: 0 }],
    );
    const toldMs = Number(silent[0]?.['time']) - startMs;
    assert.ok(toldMs < 150_000, String(toldMs));
  });

  test('a wall clock that jumps makes nobody silent, and hides no silence', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: () => startMs + server.clock.monotonicMs() });
    await settle(server, sensor);
    server.clock.setWall(startMs + 7 * 86_400_000);
    await server.pass(30);
    assert.equal(server.sole()?.state, 'alive');
    server.clock.setWall(startMs - 86_400_000);
    await server.pass(30);
    assert.equal(server.sole()?.state, 'silent');
  });

  test('of records that nobody could believe no silence is told', async () => {
    const server = await setUp(await open());
    await server.receive([
      { time: new Date(startMs).toISOString(), host: 'made-up', event: 'sensor.heartbeat', sensor: {} },
    ]);
    await server.pass(600);
    assert.equal(server.sensors.list({ limit: 10 })[0]?.state, 'unknown');
    assert.ok(!server.told().some((one) => one.startsWith('sensor.silent')));
  });
});

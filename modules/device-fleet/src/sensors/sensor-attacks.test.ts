import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { readBeat } from './beat.ts';
import { readLifeRecord } from './life-record.ts';
import { createPlayedSensor, makeKey, setUp, signedLine } from './sensors.fixture.ts';
import { isSignedBy } from './signature.ts';

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a heartbeat made with another key is told with the API key it came with, and keeps no dead sensor alive', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await server.pass(10);
    await server.receive([sensor.beat()]);
    const forger = createPlayedSensor({ nowMs: server.nowMs, collected: 900 });
    for (let beats = 0; beats < 10; beats += 1) {
      await server.pass(15);
      await server.receive([forger.beat({ lost: {}, rss_bytes: 1 })], { apiKey: 'stolen' });
    }
    const view = server.sole();
    assert.deepEqual([view?.state, view?.key_id, view?.figures.rss_bytes], ['silent', 'key-1', 60_000_000]);
    assert.equal(view?.shown_key_id, forger.key().keyId);
    assert.deepEqual(server.told(), ['sensor.joined joined', 'sensor.tampered key_changed', 'sensor.silent silent']);
    assert.match(String(server.notices()[1]?.['message']), /API key stolen/);
  });

  test('a heartbeat of an hour ago that comes again is told, and no sign of life; one of just now is a resend', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    const old = sensor.beat();
    const goodbye = sensor.tell('sensor.stopped', { reason: 'SIGTERM' });
    sensor.restart();
    await server.receive([old, goodbye]);
    server.clock.advance(3_600_000);
    const fresh = sensor.beat();
    await server.receive([fresh, fresh]);
    const before = server.told().length;
    await server.receive([old], { apiKey: 'stolen' });
    assert.deepEqual(server.told().slice(before), ['sensor.tampered replayed']);
    await server.receive([goodbye]);
    assert.equal(server.sole()?.state, 'degraded');
    assert.equal(server.told().at(-1), 'sensor.tampered replayed');
  });

  test('the heartbeat of one host is no heartbeat of another', async () => {
    const server = await setUp(await open());
    const [a, b] = [
      createPlayedSensor({ nowMs: server.nowMs, host: 'host-a' }),
      createPlayedSensor({ nowMs: server.nowMs, host: 'host-b' }),
    ];
    await server.receive([a.beat()], { source: 'host-a.0000aaaa', apiKey: 'key-a' });
    await server.receive([b.beat()], { source: 'host-b.0000bbbb', apiKey: 'key-b' });
    await server.receive([{ ...a.beat(), host: 'host-b' }], { source: 'host-b.0000bbbb', apiKey: 'key-a' });
    assert.equal(server.told().at(-1), 'sensor.tampered signature_invalid');
    // A copy of a machine has the key and another name.
    const copy = createPlayedSensor({ nowMs: server.nowMs, host: 'host-c', key: a.key() });
    await server.receive([copy.beat()], { source: 'host-c.0000cccc' });
    assert.equal(server.told().at(-1), 'sensor.tampered key_copied');
  });

  test('heartbeats that were taken out of the chain, and two sensors with one key, are told', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await server.receive([sensor.beat(), sensor.beat()]);
    sensor.skipBeats(3);
    await server.receive([sensor.beat()]);
    assert.equal(server.told().at(-1), 'sensor.tampered beats_missing');
    const dropped = sensor.beat();
    sensor.skipBeats(2);
    await server.receive([dropped, sensor.beat({ lost: { heartbeat: 2 } })]);
    assert.deepEqual(server.told().slice(-1), ['sensor.losing losing']);
    await server.receive([sensor.beat({ lost: { heartbeat: 2 }, previous: 'f'.repeat(32) })]);
    assert.equal(server.told().at(-1), 'sensor.tampered chain_broken');
  });

  test('a state that was put back goes on under a new name and is told; an old record of that moves nothing', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs, collected: 500 });
    await server.receive([sensor.beat()]);
    const put = createPlayedSensor({ nowMs: server.nowMs, key: sensor.key(), collected: 20 });
    const renumbered = put.tell('sensor.renumbered', { previous: '0000aaaa' });
    await server.receive([renumbered, put.beat()], { source: 'host-web-1.0000bbbb' });
    assert.deepEqual(server.told().slice(1), ['sensor.tampered state_copied']);
    assert.equal(server.sole()?.source, 'host-web-1.0000bbbb');
    server.clock.advance(3_600_000);
    await server.receive([put.beat(), renumbered], { source: 'host-web-1.0000bbbb' });
    assert.equal(server.told().at(-1), 'sensor.tampered replayed');
  });

  test('thousands of made-up sensors of one key fill no table, are told once, and shut nobody else out', async () => {
    const server = await setUp(await open(), { limits: { sensors: 60, sensorsPerKey: 40 } });
    const key = makeKey();
    const time = new Date(server.nowMs()).toISOString();
    const lines = Array.from({ length: 3000 }, (_, at) =>
      signedLine(key, {
        time,
        host: `made-up-${at}`,
        event: 'sensor.heartbeat',
        public_key: key.publicKey,
        collected: 0,
      }),
    );
    await server.receive(lines, { apiKey: 'flood' });
    assert.equal(server.sensors.list({ limit: 500 }).length, 40);
    assert.equal(server.sensors.health().refused, 2960);
    assert.equal(server.told().filter((one) => one.startsWith('sensor.refused')).length, 1);
    await server.receive([createPlayedSensor({ nowMs: server.nowMs }).beat()]);
    assert.equal(server.sensors.list({ limit: 500 }).length, 41);
  });

  test('a stranger who repeats a forgery all day is told once an hour', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await server.receive([sensor.beat()]);
    const { signature: _signature, ...unsigned } = sensor.beat();
    for (let minute = 0; minute < 180; minute += 10) {
      server.clock.advance(600_000);
      await server.receive([unsigned, unsigned]);
    }
    const times = server.told().filter((one) => one === 'sensor.tampered unsigned').length;
    assert.ok(times >= 3 && times <= 4, String(times));
  });

  test('fields of any shape are judged without harm, and records of the wrong shape are none', async () => {
    const server = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: server.nowMs });
    await server.receive([sensor.beat()]);
    await server.receive([
      sensor.beat({
        started: 7,
        beats_skipped: -1,
        lost: [1],
        slow_factor: 'x',
        collectors: [
          null,
          1,
          { name: '__proto__', problem: '\ud800' },
          { name: 'a'.repeat(9000), records: 1e300 },
          { name: 'toString', problem: 'x' },
        ],
        boot_id: {},
        clock_offset_ms: 1e300,
      }),
      sensor.tell('sensor.coverage', { covers: 'constructor', state: 'none' }),
      sensor.tell('sensor.collector_blind', { covers: [], problem: {} }),
      sensor.tell('sensor.lost', { lost_total: 'many' }),
      sensor.tell('sensor.nonsense'),
      'no json',
      '[]',
      '{"host":"x"}',
    ]);
    assert.equal(server.sensors.list({ limit: 10 }).length, 1);
    await server.catchUp();
    assert.deepEqual(
      server.sole()?.collectors.map(({ name: one, state }) => [one, state]),
      [
        ['toString', 'blind'],
        ['constructor', 'blind'],
      ],
    );
  });

  test('a row that somebody damaged keeps no other sensor from being watched', async () => {
    const server = await setUp(await open());
    const [a, b] = [
      createPlayedSensor({ nowMs: server.nowMs, host: 'host-a' }),
      createPlayedSensor({ nowMs: server.nowMs, host: 'host-b' }),
    ];
    await server.receive([a.beat()], { source: 'host-a' });
    await server.receive([b.beat()], { source: 'host-b' });
    const damaged = server.sole()?.id ?? '';
    await server.needs.database
      .transaction()
      .execute((transaction) =>
        transaction
          .withTables<{ fleet_sensors: { id: string; sealed: string } }>()
          .updateTable('fleet_sensors')
          .set({ sealed: 'AAAA' })
          .where('id', '=', damaged)
          .execute(),
      );
    await server.catchUp();
    assert.equal(server.sensors.list({ limit: 10 }).length, 1);
  });
});

test('no bytes of an event, no line and no key make the readers throw', () => {
  const position = { log: 1, index: 1 };
  const words = [
    'Sallyport sensor',
    'audit_changed',
    'metadata',
    'reporter',
    'raw_data',
    'host',
    'time',
    'uid',
    'name',
  ];
  const text = fc.oneof(fc.string(), fc.constantFrom(...words));
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), text, fc.constantFrom(6002, 1008, 1001, 7), (body, extra, classUid) => {
      const bytes = Buffer.from(
        `{"metadata":{"product":"Sallyport sensor","reporter":${body}},"raw_data":${JSON.stringify(extra)},"x":${body}}`,
      );
      readLifeRecord({ position, receivedAtMs: 1, classUid, body: bytes });
      readLifeRecord({ position, receivedAtMs: 1, classUid, body: bytes.subarray(0, bytes.length / 2) });
    }),
  );
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom('lost', 'collectors', 'started', 'beat', 'slow_factor', 'clock_offset_ms'),
        fc.jsonValue(),
      ),
      (line) => {
        const plain = JSON.parse(JSON.stringify(line));
        const beat = readBeat(plain);
        assert.ok(Number.isFinite(beat.slowFactor) && Number.isSafeInteger(beat.beat) && beat.collectors.length <= 32);
        assert.equal(isSignedBy(makeKey().publicKey, { ...plain, signature: 'AAAA' }), false);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (key, signature) => assert.equal(isSignedBy(key, { signature }), false)),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createPlayedSensor, makeKey, operator, setUp, signedLine } from './sensors.fixture.ts';
import { createSensors } from './sensors.ts';

forEachDatabase((name, open) => {
  test(`${name}: a sensor that beats is alive, with what it says about itself`, async () => {
    const { receive, sole, nowMs, told } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    await receive([
      sensor.tell('sensor.started', { public_key: sensor.key().publicKey }),
      sensor.tell('sensor.coverage', {
        covers: 'processes',
        state: 'partial',
        sees: 'x',
        misses: 'short ones',
        remedy: 'apt install auditd',
      }),
      sensor.beat(),
    ]);
    const view = sole();
    assert.deepEqual(
      [view?.state, view?.host, view?.source, view?.key_id, view?.signing_key_id, view?.problems],
      ['alive', 'web-1', 'host-web-1.0000aaaa', 'key-1', sensor.key().keyId, []],
    );
    assert.deepEqual(view?.collectors, [
      { name: 'processes', state: 'lossy', records: 3, problem: 'short ones', remedy: 'apt install auditd' },
    ]);
    assert.equal(view?.figures.rss_bytes, 60_000_000);
    assert.deepEqual(told(), ['sensor.joined joined']);
  });

  test(`${name}: what was judged stays so over a restart, and judging it again tells nothing twice`, async () => {
    const { receive, needs, nowMs, told, catchUp, sensors } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    const stranger = createPlayedSensor({ nowMs });
    await receive([sensor.beat(), sensor.beat(), stranger.beat()]);
    const before = told();
    const again = createSensors(needs);
    await catchUp(again.projection);
    assert.deepEqual(again.list({ limit: 10 }), sensors.list({ limit: 10 }));
    // As after a crash between telling and storing.
    await needs.database
      .transaction()
      .execute((transaction) =>
        transaction
          .withTables<{ fleet_cursor: { log: number; entry_index: number } }>()
          .deleteFrom('fleet_cursor')
          .execute(),
      );
    await needs.database
      .transaction()
      .execute((transaction) =>
        transaction.withTables<{ fleet_sensors: { id: string } }>().deleteFrom('fleet_sensors').execute(),
      );
    const anew = createSensors(needs);
    await catchUp(anew.projection);
    assert.deepEqual(told(), before);
    assert.deepEqual(anew.list({ limit: 10 }), sensors.list({ limit: 10 }));
  });

  test(`${name}: another key is believed once a person accepts it, with an audit event; a retired sensor is forgotten`, async () => {
    const { receive, sole, sensors, nowMs, ledger } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    await receive([sensor.beat()]);
    const newKey = makeKey();
    sensor.useKey(newKey);
    await receive([sensor.beat()]);
    const { id = '', shown_key_id: shown = '' } = sole() ?? {};
    assert.equal(shown, newKey.keyId);
    await assert.rejects(sensors.acceptKey({ id, keyId: makeKey().keyId, actor: operator }), {
      code: 'sensor_key_unknown',
    });
    await sensors.acceptKey({ id, keyId: shown, actor: operator });
    await receive([sensor.beat()]);
    assert.deepEqual([sole()?.state, sole()?.signing_key_id, sole()?.shown_key_id], ['alive', newKey.keyId, undefined]);
    await sensors.retire({ id, actor: operator });
    assert.deepEqual(sensors.list({ limit: 10 }), []);
    await assert.rejects(sensors.retire({ id, actor: operator }), { code: 'sensor_unknown' });
    const said = ledger.events().map(({ body }) => Buffer.from(body ?? []).toString('utf8'));
    for (const action of ['sensor.accept-key', 'sensor.retire'])
      assert.equal(said.filter((text) => text.includes(`"message":"${action}"`)).length, 1, action);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a goodbye is a stop and no silence, and the start after it says how long', async () => {
    const { receive, sole, pass, nowMs, told, clock } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    await receive([sensor.beat()]);
    clock.advance(15_000);
    await receive([sensor.tell('sensor.stopped', { reason: 'SIGTERM' })]);
    assert.deepEqual([sole()?.state, sole()?.problems[0]?.text], ['stopped', 'SIGTERM']);
    await pass(300);
    sensor.restart();
    await receive([sensor.beat()]);
    assert.equal(sole()?.state, 'alive');
    assert.deepEqual(told().slice(1), ['sensor.stopped stopped', 'sensor.recovered stopped']);
  });

  test('collectors that go blind one by one are each told, a slowed sensor and lost records too', async () => {
    const { receive, sole, nowMs, told, clock } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    const collectors = (blind: number) => ({
      collectors: ['audit', 'journal', 'processes'].map((one, at) => ({
        name: one,
        last_read: '',
        records: 1,
        failures: 0,
        problem: at < blind ? 'cannot be read' : '',
      })),
    });
    for (const blind of [0, 1, 2, 3]) {
      await receive([sensor.beat(collectors(blind))]);
      clock.advance(15_000);
    }
    assert.deepEqual(
      sole()?.collectors.map(({ state }) => state),
      ['blind', 'blind', 'blind'],
    );
    await receive([sensor.beat({ ...collectors(3), slow_factor: 4, lost: { process: 7 } })]);
    assert.equal(sole()?.state, 'degraded');
    assert.deepEqual(told().slice(1), [
      'sensor.blinded blind:audit',
      'sensor.blinded blind:journal',
      'sensor.blinded blind:processes',
      'sensor.losing losing',
      'sensor.slowed slowed',
    ]);
    await receive([sensor.beat(collectors(0))]);
    assert.deepEqual(
      sole()?.problems.map(({ code }) => code),
      ['losing'],
    );
  });

  test('a sensor that was frozen for less than a silence is told as slowed, one with a queue that only grows as well', async () => {
    const { receive, nowMs, told, clock } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    await receive([sensor.beat()]);
    clock.advance(50_000);
    await receive([sensor.tell('sensor.paused', { paused_ms: 48_000 }), sensor.beat()]);
    for (const waiting of [10, 20, 30]) await receive([sensor.beat({ waiting, sent: 1 })]);
    assert.deepEqual(told().slice(1), ['sensor.slowed paused', 'sensor.slowed stuck']);
  });

  test('receipts that do not match, a changed audit and a log that shrank are told as tampering', async () => {
    const { receive, nowMs, told } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    await receive([sensor.beat(), sensor.tell('sensor.receipt_mismatch', { position: '1/9', reason: 'gone' })]);
    await receive([sensor.tell('audit_changed', { audit_type: 'CONFIG_CHANGE' })], { classUid: 1008 });
    const shrunk = {
      time: new Date(nowMs()).toISOString(),
      host: 'web-1',
      event: 'log_shrunk',
      TargetFilename: '/var/log/auth.log',
      sensor: {},
    };
    await receive([shrunk], { classUid: 1001, apiKey: 'another' });
    await receive([shrunk], { classUid: 1001 });
    assert.deepEqual(told().slice(1), [
      'sensor.tampered receipt_mismatch',
      'sensor.tampered audit_changed',
      'sensor.tampered log_shrunk',
    ]);
  });

  test('a host whose clock is off is told with how far, and is in time again by its own word', async () => {
    const { receive, sole, nowMs } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: () => nowMs() + 300_000 });
    await receive([sensor.beat({ clock_offset_ms: -300_000 })]);
    assert.deepEqual(sole()?.problems, [{ code: 'clock_off', text: 'The clock of its host is 300 s ahead' }]);
    await receive([sensor.beat({ clock_offset_ms: 40 })]);
    assert.deepEqual([sole()?.state, sole()?.figures.clock_offset_ms], ['alive', 40]);
  });

  test('a key that the one before has announced follows it without a person', async () => {
    const { receive, sole, nowMs, told } = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs });
    const next = makeKey();
    await receive([sensor.beat(), sensor.tell('sensor.key_rotated', { next_public_key: next.publicKey })]);
    sensor.useKey(next);
    sensor.restart();
    await receive([sensor.beat()]);
    assert.deepEqual([sole()?.state, sole()?.signing_key_id], ['alive', next.keyId]);
    assert.ok(!told().some((one) => one.includes('tampered')), told().join());
  });

  test('what an event says without being signed binds nothing', async () => {
    const { receive, sole, nowMs } = await setUp(await open());
    const { signature: _signature, ...unsigned } = createPlayedSensor({ nowMs }).beat();
    await receive([unsigned, signedLine(makeKey(), { ...unsigned, public_key: makeKey().publicKey })]);
    assert.deepEqual([sole()?.state, sole()?.signing_key_id], ['unknown', undefined]);
  });
});

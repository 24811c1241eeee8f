import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createPlayedSensor, makeKey, setUp, signedLine } from './sensors.fixture.ts';

const nonce = 'n'.repeat(43);
const posture = { system: 'Debian GNU/Linux 12', disk_encrypted: 'yes', firewall: 'unknown', secure_boot: 'no' };

forEachDatabase((name, open) => {
  test(`a machine is known by what its sensor signs, as it is now, on ${name}`, async () => {
    const fleet = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: fleet.nowMs });
    await fleet.receive([sensor.tell('sensor.started', { public_key: sensor.key().publicKey }), sensor.beat()]);
    const vouched = (key = sensor.key(), host = sensor.host) =>
      fleet.sensors.vouched(signedLine(key, { time: 'now', host, event: 'sensor.vouched', nonce }));
    const id = vouched();
    assert.ok(id !== undefined);
    assert.deepEqual(fleet.sensors.machine(id), { host: 'web-1', isHeard: true, isDoubted: false });
    assert.equal(fleet.sensors.machine('other'), undefined);
    await fleet.receive([sensor.tell('sensor.posture', posture)]);
    const said = { system: 'Debian GNU/Linux 12', diskEncrypted: 'yes', firewall: 'unknown', secureBoot: 'no' };
    assert.deepEqual(fleet.sensors.machine(id)?.posture, said);
    await fleet.receive([sensor.tell('sensor.posture', { disk_encrypted: { yes: 'yes' }, firewall: 'YES' })]);
    assert.deepEqual(fleet.sensors.machine(id)?.posture, {
      system: '',
      diskEncrypted: 'unknown',
      firewall: 'unknown',
      secureBoot: 'unknown',
    });

    // Another's key, another's name, another kind of record, a word changed.
    assert.equal(vouched(makeKey()), undefined);
    assert.equal(vouched(sensor.key(), 'web-2'), undefined);
    assert.equal(fleet.sensors.vouched(sensor.beat()), undefined);
    const statement = signedLine(sensor.key(), { time: 'now', host: 'web-1', event: 'sensor.vouched', nonce });
    assert.equal(fleet.sensors.vouched({ ...statement, nonce: 'm'.repeat(43) }), undefined);
    // And what it vouches for is no sign of life, whoever sends it as a record.
    const [before] = fleet.sensors.list({ limit: 1 });
    fleet.clock.advance(1000);
    await fleet.receive([statement]);
    assert.equal(fleet.sensors.list({ limit: 1 })[0]?.last_heard_ms, before?.last_heard_ms);
  });

  test(`a sensor that falls silent, is spoken for, copied or old says nothing good of its machine, on ${name}`, async () => {
    const fleet = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: fleet.nowMs });
    await fleet.receive([sensor.tell('sensor.started', { public_key: sensor.key().publicKey }), sensor.beat()]);
    await fleet.receive([sensor.tell('sensor.posture', posture)]);
    const statement = signedLine(sensor.key(), { time: 'now', host: 'web-1', event: 'sensor.vouched', nonce });
    const id = fleet.sensors.vouched(statement) ?? '';
    assert.equal(fleet.sensors.machine(id)?.isDoubted, false);
    const { signature: _signature, ...unsigned } = sensor.tell('sensor.posture', posture);
    await fleet.receive([unsigned]);
    assert.equal(fleet.sensors.machine(id)?.isDoubted, true);
    fleet.clock.advance(3 * 3_600_000);
    await fleet.receive([sensor.beat()]);
    assert.equal(fleet.sensors.machine(id)?.posture, undefined, 'said too long ago');
    await fleet.receive([sensor.tell('sensor.stopped', { reason: 'SIGTERM' })]);
    assert.equal(fleet.sensors.machine(id)?.isHeard, false);
    // A copy on another host: which of the two it was, nobody knows.
    const copy = createPlayedSensor({ nowMs: fleet.nowMs, host: 'web-2', key: sensor.key() });
    await fleet.receive([copy.tell('sensor.started', { public_key: copy.key().publicKey }), copy.beat()], {
      source: 'host-web-2.0000bbbb',
    });
    assert.equal(fleet.sensors.vouched(statement), undefined);
  });
});

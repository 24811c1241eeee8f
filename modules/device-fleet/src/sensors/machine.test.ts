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
    assert.deepEqual(fleet.sensors.machine(id), {
      host: 'web-1',
      isHeard: true,
      isAccepted: false,
      isDoubted: false,
    });
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

forEachDatabase((name, open) => {
  test(`a sensor that anybody may have made vouches for nothing until a person accepts its key, on ${name}`, async () => {
    const keys = new Map([
      ['for-web-1', 'host-web-1'],
      ['for-web-2', 'host-web-2'],
    ]);
    const fleet = await setUp(await open(), { sourceOfKey: async (id) => keys.get(id) });
    const isAccepted = (): readonly boolean[] =>
      fleet.sensors.list({ limit: 10 }).map(({ id }) => fleet.sensors.machine(id)?.isAccepted === true);
    const sensor = createPlayedSensor({ nowMs: fleet.nowMs });
    const begin = (one: typeof sensor) => [
      one.tell('sensor.started', { public_key: one.key().publicKey }),
      one.beat(),
      one.tell('sensor.posture', posture),
    ];
    await fleet.receive(begin(sensor), { apiKey: 'may-send-as-any' });
    assert.deepEqual(isAccepted(), [false]);
    const [listed] = fleet.sensors.list({ limit: 1 });
    assert.ok(listed !== undefined);
    const { id, signing_key_id: keyId = '', key_accepted: isShown } = listed;
    assert.equal(isShown, false);
    // One that signs with another key brings it nothing, whatever it is sent with; a key for another host neither.
    const forged = createPlayedSensor({ nowMs: fleet.nowMs });
    await fleet.receive([forged.beat()], { apiKey: 'for-web-1' });
    await fleet.receive([sensor.beat()], { apiKey: 'for-web-2' });
    assert.deepEqual(isAccepted(), [false]);
    const operator = { kind: 'operator', id: 'o', name: 'o', scopes: [] } as const;
    await fleet.sensors.acceptKey({ id, keyId, actor: operator });
    assert.deepEqual(isAccepted(), [true]);
    await fleet.receive([sensor.beat()], { apiKey: 'may-send-as-any' });
    assert.deepEqual(isAccepted(), [true], 'its order goes on');
    await fleet.sensors.retire({ id, actor: operator });
    await fleet.receive(begin(createPlayedSensor({ nowMs: fleet.nowMs })), { apiKey: 'for-web-1' });
    assert.deepEqual(isAccepted(), [true], 'issued for this host');
    const other = createPlayedSensor({ nowMs: fleet.nowMs, host: 'web-9' });
    await fleet.receive(begin(other), { apiKey: 'for-web-1' });
    assert.deepEqual(
      isAccepted().toSorted((a, b) => Number(a) - Number(b)),
      [false, true],
      'another host under the source of this one',
    );
  });

  test(`what waited for hours says nothing of now, and who catches up is not heard yet, on ${name}`, async () => {
    const fleet = await setUp(await open());
    const sensor = createPlayedSensor({ nowMs: fleet.nowMs });
    await fleet.receive([sensor.tell('sensor.started', { public_key: sensor.key().publicKey }), sensor.beat()]);
    const [listed] = fleet.sensors.list({ limit: 1 });
    assert.ok(listed !== undefined);
    const { id } = listed;
    const late = [sensor.beat(), sensor.tell('sensor.posture', posture)];
    fleet.clock.advance(10 * 3_600_000);
    await fleet.receive(late);
    const { isHeard, posture: said } = fleet.sensors.machine(id) ?? {};
    assert.deepEqual([isHeard, said], [false, undefined]);
    await fleet.receive([sensor.beat(), sensor.tell('sensor.posture', posture)]);
    assert.equal(fleet.sensors.machine(id)?.isHeard, true);
    assert.equal(fleet.sensors.machine(id)?.posture?.diskEncrypted, 'yes');
  });
});

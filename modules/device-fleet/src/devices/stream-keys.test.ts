import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { isDeviceToken } from './device-token.ts';
import { admin, host, refusalOf, setUpDevices } from './devices.fixture.ts';

forEachDatabase((name, open) => {
  test(`a stream key lets one program in as itself alone, outlives a restart, and ends with its device, on ${name}`, async () => {
    const house = await setUpDevices(await open());
    const told: string[] = [];
    house.devices().onApproved(({ id }) => told.push(id));
    const { device, key } = await house
      .devices()
      .addStream({ name: ' OBS ', place: 'Studio', site: 'Mill', by: admin });
    assert.match(key.reveal(), /^sps_[\w-]{43}$/);
    assert.ok(isDeviceToken(key.reveal()) && !isDeviceToken('sp_key'));
    assert.deepEqual([device.kind, device.state, device.name, device.approved_by], ['whip', 'approved', 'OBS', 'Ada']);
    assert.match(device.fingerprint, /^\d{5}( \d{5}){5}$/);
    assert.deepEqual(told, [device.id]);
    const principal = { kind: 'device', id: device.id, name: 'OBS', scopes: ['cameras:send'], site: 'Mill' };
    assert.deepEqual(house.devices().authenticate(key.reveal()), principal);

    await house.restart();
    const devices = house.devices();
    assert.deepEqual(devices.authenticate(key.reveal()), principal);
    assert.deepEqual(devices.recheck(device.id), principal);
    assert.deepEqual(devices.authenticate(`sps_${'A'.repeat(43)}`), { refused: 'device_session_unknown' });

    const revoked: string[] = [];
    devices.onRevoked((id) => revoked.push(id));
    await devices.revoke({ id: device.id, by: admin });
    assert.deepEqual(revoked, [device.id]);
    assert.deepEqual(devices.authenticate(key.reveal()), { refused: 'device_revoked' });
    assert.deepEqual(
      house.audit().map(({ action }) => action),
      ['device.stream_added', 'device.revoked'],
    );
    // Nobody learns the key from what is kept or told.
    assert.ok(!JSON.stringify([house.audit(), devices.list()]).includes(key.reveal()));
  });

  test(`who has only a stream key can prove nothing, and another device cannot take its place, on ${name}`, async () => {
    const house = await setUpDevices(await open(), { devices: 1 });
    const devices = house.devices();
    const { device } = await devices.addStream({ name: 'OBS', by: admin });
    const phone = house.phone();
    const { nonce } = devices.challenge(device.id);
    const signature = phone.sign('session', nonce);
    assert.equal(
      await refusalOf(() => devices.openSession({ deviceId: device.id, nonce, signature, host })),
      'device_proof_wrong',
    );
    assert.equal(devices.isSignedBy(device.id, { purpose: 'session', host, value: nonce }, signature), false);
    assert.equal(await refusalOf(() => devices.addStream({ name: 'Second', by: admin })), 'device_limit_reached');
    assert.equal(await refusalOf(() => devices.addStream({ name: 'Tower\u202e', by: admin })), 'device_text_invalid');
  });
});

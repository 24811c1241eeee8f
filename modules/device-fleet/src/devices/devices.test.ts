import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createEncryptedColumns, encrypted, type Encrypted } from '@sallyport/platform/encrypted-columns';
import { sealedByHand } from '../fleet-columns.fixture.ts';
import { admin, host, refusalOf, setUpDevices } from './devices.fixture.ts';

forEachDatabase((name, open) => {
  test(`a device enrols by a code, waits, is approved and let in as itself alone, on ${name}`, async () => {
    const house = await setUpDevices(await open());
    const devices = house.devices();
    const phone = house.phone();
    const invited = await house.invite('Gate', { place: 'North fence', site: 'Mill' });
    assert.equal(devices.enrolments.get(invited.id).state, 'open');

    const enrolled = await house.enrol(phone, invited.code, { about: { name: 'Pixel 9', platform: 'Android 16' } });
    assert.equal(enrolled.state, 'waiting');
    assert.equal(enrolled.fingerprint, phone.fingerprint);
    assert.match(enrolled.fingerprint, /^\d{5}( \d{5}){5}$/);
    const id = enrolled.deviceId;
    assert.deepEqual(devices.enrolments.get(invited.id), {
      id: invited.id,
      state: 'used',
      expires_ms: house.clock.nowMs() + 15 * 60_000,
      device_id: id,
    });
    assert.equal(await refusalOf(() => house.openSession(phone, id)), 'device_waiting');

    const told: string[] = [];
    devices.onApproved((device) => told.push(device.id));
    const approved = await devices.approve({ id, by: admin });
    assert.deepEqual(
      [approved.state, approved.approved_by, approved.place, approved.site],
      ['approved', 'Ada', 'North fence', 'Mill'],
    );
    await devices.approve({ id, by: admin });
    assert.deepEqual(told, [id]);

    const { token, expiresMs } = house.openSession(phone, id);
    assert.match(token.reveal(), /^spd_[\w-]{43}$/);
    assert.equal(expiresMs, house.clock.nowMs() + 600_000);
    const principal = { kind: 'device', id, name: 'Gate', scopes: ['cameras:send'], site: 'Mill' };
    assert.deepEqual(devices.authenticate(token.reveal()), principal);
    assert.deepEqual(devices.recheck(id), principal);

    house.clock.advance(600_001);
    assert.deepEqual(devices.authenticate(token.reveal()), { refused: 'device_session_unknown' });
    assert.deepEqual(
      house.audit().map(({ action, outcome }) => [action, outcome]),
      [
        ['device.invited', 1],
        ['device.enrolled', 1],
        ['device.approved', 1],
      ],
    );
  });

  test(`what was decided outlives a restart, tokens and challenges do not, on ${name}`, async () => {
    const house = await setUpDevices(await open());
    const { phone, id, token } = await house.approved();
    const { code } = await house.invite('Yard');
    const { nonce } = house.devices().challenge(id);
    house.clock.advance(5000);
    house.devices().noteSeen(id);
    const seenMs = house.clock.nowMs();
    await house.restart();
    house.clock.advance(5000);
    const devices = house.devices();
    assert.deepEqual([devices.get(id).state, devices.get(id).last_seen_ms], ['approved', seenMs]);
    assert.deepEqual(devices.authenticate(token), { refused: 'device_session_unknown' });
    const signature = phone.sign('session', nonce);
    assert.equal(
      await refusalOf(() => devices.openSession({ deviceId: id, nonce, signature, host })),
      'device_proof_wrong',
    );
    assert.equal(house.openSession(phone, id).device.id, id);
    assert.equal((await house.enrol(house.phone(), code)).state, 'waiting');
    await devices.revoke({ id, by: admin });
    await house.restart();
    assert.equal(await refusalOf(() => house.openSession(phone, id)), 'device_revoked');
  });

  test(`of two devices that race one code one is taken, and the other is told and recorded, on ${name}`, async () => {
    const house = await setUpDevices(await open());
    const { id, code } = await house.invite();
    const phones = [house.phone(), house.phone(), house.phone()];
    const outcomes = await Promise.all(phones.map((phone) => refusalOf(() => house.enrol(phone, code))));
    assert.deepEqual(
      outcomes.map((code) => code ?? '').toSorted((a, b) => a.localeCompare(b)),
      ['', 'enrolment_used', 'enrolment_used'],
    );
    const devices = house.devices();
    assert.equal(devices.list().length, 1);
    assert.equal(devices.enrolments.get(id).device_id, devices.list()[0]?.id);
    // Once, however often it is tried.
    const failures = house.audit().filter(({ outcome }) => outcome === 2);
    assert.deepEqual(
      failures.map(({ action, details }) => [action, details['reason']]),
      [['device.enrolled', 'enrolment_used']],
    );
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a device that did not hear the answer asks again with the same code and is the same device', async () => {
    const house = await setUpDevices(await open());
    const phone = house.phone();
    const { code } = await house.invite();
    const first = await house.enrol(phone, code);
    assert.deepEqual(await house.enrol(phone, code), first);
    assert.equal(house.audit().filter(({ action }) => action === 'device.enrolled').length, 1);
  });

  test('revoking ends the sessions and tells listeners before it resolves, though one of them fails', async () => {
    const house = await setUpDevices(await open());
    const devices = house.devices();
    const { phone, id, token } = await house.approved();
    const other = await house.approved('Yard');
    const told: string[] = [];
    devices.onRevoked(() => {
      throw new Error('listener');
    });
    devices.onRevoked((revoked) => {
      told.push(revoked);
      // By now nothing lets it in.
      assert.deepEqual(devices.authenticate(token), { refused: 'device_session_unknown' });
      assert.deepEqual(devices.recheck(id), { refused: 'device_revoked' });
    });
    const off = devices.onRevoked(() => told.push('off'));
    off();
    // Even while the ledger takes nothing, the door is shut.
    const release = house.ledger.holdAppends();
    const revoking = devices.revoke({ id, by: admin });
    await new Promise<void>((resolve) => devices.onRevoked(() => resolve()));
    assert.deepEqual(told, [id]);
    release();
    assert.equal((await revoking).state, 'revoked');
    await devices.revoke({ id, by: admin });
    assert.deepEqual(told, [id]);

    assert.equal(await refusalOf(() => house.openSession(phone, id)), 'device_revoked');
    assert.equal(await refusalOf(() => devices.approve({ id, by: admin })), 'device_not_waiting');
    assert.equal(devices.isSignedBy(id, { purpose: 'segment', host, value: 'x' }, phone.sign('segment', 'x')), false);
    const { code } = await house.invite();
    assert.equal(await refusalOf(() => house.enrol(phone, code)), 'device_revoked');
    assert.equal('refused' in devices.authenticate(other.token), false);
  });

  test('being seen, kept later, gives a device nothing back that was taken meanwhile', async () => {
    const house = await setUpDevices(await open());
    const { phone, id } = await house.approved();
    house.devices().noteSeen(id);
    await Promise.all([house.devices().revoke({ id, by: admin }), house.devices().close()]);
    await house.restart();
    assert.equal(house.devices().get(id).state, 'revoked');
    assert.equal(await refusalOf(() => house.openSession(phone, id)), 'device_revoked');
  });

  test('a device is renamed, and what it was called before stands in the ledger', async () => {
    const house = await setUpDevices(await open());
    const { id, token } = await house.approved('Gate', { site: 'Mill' });
    const devices = house.devices();
    const changed = await devices.change({ id, by: admin, name: ' Yard ', site: '' });
    assert.deepEqual([changed.name, changed.site, changed.place], ['Yard', '', '']);
    assert.deepEqual(devices.authenticate(token), { kind: 'device', id, name: 'Yard', scopes: ['cameras:send'] });
    assert.deepEqual(house.audit().at(-1)?.details['before'], { name: 'Gate', place: '', site: 'Mill' });
    for (const bad of ['', '  ', 'a\u202Eb', 'x'.repeat(101), 'line\nbreak'])
      assert.equal(await refusalOf(() => devices.change({ id, by: admin, name: bad })), 'device_text_invalid', bad);
    assert.equal(await refusalOf(() => devices.change({ id: 'f'.repeat(16), by: admin })), 'device_unknown');
  });

  test('a row that somebody changed in the control database lets nobody in', async () => {
    const house = await setUpDevices(await open());
    const first = await house.approved('Gate');
    const second = await house.approved('Yard');
    await house.devices().revoke({ id: second.id, by: admin });
    await house.devices().close();
    const tables = house.database.withTables<{ fleet_devices: { id: string; sealed: string } }>();
    const approved = await tables
      .selectFrom('fleet_devices')
      .selectAll()
      .where('id', '=', first.id)
      .executeTakeFirstOrThrow();
    assert.ok(!Buffer.from(approved.sealed, 'base64url').includes('Gate') && !approved.sealed.includes('"Gate"'));
    await tables.updateTable('fleet_devices').set({ sealed: approved.sealed }).where('id', '=', second.id).execute();
    await house.restart();
    assert.deepEqual(
      house
        .devices()
        .list()
        .map(({ id }) => id),
      [first.id],
    );
    assert.equal(await refusalOf(() => house.openSession(second.phone, second.id)), 'device_proof_wrong');
  });

  test(`devices that an earlier version sealed by hand are taken over, once, on ${name}`, async () => {
    const house = await setUpDevices(await open());
    const { id } = await house.approved('Gate');
    await house.devices().close();
    const sealed = createEncryptedColumns<{ fleet_devices: { id: string; sealed: Encrypted } }>({
      keys: house.columnKeys,
      random: randomBytes,
      tables: { fleet_devices: { row: 'id', columns: { sealed: encrypted() } } },
    });
    const { sealed: text } = await sealed
      .on(house.database)
      .selectFrom('fleet_devices')
      .selectAll()
      .executeTakeFirstOrThrow();
    const rows = house.database.withTables<{ fleet_devices: { id: string; sealed: string } }>();
    const former = sealedByHand(house.sealingKey, `fleet_devices/${id}`, text);
    await rows.updateTable('fleet_devices').set({ sealed: former }).where('id', '=', id).execute();
    await house.restart();
    assert.deepEqual(
      house
        .devices()
        .list()
        .map(({ name: shown }) => shown),
      ['Gate'],
    );
    const stored = await rows.selectFrom('fleet_devices').selectAll().executeTakeFirstOrThrow();
    assert.match(stored.sealed, /^sealed1\.1\./);
    await house.restart();
    assert.deepEqual(await rows.selectFrom('fleet_devices').selectAll().executeTakeFirstOrThrow(), stored);
  });

  test('codes and waiting devices are bounded, and an end makes room again', async () => {
    const house = await setUpDevices(await open(), { codes: 3, waiting: 2, devices: 3, revoked: 1 });
    const devices = house.devices();
    const codes = [await house.invite(), await house.invite(), await house.invite()];
    assert.equal(await refusalOf(() => house.invite()), 'device_limit_reached');
    await devices.enrolments.withdraw({ id: codes[0]?.id ?? '', by: admin });
    codes[0] = await house.invite();

    const phones = codes.map(() => house.phone());
    const outcomes = [];
    for (const [at, phone] of phones.entries())
      outcomes.push(await refusalOf(() => house.enrol(phone, codes[at]?.code ?? '')));
    assert.deepEqual(outcomes, [undefined, undefined, 'device_limit_reached']);
    for (const { id } of devices.list()) await devices.approve({ id, by: admin });
    await house.enrol(house.phone(), codes[2]?.code ?? '');
    const { code } = await house.invite();
    assert.equal(await refusalOf(() => house.enrol(house.phone(), code)), 'device_limit_reached');
    for (const { id } of devices.list()) {
      house.clock.advance(1000);
      await devices.revoke({ id, by: admin });
    }
    assert.equal(devices.list().length, 1, 'of the revoked ones the newest is remembered');
    assert.equal((await house.enrol(house.phone(), code)).state, 'waiting');
  });

  test('codes that ended are told for an hour and then forgotten', async () => {
    const house = await setUpDevices(await open());
    const devices = house.devices();
    const old = await house.invite();
    const withdrawn = await house.invite();
    await devices.enrolments.withdraw({ id: withdrawn.id, by: admin });
    assert.equal(devices.enrolments.get(withdrawn.id).state, 'withdrawn');
    assert.equal(await refusalOf(() => house.enrol(house.phone(), withdrawn.code)), 'enrolment_unknown');
    house.clock.advance(15 * 60_000);
    assert.equal(devices.enrolments.get(old.id).state, 'expired');
    assert.equal(await refusalOf(() => house.enrol(house.phone(), old.code)), 'enrolment_unknown');
    house.clock.advance(60 * 60_000);
    assert.equal(await refusalOf(() => devices.enrolments.get(old.id)), 'enrolment_unknown');
    await house.invite();
    await house.restart();
    assert.equal(await refusalOf(() => house.devices().enrolments.get(old.id)), 'enrolment_unknown');
  });
});

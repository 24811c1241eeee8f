import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changeState, keyPurposes, keyStates, stateChanges } from './key-record.ts';
import type { KeyRecord, KeyState } from './key-record.ts';
import { openAt, place } from './vault-testing.ts';

const who = { by: 'user/ada', reason: 'laptop lost' };

test('a suspended key opens but seals nothing until it is resumed', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const first = vault.ensureKey('block-data', 'day/1');
  vault.changeState(first.id, 'suspended', who);
  const meanwhile = vault.ensureKey('block-data', 'day/1');
  assert.notEqual(meanwhile.id, first.id);
  assert.deepEqual(vault.findKey(first.id), first);
  vault.changeState(first.id, 'active', who);
  // One key of a label is in use at a time: the one that stood in is retired, and the newest active one goes on.
  const states = new Map(vault.listKeys().map((key) => [key.id, key.state]));
  assert.deepEqual([states.get(first.id), states.get(meanwhile.id)], ['active', 'retired']);
  assert.deepEqual((await openAt(at)).ensureKey('block-data', 'day/1'), first);
});

test('every change of a key is kept with it: when, who and why', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const { id } = vault.ensureKey('block-data', 'day/1');
  vault.changeState(id, 'retired', who);
  vault.changeState(id, 'compromised', who);
  const entry = (await openAt(at)).listKeys().find((key) => key.id === id);
  assert.deepEqual(
    entry?.history.map(({ state, by }) => `${state} ${by}`),
    ['active vault', 'retired user/ada', 'compromised user/ada'],
  );
  assert.deepEqual(entry?.changes, []);
  assert.throws(() => vault.changeState(id, 'active', who), { code: 'state_refused' });
  assert.throws(() => vault.changeState(id, 'destroyed', who), { code: 'state_refused' });
  assert.throws(() => vault.changeState('0'.repeat(32), 'retired', who), { code: 'vault_key_unknown' });
});

test('a key that cannot be replaced by itself is marked, and stays in use', async (context) => {
  const vault = await openAt(place(context));
  const signing = vault.ensureKey('log-signing', 'log/1');
  for (const state of ['suspended', 'retired', 'destroyed'] as const)
    assert.throws(() => vault.changeState(signing.id, state, who), { code: 'state_refused' });
  vault.changeState(signing.id, 'compromised', who);
  assert.deepEqual(vault.ensureKey('log-signing', 'log/1'), signing);
});

test('a compromised purpose key wraps nothing new, and a compromised epoch is shown until it is rotated', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const before = vault.ensureKey('block-data', 'day/1');
  const purposeKey = vault.listKeys().find((key) => key.level === 'purpose');
  vault.changeState(purposeKey?.id ?? '', 'compromised', who);
  const after = vault.ensureKey('block-data', 'day/2');
  const parents = new Map(vault.listKeys().map((key) => [key.id, key.wrappedBy]));
  assert.notEqual(parents.get(after.id), parents.get(before.id));
  vault.changeState('epoch-1', 'compromised', who);
  assert.throws(() => vault.changeState('epoch-1', 'suspended', who), { code: 'state_refused' });
  const again = await openAt(at);
  assert.equal(again.listKeys()[0]?.state, 'compromised');
  assert.deepEqual(again.findKey(before.id), before);
  await again.rotate({ level: 'epoch', providers: ['sealed-file'] }, who);
  assert.deepEqual(
    again.listKeys().flatMap((key) => (key.level === 'epoch' ? [key.state] : [])),
    ['compromised', 'active'],
  );
});

test('the inventory names every key and shows the bytes of none', async (context) => {
  const vault = await openAt(place(context));
  const keys = keyPurposes.map((purpose) => vault.ensureKey(purpose, 'one/1'));
  const shown = JSON.stringify(vault.listKeys());
  for (const { id, bytes } of keys) {
    assert.ok(shown.includes(id));
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      assert.equal(shown.includes(bytes.toString(encoding)), false);
  }
  assert.equal(vault.listKeys().length, 1 + 2 * keyPurposes.length);
  assert.ok(vault.listKeys().every((key) => key.algorithm !== '' && key.usedFor !== '' && key.epoch === 1));
});

test('no sequence of changes brings a compromised or destroyed key back', () => {
  const record: KeyRecord = {
    id: '0'.repeat(32),
    level: 'data',
    purpose: 'block-data',
    label: 'day/1',
    version: 1,
    parent: '',
    createdAtMs: 0,
    state: 'active',
    wrapped: '',
    history: [],
  };
  fc.assert(
    fc.property(fc.constantFrom(...keyPurposes), fc.array(fc.constantFrom(...keyStates)), (purpose, states) => {
      let now: KeyRecord = { ...record, purpose };
      let wasCompromised = false;
      for (const state of states) {
        const allowed: readonly KeyState[] = stateChanges(now);
        if (!allowed.includes(state)) continue;
        now = changeState(now, { atMs: 0, state, ...who });
        wasCompromised ||= state === 'compromised';
        assert.equal(now.history.at(-1)?.state, now.state);
      }
      if (wasCompromised) assert.equal(now.state, 'compromised');
      assert.notEqual(now.state, 'destroyed');
    }),
  );
});

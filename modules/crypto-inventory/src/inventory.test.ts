import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, keyRow, protocolRow, startInventory } from './assets.fixture.ts';
import { defaultPolicy } from './policy.ts';

test('what is weak is told once, again when it is worse, and once that it is over, across restarts too', async (context) => {
  const { inventory, clock, show, told, again } = await startInventory(context);
  show([keyRow({ name: 'Old key' }), keyRow({ id: 'key/vault/2', name: 'Leaked key', state: 'compromised' })]);
  await inventory.check();
  assert.equal(
    told().join(),
    'inventory.weak: "Leaked key" is compromised: what it protects is to be encrypted or signed anew',
  );
  await again().check();
  assert.deepEqual(told(), []);
  clock.advance(731 * dayMs);
  await again().check();
  assert.match(told().join(), /^inventory\.weak: "Old key" is 731 days old/);
  clock.advance(dayMs);
  await inventory.check();
  assert.deepEqual(told(), []);
  clock.advance(364 * dayMs);
  await inventory.check();
  assert.match(told().join(), /^inventory\.weak: "Old key" is 1096 days old/);
  show([keyRow({ name: 'Old key', state: 'retired' })]);
  await inventory.check();
  assert.deepEqual(
    told().map((line) => line.split(':')[0]),
    ['inventory.healed', 'inventory.healed'],
  );
  assert.deepEqual(await inventory.standing(), []);
});

test('a source that does not answer heals nothing, and is named', async (context) => {
  const { inventory, show, told, clock } = await startInventory(context);
  show([protocolRow('1.0')]);
  await inventory.check();
  assert.equal(told().length, 1);
  show(new Error('no answer'));
  clock.advance(dayMs);
  await inventory.check();
  assert.deepEqual(told(), []);
  assert.deepEqual((await inventory.look()).unasked, [{ source: 'shown', reason: 'no answer' }]);
  assert.equal((await inventory.standing()).length, 1);
});

test('a policy decides what is late; a change of it is recorded and heals or finds', async (context) => {
  const { inventory, show, told, clock } = await startInventory(context);
  const by = { kind: 'user', id: 'u1', name: 'Ada', scopes: [] } as const;
  show([keyRow()]);
  clock.advance(100 * dayMs);
  await inventory.check();
  assert.deepEqual(told(), []);
  const strict = { ...defaultPolicy, cryptoperiod_days: { ...defaultPolicy.cryptoperiod_days, encryption: 90 } };
  await inventory.changePolicy(strict, by);
  await inventory.check();
  assert.deepEqual(
    told().map((line) => line.split(':')[0]),
    ['inventory.policy', 'inventory.weak'],
  );
  await inventory.changePolicy(defaultPolicy, by);
  await inventory.check();
  assert.deepEqual(
    told().map((line) => line.split(':')[0]),
    ['inventory.policy', 'inventory.healed'],
  );
});

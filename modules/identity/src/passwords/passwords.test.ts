import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createPasswordHashes } from './password-hash.ts';
import { checkPassword } from './password-rules.ts';
import { createPasswordStrength } from './password-strength.ts';
import { createWorkQueue, type Lane } from './work-queue.ts';

const pepper = randomBytes(32);
const lane: Lane = { source: '192.0.2', isKnown: false };

test('a hash is argon2id at OWASP’s cost, and matches its password however it was composed', async () => {
  const hashes = createPasswordHashes({ random: randomBytes, pepper });
  const stored = await hashes.hash('caf\u00e9 caf\u00e9 caf\u00e9');
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.deepEqual(await hashes.verify('cafe\u0301 cafe\u0301 cafe\u0301', stored, lane), {
    matches: true,
    outdated: false,
  });
  assert.equal((await hashes.verify('cafe cafe cafe', stored, lane)).matches, false);
  const other = createPasswordHashes({ random: randomBytes, pepper: randomBytes(32) });
  assert.equal((await other.verify('café café café', stored, lane)).matches, false);
});

test('no stored hash, and one that is none, never match', async () => {
  const hashes = createPasswordHashes({ random: randomBytes, pepper, cost: { memoryKib: 64, passes: 1 } });
  for (const stored of [undefined, '', '$argon2id$v=19$m=64,t=1,p=1$$', 'x'])
    assert.deepEqual(await hashes.verify('', stored, lane), { matches: false, outdated: false });
});

test('work is done one after another, and is refused when too much is waiting', async () => {
  const enqueue = createWorkQueue({ maxWaiting: 2, maxPerSource: 2 });
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const work = async (): Promise<number> => {
    running += 1;
    assert.equal(running, 1);
    await gate.promise;
    running -= 1;
    return 1;
  };
  const begun = [enqueue(work, lane), enqueue(work, lane), enqueue(work, lane)];
  await assert.rejects(enqueue(work, lane), { code: 'passwords_busy', details: { retryAfterSeconds: 2 } });
  gate.resolve();
  assert.deepEqual(await Promise.all(begun), [1, 1, 1]);
  await assert.rejects(
    enqueue(async () => {
      throw new RangeError('one failure');
    }, lane),
    RangeError,
  );
  assert.equal(await enqueue(async () => 2, lane), 2);
});

test('a flood from one network or from many neither fills the places of others nor goes before those who are known', async () => {
  const enqueue = createWorkQueue({ maxWaiting: 8, maxPerSource: 3 });
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const ask = (source: string, isKnown = false): Promise<void> =>
    enqueue(
      async () => {
        await gate.promise;
        order.push(source);
      },
      { source, isKnown },
    );
  const busy = { code: 'passwords_busy' };
  const asked = [ask('first')];
  for (let count = 0; count < 3; count += 1) asked.push(ask('flood'));
  await assert.rejects(ask('flood'), busy);
  asked.push(ask('neighbour'));
  for (let network = 0; network < 4; network += 1) asked.push(ask(`botnet ${network}`));
  await assert.rejects(ask('stranger'), busy);
  asked.push(ask('at the machine', true));
  gate.resolve();
  await Promise.all(asked);
  assert.deepEqual(order.slice(0, 4), ['first', 'at the machine', 'flood', 'neighbour']);
  assert.equal(order.length, 10);
});

test('common, patterned and personal passwords are refused offline, long odd ones are not', async () => {
  const strength = createPasswordStrength();
  const weak = { code: 'password_weak' };
  for (const password of ['password1234', 'qwertyuiop123456', 'aaaaaaaaaaaaaaaa', 'iloveyou12345', 'Maria is my name'])
    await assert.rejects(checkPassword(password, ['Maria'], strength), weak, password);
  await checkPassword('seven quiet lanterns', ['Maria'], strength);
  await checkPassword(`${'x1-'.repeat(20)}somewhere else entirely ${'🦉'.repeat(100)}`, ['Maria'], strength);
});

test('a password is judged by what is known of its own person, whoever was judged before by the same thread', async () => {
  const strength = createPasswordStrength();
  const names = ['Quorbl Vantesk', 'Mirzhou Delphane', 'Ostrelka Fyndham'];
  for (let round = 0; round < 2; round += 1)
    for (const name of names)
      for (const password of names) {
        const judged = await strength(password, [name]);
        assert.equal(judged !== undefined, name === password, `"${password}" of ${name}`);
      }
  // Several at once are each told of their own.
  const judged = await Promise.all(names.map((name, at) => strength(name, [names[(at + 1) % 3] ?? '', name])));
  assert.ok(judged.every((one) => one !== undefined));
  assert.deepEqual(await Promise.all(names.map((name) => strength(name, []))), [undefined, undefined, undefined]);
});

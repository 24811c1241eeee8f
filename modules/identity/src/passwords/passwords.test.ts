import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createPasswordHashes } from './password-hash.ts';
import { checkPassword } from './password-rules.ts';
import { createPasswordStrength } from './password-strength.ts';
import { createWorkQueue } from './work-queue.ts';

const pepper = randomBytes(32);

test('a hash is argon2id at OWASP’s cost, and matches its password however it was composed', async () => {
  const hashes = createPasswordHashes({ random: randomBytes, pepper });
  const stored = await hashes.hash('caf\u00e9 caf\u00e9 caf\u00e9');
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.deepEqual(await hashes.verify('cafe\u0301 cafe\u0301 cafe\u0301', stored), { matches: true, outdated: false });
  assert.equal((await hashes.verify('cafe cafe cafe', stored)).matches, false);
  const other = createPasswordHashes({ random: randomBytes, pepper: randomBytes(32) });
  assert.equal((await other.verify('café café café', stored)).matches, false);
});

test('no stored hash, and one that is none, never match', async () => {
  const hashes = createPasswordHashes({ random: randomBytes, pepper, cost: { memoryKib: 64, passes: 1 } });
  for (const stored of [undefined, '', '$argon2id$v=19$m=64,t=1,p=1$$', 'x'])
    assert.deepEqual(await hashes.verify('', stored), { matches: false, outdated: false });
});

test('work is done one after another, and is refused when too much is waiting', async () => {
  const enqueue = createWorkQueue(3);
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const work = async (): Promise<number> => {
    running += 1;
    assert.equal(running, 1);
    await gate.promise;
    running -= 1;
    return 1;
  };
  const begun = [enqueue(work), enqueue(work), enqueue(work)];
  await assert.rejects(enqueue(work), { code: 'passwords_busy', details: { retryAfterSeconds: 2 } });
  gate.resolve();
  assert.deepEqual(await Promise.all(begun), [1, 1, 1]);
  await assert.rejects(
    enqueue(async () => {
      throw new RangeError('one failure');
    }),
    RangeError,
  );
  assert.equal(await enqueue(async () => 2), 2);
});

test('common, patterned and personal passwords are refused offline, long odd ones are not', async () => {
  const strength = createPasswordStrength();
  const weak = { code: 'password_weak' };
  for (const password of ['password1234', 'qwertyuiop123456', 'aaaaaaaaaaaaaaaa', 'iloveyou12345', 'Maria is my name'])
    await assert.rejects(checkPassword(password, ['Maria'], strength), weak, password);
  await checkPassword('seven quiet lanterns', ['Maria'], strength);
  await checkPassword(`${'x1-'.repeat(20)}somewhere else entirely ${'🦉'.repeat(100)}`, ['Maria'], strength);
});

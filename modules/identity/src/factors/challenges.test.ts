import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { openDatabase } from '@sallyport/platform/database';
import fc from 'fast-check';
import { createChallenges, type ChallengePurpose, type Challenges } from './challenges.ts';

const purposes: readonly ChallengePurpose[] = ['create', 'sign-in', 'step-up'];

function create(clock = createManualClock(1_800_000_000_000), key: Uint8Array = randomBytes(32)): Challenges {
  const spent = new Set<string>();
  const spend = async (_where: unknown, token: string): Promise<boolean> =>
    !spent.has(token) && spent.add(token).size > 0;
  return createChallenges({ key, clock, random: randomBytes, tickets: { spend } });
}

test('a challenge is good for its purpose and person, for five minutes', () => {
  const clock = createManualClock(1_800_000_000_000);
  const challenges = create(clock);
  fc.assert(
    fc.property(fc.constantFrom(...purposes), fc.option(fc.string(), { nil: undefined }), (purpose, userId) => {
      const challenge = challenges.issue(purpose, userId);
      assert.ok(challenges.check(challenge, purpose, userId));
      for (const other of purposes.filter((one) => one !== purpose))
        assert.ok(!challenges.check(challenge, other, userId));
      assert.ok(!challenges.check(challenge, purpose, `${userId ?? ''}x`));
      assert.ok(!create(clock).check(challenge, purpose, userId));
    }),
  );
  const challenge = challenges.issue('sign-in');
  clock.advance(5 * 60_000 - 1);
  assert.ok(challenges.check(challenge, 'sign-in'));
  clock.advance(1);
  assert.ok(!challenges.check(challenge, 'sign-in'));
});

test('no other text is a challenge, nor is one with a bit flipped', () => {
  const challenges = create();
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...purposes), (text, purpose) => {
      assert.ok(!challenges.check(text, purpose));
    }),
  );
  const bytes = Buffer.from(challenges.issue('create', 'ada'), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.ok(!challenges.check(changed.toString('base64url'), 'create', 'ada'));
  }
});

test('a challenge is good once, however it is written', async () => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  const challenges = create();
  const challenge = challenges.issue('browser-key');
  assert.equal(await challenges.take(database, challenge), true);
  const spellings = [challenge, `${challenge}=`, challenge.replaceAll('-', '+').replaceAll('_', '/'), `${challenge}\n`];
  for (const spelling of spellings) {
    assert.ok(challenges.check(spelling, 'browser-key'), 'it decodes to the same bytes');
    assert.equal(await challenges.take(database, spelling), false, JSON.stringify(spelling));
  }
  await close();
});

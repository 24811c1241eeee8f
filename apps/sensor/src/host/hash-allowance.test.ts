import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { withAllowance } from './hash-file.ts';

test('programs made long and started by the hundred are told without a hash after a while, and hold nothing up', async () => {
  const clock = createManualClock(0);
  const slow = {
    sha256: async () => {
      clock.advance(700);
      return 'hash';
    },
    hashes: async () => ({ sha256: 'hash' }),
    alsoMake: () => undefined,
  };
  const hasher = withAllowance(slow, clock, { msPerSecond: 200, burstMs: 2000 });
  let made = 0;
  for (let count = 0; count < 500; count += 1) if ((await hasher.sha256('x')) !== undefined) made += 1;
  assert.ok(made >= 3 && made <= 6, String(made));
  clock.advance(10_000);
  assert.equal(await hasher.sha256('x'), 'hash');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createRateLimiter } from './rate-limiter.ts';

test('a bucket gives its burst, then what comes in, never more than its burst', () => {
  const clock = createManualClock(0);
  const limiter = createRateLimiter(clock, { perSecond: 2, burst: 3 });
  const taken = (): number => {
    let count = 0;
    while (limiter.take('a').allowed) count += 1;
    return count;
  };
  assert.equal(taken(), 3);
  clock.advance(1000);
  assert.equal(taken(), 2);
  clock.advance(1_000_000);
  assert.equal(taken(), 3);
  assert.deepEqual(limiter.take('a'), { allowed: false, retryAfterSeconds: 1 });
});

test('waiting as long as told is enough', () => {
  const clock = createManualClock(0);
  const limiter = createRateLimiter(clock, { perSecond: 0.3, burst: 1 });
  limiter.take('a');
  const refused = limiter.take('a');
  assert.ok(!refused.allowed);
  clock.advance(refused.retryAfterSeconds * 1000);
  assert.ok(limiter.take('a').allowed);
});

test('setting the wall clock neither refills nor empties a bucket', () => {
  const clock = createManualClock(1_000_000);
  const limiter = createRateLimiter(clock, { perSecond: 1, burst: 1 });
  limiter.take('a');
  clock.setWall(9_000_000_000);
  assert.ok(!limiter.take('a').allowed);
});

test('a flood of names is bounded and does not refill the name in use', () => {
  const limiter = createRateLimiter(createManualClock(0), { perSecond: 1, burst: 1 });
  limiter.take('used');
  for (let name = 0; name < 30_000; name += 1) {
    limiter.take(String(name));
    if (name % 1000 === 0) assert.ok(!limiter.take('used').allowed);
  }
});

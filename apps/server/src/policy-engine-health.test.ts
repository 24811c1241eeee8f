import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyEngineReport } from './health.ts';

test('the health report says whether deciding broke, and what to do', () => {
  assert.deepEqual(policyEngineReport({ isBroken: false, failures: 0 }), {
    up: true,
    failures: 0,
    reason: null,
    words: null,
  });
  const again = policyEngineReport({ isBroken: false, failures: 1, reason: 'memory access out of bounds' });
  assert.deepEqual([again.up, again.reason], [true, 'memory access out of bounds']);
  assert.match(again.words ?? '', /begun anew/);
  const broken = policyEngineReport({ isBroken: true, failures: 2, reason: 'x', againInSeconds: 41 });
  assert.equal(broken.up, false);
  assert.match(broken.words ?? '', /everything is denied.*41 seconds.*sallyport policy activate/);
});

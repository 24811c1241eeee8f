import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnaskedCalls } from './unasked-calls.ts';

test('what went unasked is remembered until it came back, at most a day and so many, and what is beyond may not go', () => {
  let now = 0;
  const unasked = createUnaskedCalls(() => now);
  for (let at = 0; at < 10_000; at += 1) unasked.add(`call ${at}`);
  assert.throws(() => unasked.add('one more'), /10000 calls went unasked already/);
  // Nothing was pushed out by the attempt: it would count as a call that was asked about.
  assert.deepEqual([unasked.has('call 0'), unasked.has('one more')], [true, false]);
  assert.deepEqual([unasked.delete('call 0'), unasked.delete('call 0')], [true, false]);
  unasked.add('one more');
  now = 26 * 60 * 60_000;
  unasked.add('a day later');
  assert.deepEqual([unasked.has('call 1'), unasked.has('one more'), unasked.has('a day later')], [false, false, true]);
});

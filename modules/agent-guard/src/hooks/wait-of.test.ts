import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { waitMsOf } from './wait-of.ts';

test('how long somebody waits is what they say, and nothing where they say nothing that is understood', () => {
  const said = [
    ['wait=300', 300_000],
    ['respond-async, wait=100', 100_000],
    ['WAIT = 5; foo', 5000],
    ['swait=300', 0],
    ['wait=', 0],
    ['wait=-5', 0],
    ['wait=3e9', 0],
    ['wait=1234567890', 0],
  ] as const;
  for (const [prefer, waitMs] of said) assert.equal(waitMsOf({ prefer }), waitMs, prefer);
  assert.equal(waitMsOf({}), 0);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(fc.string())), (prefer) => {
      const waitMs = waitMsOf({ prefer });
      assert.ok(waitMs >= 0 && waitMs <= 99_999_000);
    }),
  );
});

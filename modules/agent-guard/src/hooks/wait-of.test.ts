import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { waitMsOf } from './wait-of.ts';

test('how long somebody waits is what they say, and short where they say nothing that is understood', () => {
  const said = [
    ['wait=300', 300_000],
    ['respond-async, wait=100', 100_000],
    ['WAIT = 5; foo', 5000],
    ['swait=300', 12_000],
    ['wait=', 12_000],
    ['wait=-5', 12_000],
    ['wait=3e9', 12_000],
    ['wait=1234567890', 12_000],
  ] as const;
  for (const [prefer, waitMs] of said) assert.equal(waitMsOf({ prefer }), waitMs, prefer);
  assert.equal(waitMsOf({}), 12_000);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(fc.string())), (prefer) => {
      const waitMs = waitMsOf({ prefer });
      assert.ok(waitMs >= 0 && waitMs <= 99_999_000);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventSearchError } from './errors.ts';
import { decodeRows, encodeRows } from './row-encoding.ts';

const events = fc.array(
  fc.record({
    position: fc.record({ log: fc.integer({ min: 1, max: 0xffffffff }), index: fc.maxSafeNat() }),
    receivedAtMs: fc.integer({ min: 0, max: 7_258_118_399_999 }),
    classUid: fc.integer({ min: 0, max: 0xffffffff }),
    body: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
  }),
  { maxLength: 20 },
);

test('rows come through the encoding unchanged', () => {
  fc.assert(
    fc.property(events, (sent) => {
      const rows = decodeRows(encodeRows(sent));
      assert.deepEqual(
        rows.map((row) => ({ ...row, body: [...row.body] })),
        sent.map(({ position, receivedAtMs, classUid, body }) => ({
          ...position,
          receivedAtMs,
          classUid,
          body: [...(body ?? [])],
        })),
      );
    }),
  );
});

test('bytes that are not rows are refused', () => {
  fc.assert(
    fc.property(events, fc.nat(), (sent, cut) => {
      const bytes = encodeRows(sent);
      const short = bytes.subarray(0, cut % (bytes.length + 1));
      try {
        assert.ok(decodeRows(short).length <= sent.length);
      } catch (error) {
        assert.ok(error instanceof EventSearchError && error.code === 'store_row_invalid');
      }
    }),
  );
  const event = { position: { log: 1, index: 1 }, receivedAtMs: 0, classUid: 0, body: undefined };
  for (const wrong of [
    { position: { log: 1, index: 1.5 } },
    { position: { log: 1, index: -1 } },
    { receivedAtMs: Number.NaN },
    { receivedAtMs: 1e15 },
  ]) {
    assert.throws(() => decodeRows(encodeRows([{ ...event, ...wrong }])), { code: 'store_row_invalid' });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { besideEachOther } from './beside-each-other.ts';
import type { Line } from './beside-each-other.ts';

test('side by side, both texts stand whole and in order, and no row is empty', () => {
  const kinds = fc.array(fc.constantFrom('same' as const, 'removed' as const, 'added' as const), { maxLength: 40 });
  fc.assert(
    fc.property(kinds, (given) => {
      let [before, after] = [0, 0];
      const lines = given.map((kind): Line => {
        if (kind !== 'added') before += 1;
        if (kind !== 'removed') after += 1;
        return {
          kind,
          text: `${before}/${after}`,
          ...(kind === 'added' ? {} : { before }),
          ...(kind === 'removed' ? {} : { after }),
        };
      });
      const rows = besideEachOther(lines);
      assert.deepEqual(
        rows.flatMap(({ left }) => left?.before ?? []),
        Array.from({ length: before }, (_, place) => place + 1),
      );
      assert.deepEqual(
        rows.flatMap(({ right }) => right?.after ?? []),
        Array.from({ length: after }, (_, place) => place + 1),
      );
      assert.ok(rows.every(({ left, right }) => left !== undefined || right !== undefined));
    }),
  );
});

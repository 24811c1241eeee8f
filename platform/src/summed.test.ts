import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSummed } from './summed.ts';

test('what comes is told once at first, and from then on as one sum each time', () => {
  let nowMs = 0;
  const summed = createSummed<string>({ everyMs: 10, nowMs: () => nowMs });
  assert.equal(summed.came('a', 'A', 1), 1);
  assert.equal(summed.came('a', 'A', 2), undefined);
  assert.equal(summed.came('b', 'B', 5), 5);
  assert.deepEqual(summed.due(), []);
  nowMs = 10;
  assert.deepEqual(summed.due(), [{ key: 'a', of: 'A', count: 2 }]);
  // Its sum was told a moment ago; of what rested nothing is known.
  assert.equal(summed.came('a', 'A', 1), undefined);
  assert.equal(summed.came('b', 'B', 1), 1);
  nowMs = 30;
  assert.equal(summed.came('a', 'A', 1), 2);
  assert.equal(summed.came('a', 'A', 3), undefined);
  assert.deepEqual(summed.due('all'), [{ key: 'a', of: 'A', count: 3 }]);
});

test('nothing is told twice or lost but with what is forgotten, and never more than one telling each time', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), count: fc.nat(9), after: fc.nat(7) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, sweeps) => {
      let nowMs = 0;
      const told = new Map<string, { sum: number; at: number[] }>();
      const note = (of: string, count: number, isEnd = false): void => {
        const one = told.get(of) ?? { sum: 0, at: [] };
        told.set(of, { sum: one.sum + count, at: isEnd ? one.at : [...one.at, nowMs] });
      };
      const summed = createSummed<string>({ everyMs: 10, nowMs: () => nowMs });
      for (const { key, count, after } of steps) {
        const now = summed.came(key, key, count);
        if (now !== undefined) note(key, now);
        nowMs += after;
        if (sweeps) for (const one of summed.due()) note(one.of, one.count);
      }
      for (const one of summed.due('all')) note(one.of, one.count, true);
      for (const [key, { sum, at }] of told) {
        assert.equal(
          sum,
          steps.reduce((all, one) => all + (one.key === key ? one.count : 0), 0),
        );
        for (const [index, time] of at.entries()) assert.ok(index === 0 || time - (at[index - 1] ?? 0) >= 10);
      }
    }),
  );
  const few = createSummed<string>({ everyMs: 10, nowMs: () => 0, most: 1 });
  few.came('a', 'a', 1);
  few.came('b', 'b', 1);
  assert.equal(few.came('a', 'a', 1), 1);
});

test('what could not be told is part of the next sum, also of what was forgotten meanwhile', () => {
  let nowMs = 0;
  const summed = createSummed<string>({ everyMs: 10, nowMs: () => nowMs, most: 1 });
  summed.came('a', 'A', 4);
  summed.back('a', 'A', 4);
  assert.equal(summed.came('a', 'A', 1), undefined);
  nowMs = 10;
  const [due] = summed.due();
  assert.deepEqual(due, { key: 'a', of: 'A', count: 5 });
  summed.came('b', 'B', 1);
  summed.back('a', 'A', 5);
  assert.deepEqual(summed.due('all'), [{ key: 'a', of: 'A', count: 5 }]);
});

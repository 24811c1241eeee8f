import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bestColumns, columnsOf, tileBeside } from './wall-layout.ts';

test('Tiles of a guard’s wall are as large as they can be', () => {
  const screen = { width: 1920, height: 1080 };
  assert.deepEqual(
    [1, 2, 4, 6, 9, 10].map((count) => bestColumns(count, screen)),
    [1, 2, 2, 3, 3, 4],
  );
  // A phone held upright has them below each other.
  assert.equal(bestColumns(4, { width: 390, height: 844 }), 1);
});

test('Arrow keys go to the tile beside, and from a full row to the end of a shorter one', () => {
  const wall = { count: 5, columns: 3 };
  const to = (key: string, at: number): number | undefined => tileBeside(key, at, wall);
  assert.deepEqual([to('ArrowRight', 0), to('ArrowLeft', 0), to('ArrowRight', 4)], [1, 0, 4]);
  assert.deepEqual([to('ArrowDown', 0), to('ArrowDown', 2), to('ArrowDown', 4), to('ArrowUp', 1)], [3, 4, 4, 1]);
  assert.deepEqual([to('Home', 3), to('End', 1), to('a', 1)], [0, 4, undefined]);
});

test('No key leaves the wall', () => {
  const keys = fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End');
  fc.assert(
    fc.property(
      keys,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.nat(39),
      (key, count, columns, at) => {
        const to = tileBeside(key, Math.min(at, count - 1), { count, columns });
        assert.ok(to !== undefined && to >= 0 && to < count);
      },
    ),
  );
});

test('columnsOf() counts the tiles of the first row', () => {
  assert.deepEqual(
    [columnsOf([10, 10, 10, 240]), columnsOf([10]), columnsOf([]), columnsOf([10.3, 10, 240])],
    [3, 1, 1, 2],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  areaOf,
  crossesItself,
  firstArea,
  movedArea,
  movedPoint,
  mostPoints,
  pointAddedAfter,
  pointRemoved,
  pointWords,
} from './zone-geometry.ts';
import type { Point } from './zone-geometry.ts';

const bow: readonly Point[] = [
  [0, 0],
  [1, 1],
  [1, 0],
  [0, 1],
];

test('A point moves no farther than the edge of the picture', () => {
  assert.deepEqual(movedPoint(firstArea, 1, [1.4, -0.2])[1], [1, 0]);
  assert.deepEqual(movedPoint(firstArea, 0, [0.12345, 0.5])[0], [0.123, 0.5]);
});

test('A point is added halfway to the next, also after the last, and no more than there may be', () => {
  assert.deepEqual(pointAddedAfter(firstArea, 0), {
    points: [
      [0.25, 0.3],
      [0.5, 0.3],
      [0.75, 0.3],
      [0.75, 0.85],
      [0.25, 0.85],
    ],
    at: 1,
  });
  assert.deepEqual(pointAddedAfter(firstArea, 3)?.points.at(-1), [0.25, 0.575]);
  const many = Array.from({ length: mostPoints }, (): Point => [0.5, 0.5]);
  assert.equal(pointAddedAfter(many, 0), undefined);
});

test('A point is removed while an area is left', () => {
  const three = pointRemoved(firstArea, 3);
  assert.equal(three?.points.length, 3);
  assert.equal(three.at, 2);
  assert.equal(pointRemoved(three.points, 0), undefined);
});

test('An area is moved as a whole and keeps its form at the edge', () => {
  assert.deepEqual(movedArea(firstArea, [0.9, -0.9]), [
    [0.5, 0],
    [1, 0],
    [1, 0.55],
    [0.5, 0.55],
  ]);
  const part = fc.double({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(part, part, (x, y) => {
      const after = movedArea(firstArea, [x, y]);
      assert.ok(after.flat().every((place) => place >= 0 && place <= 1));
      assert.ok(Math.abs(areaOf(after) - areaOf(firstArea)) < 0.01);
    }),
  );
});

test('What crosses itself is told apart from what is only bent', () => {
  assert.equal(crossesItself(bow), true);
  assert.equal(crossesItself(firstArea), false);
  assert.equal(
    crossesItself([
      [0, 0],
      [1, 0],
      [0.5, 0.5],
      [1, 1],
      [0, 1],
    ]),
    false,
  );
});

test('areaOf() is the part of the picture that is covered', () => {
  assert.ok(Math.abs(areaOf(firstArea) - 0.275) < 1e-9);
  assert.equal(
    areaOf([
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ]),
    1,
  );
});

test('A point says where it stands', () => {
  assert.equal(pointWords(firstArea, 1), 'point 2 of 4, 75 % from the left, 30 % from the top');
});

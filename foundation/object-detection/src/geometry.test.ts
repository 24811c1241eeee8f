import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clampBox, intersectionOverUnion, isInside, letterboxBgr, standsIn, suppressOverlaps } from './index.ts';
import type { Box } from './index.ts';

const part = fc.double({ min: 0, max: 1, noNaN: true });
const box = fc
  .tuple(part, part, fc.double({ min: 0.001, max: 1, noNaN: true }), fc.double({ min: 0.001, max: 1, noNaN: true }))
  .map(([x, y, width, height]): Box => [x, y, width, height]);

test('intersectionOverUnion() is 1 for the same box, 0 for boxes apart, and the same both ways', () => {
  assert.equal(intersectionOverUnion([0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]), 1);
  assert.equal(intersectionOverUnion([0, 0, 0.5, 0.5], [0.5, 0, 0.5, 0.5]), 0);
  assert.ok(Math.abs(intersectionOverUnion([0, 0, 0.5, 1], [0.25, 0, 0.5, 1]) - 1 / 3) < 1e-12);
  fc.assert(
    fc.property(box, box, (one, other) => {
      const overlap = intersectionOverUnion(one, other);
      assert.ok(overlap >= 0 && overlap <= 1 + 1e-9);
      assert.equal(overlap, intersectionOverUnion(other, one));
    }),
  );
});

test('clampBox() gives a box within the picture or none, whatever the numbers', () => {
  const any = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 2));
  fc.assert(
    fc.property(fc.tuple(any, any, any, any), (numbers) => {
      const clamped = clampBox(numbers);
      if (clamped === undefined) return;
      const [x, y, width, height] = clamped;
      assert.ok(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 1 + 1e-9 && y + height <= 1 + 1e-9);
    }),
  );
});

test('suppressOverlaps() keeps the best of boxes on top of each other, of each label for itself', () => {
  const kept = suppressOverlaps(
    [
      { label: 'person', score: 0.6, box: [0.1, 0.1, 0.2, 0.4] },
      { label: 'person', score: 0.9, box: [0.11, 0.1, 0.2, 0.4] },
      { label: 'dog', score: 0.5, box: [0.1, 0.1, 0.2, 0.4] },
      { label: 'person', score: 0.4, box: [0.7, 0.1, 0.2, 0.4] },
    ],
    { overlap: 0.45, most: 10 },
  );
  assert.deepEqual(
    kept.map(({ label, score }) => `${label} ${score}`),
    ['person 0.9', 'dog 0.5', 'person 0.4'],
  );
});

test('suppressOverlaps() answers a model that sees things everywhere with no more than asked for', () => {
  const flood = Array.from({ length: 20_000 }, (_, index) => ({
    label: `thing ${index}`,
    score: 0.5,
    box: [0, 0, 1, 1] as const,
  }));
  assert.equal(suppressOverlaps(flood, { overlap: 0.45, most: 100 }).length, 100);
});

test('isInside() knows the notch of a concave zone', () => {
  const notched = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0.5, 0.4],
    [0, 1],
  ] as const;
  assert.equal(isInside([0.5, 0.2], notched), true);
  assert.equal(isInside([0.5, 0.8], notched), false);
  assert.equal(isInside([0.05, 0.5], notched), true);
  assert.equal(isInside([0.5, 0.2], notched.slice(0, 2)), false, 'two corners enclose nothing');
});

test('standsIn() goes by the feet: a head in the zone does not count', () => {
  const lawn = [
    [0, 0.5],
    [1, 0.5],
    [1, 1],
    [0, 1],
  ] as const;
  assert.equal(standsIn([0.4, 0.3, 0.1, 0.4], lawn), true);
  assert.equal(standsIn([0.4, 0.55, 0.1, 0.6], lawn), false, 'feet below the picture');
  assert.equal(standsIn([0.4, 0.1, 0.1, 0.3], lawn), false);
});

test('letterboxBgr() lays blue, green, red planes in the upper left and grey around', () => {
  const into = new Float32Array(3 * 4 * 4);
  letterboxBgr({ width: 2, height: 1, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) }, 4, into);
  assert.deepEqual([...into.subarray(0, 5)], [3, 6, 114, 114, 114]);
  assert.deepEqual([into[16], into[17], into[32], into[33]], [2, 5, 1, 4]);
});

test('letterboxBgr() refuses a picture that has fewer bytes than it says', () => {
  const into = new Float32Array(3 * 4 * 4);
  assert.throws(() => letterboxBgr({ width: 4, height: 4, pixels: new Uint8Array(5) }, 4, into), RangeError);
  assert.throws(() => letterboxBgr({ width: 5, height: 1, pixels: new Uint8Array(15) }, 4, into), RangeError);
});

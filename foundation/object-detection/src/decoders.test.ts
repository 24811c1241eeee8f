import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeSsd, decodeYolox } from './index.ts';
import { yoloxOutputLength } from './yolox.ts';

const shape = { side: 32, labels: ['person', 'car'] } as const;
const picture = { width: 32, height: 24 } as const;
const yolox = (output: Float32Array) => decodeYolox(output, shape, { picture, least: 0.35 });

test('decodeYolox() reads a box from its cell, stride and logarithms', () => {
  // 16 cells of 8 pixels, 4 of 16, 1 of 32; seven values each.
  assert.equal(yoloxOutputLength(shape), 21 * 7);
  const output = new Float32Array(21 * 7);
  const cell = 16 + 2;
  output.set([0.5, 0.25, Math.log(0.5), Math.log(1), 0.9, 0.1, 0.8], cell * 7);
  const [found, ...others] = yolox(output);
  assert.deepEqual(others, []);
  assert.equal(found?.label, 'car');
  assert.ok(Math.abs((found?.score ?? 0) - 0.72) < 1e-6);
  // Centre 8, 20 and size 8 × 16, cut off below at 24.
  const expected = [4 / 32, 12 / 24, 8 / 32, 12 / 24];
  for (const [at, value] of (found?.box ?? []).entries()) assert.ok(Math.abs(value - (expected[at] ?? 0)) < 1e-6);
});

test('decodeYolox() refuses the output of another model', () => {
  assert.throws(() => yolox(new Float32Array(5)), RangeError);
});

test('decodeYolox() makes boxes within the picture of whatever numbers a model gives', () => {
  const values = fc.float32Array({ minLength: 21 * 7, maxLength: 21 * 7 });
  fc.assert(
    fc.property(values, (output) => {
      for (const { score, box } of yolox(output)) {
        assert.ok(score >= 0.35 && score <= 1);
        assert.ok(box.every((value) => value >= 0 && value <= 1));
      }
    }),
  );
});

test('decodeSsd() reads the best label an anchor has, and passes over classes without one', () => {
  const scores = Float32Array.of(0.1, 0.9, 0.6, 0.2, 0.1, 0.3);
  const boxes = Float32Array.of(0.1, 0.2, 0.5, 0.6, 0, 0, 1, 1);
  const [found, ...others] = decodeSsd(scores, boxes, { labels: ['person', undefined, 'car'], least: 0.4 });
  assert.deepEqual(others, []);
  assert.equal(found?.label, 'car');
  assert.deepEqual(
    found?.box.map((value) => Math.round(value * 1000) / 1000),
    [0.2, 0.1, 0.4, 0.4],
  );
});

test('decodeSsd() refuses scores and boxes that do not belong together, and takes any numbers', () => {
  assert.throws(
    () => decodeSsd(new Float32Array(5), new Float32Array(8), { labels: ['a', 'b'], least: 0.4 }),
    RangeError,
  );
  assert.throws(() => decodeSsd(new Float32Array(0), new Float32Array(0), { labels: ['a'], least: 0.4 }), RangeError);
  const values = (length: number) => fc.float32Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(values(8), values(16), (scores, boxes) => {
      for (const { score, box } of decodeSsd(scores, boxes, { labels: ['a', 'b'], least: 0.4 })) {
        assert.ok(score >= 0.4 && score <= 1 && box.every((value) => value >= 0 && value <= 1));
      }
    }),
  );
});

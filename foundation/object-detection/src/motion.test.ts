import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMotionGate, shrink, toGrey } from './index.ts';
import type { GreyPicture } from './index.ts';

/** A yard with a slope of light and a little noise that is the same at each run; a block may stand in it. */
function yard(step: number, options: { readonly light?: number; readonly block?: number } = {}): GreyPicture {
  const pixels = Uint8Array.from({ length: 80 * 60 }, (_, at) => {
    const column = at % 80;
    const isBlock = options.block !== undefined && Math.abs(column - options.block) < 3 && at > 2400 && at < 3600;
    return (isBlock ? 220 : 60 + column * 0.8) * (options.light ?? 1) + ((at * 7919 + step * 104_729) % 5);
  });
  return { width: 80, height: 60, pixels };
}

test('the first picture is all new, and a yard with nobody in it has no motion', () => {
  const gate = createMotionGate();
  assert.equal(gate.see(yard(0), 0), 1);
  for (let step = 1; step < 50; step += 1) assert.equal(gate.see(yard(step), step * 200), 0);
});

test('what walks through is motion, light that changes is not', () => {
  const gate = createMotionGate();
  for (let step = 0; step < 10; step += 1) gate.see(yard(step), step * 200);
  const moved = gate.see(yard(10, { block: 40 }), 2000);
  assert.ok(moved > 0.01 && moved < 0.03, String(moved));
  assert.ok(gate.see(yard(11, { light: 1.05 }), 2200) < 0.001);
});

test('what stays belongs to the background after a while', () => {
  const gate = createMotionGate();
  for (let step = 0; step < 10; step += 1) gate.see(yard(step), step * 200);
  let motion = 1;
  for (let step = 10; step < 300; step += 1) motion = gate.see(yard(step, { block: 40 }), step * 200);
  assert.equal(motion, 0);
});

test('a picture of another size begins anew', () => {
  const gate = createMotionGate();
  gate.see(yard(0), 0);
  assert.equal(gate.see(shrink(yard(1), 40, 30), 200), 1);
});

test('toGrey() weighs colours as eyes do, shrink() takes means, and both keep to their bounds', () => {
  const grey = toGrey({ width: 3, height: 1, pixels: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255) });
  assert.deepEqual([...grey.pixels], [76, 149, 28]);
  assert.deepEqual([...shrink({ width: 2, height: 2, pixels: Uint8Array.of(0, 10, 20, 30) }, 1, 1).pixels], [15]);
  assert.equal(shrink({ width: 1, height: 1, pixels: Uint8Array.of(9) }, 4, 3).pixels.length, 12);
  assert.throws(() => toGrey({ width: 3, height: 3, pixels: new Uint8Array(3) }), RangeError);
});

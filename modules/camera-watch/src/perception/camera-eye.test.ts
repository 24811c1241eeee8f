import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCameraEye } from './camera-eye.ts';

const still = { width: 8, height: 6, pixels: new Uint8Array(8 * 6 * 3).fill(90) };

test('without motion the model looks every two seconds, also after the clock was set back by an hour', async () => {
  const eye = createCameraEye({ firstTrack: 1, leastScore: 0.5, side: 416 });
  const looks = async (fromMs: number): Promise<boolean[]> => {
    const all: boolean[] = [];
    for (let atMs = fromMs; atMs <= fromMs + 6000; atMs += 1000)
      all.push((await eye.see(still, atMs, async () => [])).looked);
    return all;
  };
  const hourMs = 3_600_000;
  // The first picture is all new.
  assert.deepEqual(await looks(hourMs), [true, true, false, true, false, true, false]);
  const after = await looks(0);
  assert.equal(after.filter(Boolean).length, 3);
  // A frame that comes a little late sets nothing back.
  assert.equal((await eye.see(still, 3000, async () => [])).looked, false);
});

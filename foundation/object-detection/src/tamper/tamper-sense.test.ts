import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GreyPicture } from '../grey.ts';
import { createRepetition } from './repetition.ts';
import { decodeSceneMemory, encodeSceneMemory } from './scene-memory.ts';
import { createTamperSense } from './tamper-sense.ts';

const width = 320;
const height = 240;

/** Houses with windows, and a noise that is another one in each picture and the same at each run. */
function street(step: number, paint: (level: number, x: number, y: number) => number = (level) => level): GreyPicture {
  let seed = step + 1;
  const pixels = Uint8Array.from({ length: width * height }, (_, at) => {
    const x = at % width;
    const y = Math.floor(at / width);
    const house = 60 + ((Math.floor(x / 53) * 37) % 90);
    const isWindow = x % 53 > 12 && x % 53 < 36 && y % 60 > 15 && y % 60 < 45;
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return paint(isWindow ? house + 70 : house, x, y) + (seed >>> 30);
  });
  return { width, height, pixels };
}

const black = (step: number): GreyPicture => street(step, () => 2);
const betweenMs = 200;

function learnt(): ReturnType<typeof createTamperSense> {
  const sense = createTamperSense();
  for (let step = 0; step < 25; step += 1) assert.equal(sense.see(street(step), step * betweenMs), undefined);
  return sense;
}

test('a picture that goes black at once is told at the second picture, until something is to be seen again', () => {
  const sense = learnt();
  assert.equal(sense.see(black(25), 5000), undefined);
  for (let step = 26; step < 60; step += 1) assert.equal(sense.see(black(step), step * betweenMs)?.kind, 'black');
  assert.equal(sense.see(street(60), 12_000), undefined);
});

test('a camera that never showed light is told as black after three seconds, learns the view when there is some, and dark first pictures are nothing', () => {
  const covered = createTamperSense();
  for (let step = 0; step < 40; step += 1) {
    const sign = covered.see(black(step), step * betweenMs);
    assert.equal(sign?.kind, step < 15 ? undefined : 'black', `picture ${step}`);
  }
  assert.equal(covered.isLearnt(), false);
  for (let step = 40; step < 65; step += 1) assert.equal(covered.see(street(step), step * betweenMs), undefined);
  assert.equal(covered.isLearnt(), true);
  covered.see(black(65), 65 * betweenMs);
  assert.equal(covered.see(black(66), 66 * betweenMs)?.kind, 'black');
  const waking = createTamperSense();
  for (let step = 0; step < 40; step += 1)
    assert.equal(waking.see(step < 8 ? black(step) : street(step), step * betweenMs), undefined);
  assert.equal(waking.isLearnt(), true);
});

test('what lies over the lens and is not black is covered; light that fades away over minutes is not told', () => {
  const covered = learnt();
  covered.see(
    street(25, () => 40),
    5000,
  );
  assert.equal(
    covered.see(
      street(26, () => 40),
      5200,
    )?.kind,
    'covered',
  );
  const dusk = learnt();
  for (let step = 25; step < 225; step += 1) {
    const light = Math.max(0, 1 - (step - 25) / 150);
    assert.equal(
      dusk.see(
        street(step, (level) => level * light),
        step * 1000,
      ),
      undefined,
      `at ${light}`,
    );
  }
});

test('half the light, and then the negative of it as under infrared, is no tampering', () => {
  const sense = learnt();
  for (let step = 25; step < 50; step += 1) {
    assert.equal(
      sense.see(
        street(step, (level) => level / 2),
        step * betweenMs,
      ),
      undefined,
    );
  }
  for (let step = 50; step < 80; step += 1) {
    assert.equal(
      sense.see(
        street(step, (level) => 250 - level),
        step * betweenMs,
      ),
      undefined,
    );
  }
});

test('what one sense learnt another goes on from: the lens that was shut meanwhile is told', () => {
  const memory = learnt().remember();
  assert.ok(memory !== undefined);
  const sense = createTamperSense(memory);
  sense.see(black(100), 0);
  assert.equal(sense.see(black(101), betweenMs)?.kind, 'black');
  assert.equal(sense.remember(), undefined, 'nothing is kept of a covered lens');
});

test('bytes that are no memory are learnt over, whatever they are', () => {
  const memory = {
    right: Float32Array.of(1.5, -2),
    down: Float32Array.of(0, 30),
    noise: 1,
    largeNoise: 2,
    strength: 3,
  };
  const whole = { ...memory, sharpness: undefined, white: 0.5, brightness: 100 };
  assert.deepEqual(decodeSceneMemory(encodeSceneMemory(whole), 2), whole);
  assert.equal(decodeSceneMemory(encodeSceneMemory(whole), 3), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      const decoded = decodeSceneMemory(bytes, 2);
      if (decoded !== undefined) assert.ok(decoded.noise >= 0 && decoded.white <= 1);
    }),
  );
  const sense = createTamperSense(new Uint8Array(10));
  assert.equal(sense.see(street(0), 0), undefined);
});

test('a picture that stays the same is frozen after two seconds; a camera that never had noise is not', () => {
  const noisy = createRepetition();
  for (let index = 0; index < 40; index += 1) assert.equal(noisy.see(index, index * 200), undefined);
  const frozen = Array.from({ length: 15 }, (_, index) => noisy.see(39, 8000 + index * 200));
  assert.equal(frozen.indexOf('frozen'), 9);
  const drawn = createRepetition();
  for (let index = 0; index < 200; index += 1) assert.equal(drawn.see(7, index * 200), undefined);
});

test('a camera that gives each picture twice, or three times in the dark, is not frozen', () => {
  const repetition = createRepetition();
  let picture = 0;
  for (let index = 0; index < 600; index += 1) {
    if (index % (index > 300 ? 3 : 2) === 0) picture += 1;
    assert.equal(repetition.see(picture, index * 100), undefined);
  }
});

test('pictures that come again in their order are replayed; a lamp that blinks between two is not, for long', () => {
  const repetition = createRepetition();
  for (let index = 0; index < 100; index += 1) assert.equal(repetition.see(index, index * 100), undefined);
  const again = Array.from({ length: 50 }, (_, index) => repetition.see(index + 20, 10_000 + index * 100));
  assert.equal(again.indexOf('replayed'), 15);
  const fresh = Array.from({ length: 20 }, (_, index) => repetition.see(1000 + index, 15_000 + index * 100));
  assert.equal(fresh.lastIndexOf('replayed'), 8, 'over after ten new pictures');
  const blinking = createRepetition();
  for (let index = 0; index < 200; index += 1) assert.equal(blinking.see(index % 2, index * 100), undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GreyPicture } from '../grey.ts';
import { createNoiseMemory } from './noise-memory.ts';
import { createPrintMemory } from './print-memory.ts';
import { createRepetition } from './repetition.ts';

/** The same numbers from 0 to 1 at each run. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const width = 104;
const height = 78;

/** Houses, with noise of a sensor that is another one for each `taken`, and what a codec adds for each `coded`. */
function picture(taken: number, coded = 0, paint: (level: number, x: number, y: number) => number = (level) => level) {
  const sensor = dice(taken * 7919 + 1);
  const codec = dice(coded * 104_729 + taken * 31 + 5);
  const pixels = Uint8Array.from({ length: width * height }, (_, at) => {
    const x = at % width;
    const house = 60 + ((Math.floor(x / 13) * 37) % 90);
    const noise = 6 * (sensor() + sensor() - 1) + (coded === 0 ? 0 : 4 * (codec() + codec() - 1));
    return Math.round(paint(house, x, Math.floor(at / width)) + noise);
  });
  return { width, height, pixels } satisfies GreyPicture;
}

test('a loop of which few pictures are looked at, now and then, is told within six laps', () => {
  for (let trial = 0; trial < 60; trial += 1) {
    const random = dice(trial);
    // Three to five looks a second at eight pictures a second, regular or not.
    const betweenMs = 200 + trial * 2;
    const jitterMs = trial % 3 === 0 ? 0 : 40;
    const repetition = createRepetition();
    let toldMs: number | undefined;
    for (let atMs = 0; atMs < 90_000 && toldMs === undefined; atMs += betweenMs + random() * jitterMs)
      if (repetition.see(Math.floor(atMs / 125) % 60, atMs) === 'replayed') toldMs = atMs;
    assert.ok(toldMs !== undefined && toldMs < 6 * 7500, `every ${betweenMs} ms: ${toldMs}`);
  }
});

test('a loop of few pictures at a camera whose pictures were all new before is told, one that never had noise is not', () => {
  const living = createRepetition();
  for (let index = 0; index < 60; index += 1) assert.equal(living.see(index, index * 200), undefined);
  const told = Array.from({ length: 60 }, (_, index) => living.see(100 + (index % 5), 12_000 + index * 200));
  assert.ok(told.indexOf('replayed') < 30);
  assert.equal(told.at(-1), 'replayed');
  assert.equal(living.see(1000, 30_000), undefined, 'a new picture');
  const drawn = createRepetition();
  for (let index = 0; index < 600; index += 1) assert.equal(drawn.see(index % 5, index * 200), undefined);
});

test('pictures that come again without order are no replay: a camera without noise sees a few states', () => {
  for (const states of [3, 8, 12, 30]) {
    const random = dice(states);
    const repetition = createRepetition();
    for (let index = 0; index < 2000; index += 1)
      assert.notEqual(repetition.see(Math.floor(random() * states), index * 125), 'replayed', `${states} states`);
  }
});

test('a loop that is compressed anew in each lap is told by its noise, and nothing before it', () => {
  const memory = createNoiseMemory();
  const repetition = createRepetition();
  const random = dice(1);
  let print = 0;
  let toldMs: number | undefined;
  for (let atMs = 0; atMs < 60_000 && toldMs === undefined; atMs += 180 + random() * 150) {
    const frame = Math.floor(atMs / 125);
    const isLoop = atMs >= 20_000;
    const shown = isLoop ? picture(10_000 + (frame % 40), frame) : picture(frame, frame);
    print += 1;
    const sign = repetition.see(print, atMs, memory.see(shown, atMs));
    if (sign !== undefined) toldMs = atMs;
  }
  assert.ok(toldMs !== undefined && toldMs > 25_000 && toldMs < 45_000, String(toldMs));
});

test('no two pictures of a living camera are taken for the same: quiet, under a flickering lamp, swaying, walked through', () => {
  const scenes: Readonly<Record<string, (frame: number) => GreyPicture>> = {
    quiet: (frame) => picture(frame),
    flickering: (frame) => picture(frame, 0, (level) => level * (1 + 0.3 * Math.sin(frame))),
    swaying: (frame) => picture(frame, 0, (level, x) => level + 20 * Math.sin((x + 2 * Math.sin(frame / 2)) / 3)),
    'walked through, to and fro': (frame) =>
      picture(frame, 0, (level, x) => (Math.abs(x - 50 - 40 * Math.sin(frame / 8)) < 6 ? 20 : level)),
    'a lamp that blinks': (frame) => picture(frame, 0, (level, x) => (x > 80 && frame % 16 < 8 ? 220 : level)),
  };
  for (const [name, scene] of Object.entries(scenes)) {
    const memory = createNoiseMemory();
    for (let frame = 0; frame < 150; frame += 1) assert.deepEqual(memory.see(scene(frame), frame * 200), [], name);
  }
});

test('a picture without noise says nothing, whether it stands still or something in it moves', () => {
  const memory = createNoiseMemory();
  for (let frame = 0; frame < 200; frame += 1) {
    const pixels = Uint8Array.from({ length: width * height }, (_, at) =>
      (at % width) - (frame % 20) === 30 ? 200 : 90,
    );
    assert.deepEqual(memory.see({ width, height, pixels }, frame * 200), []);
  }
});

test('where a picture was before is told for as many as are kept, the last first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (prints, most) => {
      const memory = createPrintMemory(most);
      for (const [at, print] of prints.entries()) {
        const before = [...prints.keys()].slice(Math.max(0, at - most), at).filter((place) => prints[place] === print);
        assert.deepEqual(memory.see(print, at), before.toReversed().slice(0, 4));
      }
    }),
  );
});

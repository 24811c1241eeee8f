import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlayer } from './player.ts';
import type { PlayerState } from './player.ts';

const segments = [
  { start_ms: 0, end_ms: 10_000 },
  { start_ms: 10_000, end_ms: 20_000 },
  { start_ms: 620_000, end_ms: 630_000 },
];

/** A player whose clock, fetches and repaints the test drives. */
function createStage() {
  let nowMs = 0;
  let paints: (() => void)[] = [];
  const loaded: number[] = [];
  const shown: number[] = [];
  const heard: (number | undefined)[] = [];
  let state: PlayerState | undefined;
  let isBroken = false;
  const player = createPlayer<number>({
    async load({ start_ms, end_ms }) {
      loaded.push(start_ms);
      if (isBroken) throw new Error('Cut short');
      return {
        startMs: start_ms,
        endMs: end_ms,
        pictures: [0, 1, 2, 3, 4].map((at) => ({ atMs: start_ms + at * 2000, jpeg: Uint8Array.from([at]) })),
        sounds: start_ms === 0 ? [{ atMs: 0, samples: new Float32Array(16) }] : [],
      };
    },
    decode: async (jpeg) => jpeg[0] ?? -1,
    show: (picture) => void shown.push(picture),
    sound: (playing) => void heard.push(playing?.atMs),
    beforePaint: (paint) => void paints.push(paint),
    nowMs: () => nowMs,
    onState(next) {
      state = next;
    },
  });
  player.setSegments(segments);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
  };
  return {
    player,
    loaded,
    shown,
    heard,
    settle,
    state: () => state,
    breakIt() {
      isBroken = true;
    },
    async pass(ms: number) {
      nowMs += ms;
      const due = paints;
      paints = [];
      for (const paint of due) paint();
      await settle();
    },
  };
}

test('What is only being recorded plays once it is there, unless somebody has paused meanwhile', async () => {
  const later = [...segments, { start_ms: 630_000, end_ms: 640_000 }];
  for (const isPaused of [false, true]) {
    const stage = createStage();
    stage.player.seek(632_000);
    stage.player.play();
    await stage.settle();
    assert.equal(stage.state()?.isPlaying, false);
    if (isPaused) stage.player.pause();
    stage.player.setSegments(later);
    await stage.settle();
    await stage.pass(1000);
    assert.deepEqual([stage.state()?.isPlaying, stage.state()?.atMs], isPaused ? [false, 632_000] : [true, 633_000]);
  }
});

test('At the newest of all it waits, and goes on with what is sealed next, a hair later too', async () => {
  const stage = createStage();
  stage.player.seek(629_000);
  stage.player.play();
  await stage.settle();
  await stage.pass(1500);
  assert.deepEqual([stage.state()?.isPlaying, stage.state()?.atMs], [false, 630_000]);
  stage.player.setSegments([...segments, { start_ms: 630_200, end_ms: 640_000 }]);
  await stage.settle();
  await stage.pass(1000);
  assert.deepEqual([stage.state()?.isPlaying, stage.state()?.atMs], [true, 631_200]);
});

test('It plays with the clock, shows the last picture taken, and fetches what comes next in time', async () => {
  const stage = createStage();
  stage.player.seek(500);
  await stage.settle();
  assert.deepEqual(stage.shown, [0]);
  stage.player.play();
  await stage.pass(2000);
  assert.equal(stage.state()?.atMs, 2500);
  assert.deepEqual(stage.shown, [0, 1]);
  await stage.pass(4500);
  assert.ok(stage.loaded.includes(10_000));
  await stage.pass(3500);
  assert.equal(stage.state()?.atMs, 10_000);
  await stage.pass(100);
  assert.equal(stage.state()?.isPlaying, true);
});

test('Where nothing was recorded it goes on with what comes next, and says what was passed over', async () => {
  const stage = createStage();
  stage.player.seek(19_900);
  await stage.settle();
  stage.player.play();
  await stage.pass(200);
  assert.deepEqual(stage.state()?.skipped, { fromMs: 20_000, toMs: 620_000 });
  assert.equal(stage.state()?.atMs, 620_000);
  // The end of all recordings is the end.
  await stage.pass(10_100);
  assert.equal(stage.state()?.isPlaying, false);
});

test('Four times the speed is four times as far, and silent', async () => {
  const stage = createStage();
  stage.player.seek(0);
  await stage.settle();
  stage.player.play();
  assert.equal(stage.heard.at(-1), 0);
  stage.player.setSpeed(4);
  assert.equal(stage.heard.at(-1), undefined);
  await stage.pass(1000);
  assert.equal(stage.state()?.atMs, 4000);
});

test('Steps go from picture to picture, over the border of a segment too', async () => {
  const stage = createStage();
  stage.player.seek(8000);
  await stage.settle();
  stage.player.step(-1);
  assert.equal(stage.state()?.atMs, 6000);
  stage.player.step(1);
  stage.player.step(1);
  await stage.settle();
  assert.equal(stage.state()?.atMs, 10_000);
  stage.player.step(-1);
  await stage.settle();
  assert.equal(stage.state()?.atMs, 9999);
});

test('A recording that cannot be read stops the player with its reason', async () => {
  const stage = createStage();
  stage.breakIt();
  stage.player.seek(100);
  await stage.settle();
  assert.match(String(stage.state()?.problem), /Cut short/);
  assert.equal(stage.state()?.isPlaying, false);
  assert.equal(stage.state()?.isLoading, false);
});

test('What is not sealed yet is shown as soon as it is', async () => {
  const stage = createStage();
  stage.player.seek(632_000);
  await stage.settle();
  assert.deepEqual([stage.loaded, stage.state()?.isLoading], [[], false]);
  stage.player.setSegments([...segments, { start_ms: 640_000, end_ms: 650_000 }]);
  await stage.settle();
  assert.deepEqual(stage.loaded, [], 'what comes later is not what was asked for');
  stage.player.setSegments([...segments, { start_ms: 630_000, end_ms: 640_000 }]);
  await stage.settle();
  assert.deepEqual([stage.loaded, stage.state()?.atMs], [[630_000], 632_000]);
});

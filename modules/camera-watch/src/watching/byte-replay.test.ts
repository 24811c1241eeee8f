import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createByteReplay } from './byte-replay.ts';
import { cameraOf, codeOf, setUp } from './watching.fixture.ts';

const jpeg = (picture: number): Buffer => Buffer.from(`picture ${picture}`);

/** The numbers of the pictures that were told as replayed. */
function told(pictures: readonly number[], betweenMs: (index: number) => number = () => 125): number[] {
  const replay = createByteReplay();
  let atMs = 0;
  return pictures.flatMap((picture, index) => {
    atMs += betweenMs(index);
    return replay.hear(jpeg(picture), atMs) ? [index] : [];
  });
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('bytes that come again in their order are told with the sixteenth, for as long as they do', () => {
  const fresh = range(200);
  const loops = range(180).map((index) => 40 + (index % 60));
  const after = range(30).map((index) => 1000 + index);
  const numbers = told([...fresh, ...loops, ...after]);
  assert.equal(numbers[0], 215);
  assert.ok(numbers.includes(379));
  assert.ok(Number(numbers.at(-1)) < 392, 'over soon after the first new picture');
});

test('a loop is told whatever its pace, and with pictures left out', () => {
  const stutter = told(
    range(200).map((index) => index % 60),
    (index) => (index % 7 === 0 ? 1500 : 60),
  );
  assert.ok(stutter.length > 100);
  const gaps = range(400).filter((index) => (index * 7919) % 5 > 1);
  const thinned = told(
    gaps.map((index) => index % 60),
    (at) => ((gaps[at] ?? 0) - (gaps[at - 1] ?? -1)) * 125,
  );
  assert.ok(thinned.length > 60);
});

test('a picture that stands still, a lamp that blinks in one, and what a codec makes of one in rounds are no replay', () => {
  for (const states of [1, 2, 5, 12])
    assert.deepEqual(told(range(1000).map((index) => index % states)), [], `${states}`);
  assert.deepEqual(told(range(1000).map((index) => Math.floor(index / 3))), [], 'each picture three times');
  let state = 7;
  const chance = range(3000).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 27;
  });
  assert.deepEqual(told(chance), [], 'a few states in no order');
});

test('what was sent before a view was accepted is forgotten', () => {
  const replay = createByteReplay();
  for (let index = 0; index < 100; index += 1) replay.hear(jpeg(index % 40), index * 125);
  assert.equal(replay.isReplaying(), true);
  replay.forget();
  assert.equal(replay.isReplaying(), false);
  assert.equal(replay.hear(jpeg(0), 20_000), false);
});

forEachDatabase((name, open) => {
  test(`a camera that sends its bytes again is told of, though nothing is looked at, on ${name}`, async () => {
    const house = await setUp(await open());
    const watching = await house.start();
    const send = (picture: number): void => {
      house.clock.advance(125);
      const atMs = house.clock.nowMs();
      house.hub.offer({ cameraId: 'cam-1', jpeg: jpeg(picture), capturedMs: atMs, receivedMs: atMs });
    };
    for (let index = 0; index < 200; index += 1) send(index % 60);
    assert.equal(watching.tamperOf('cam-1'), 'replayed');
    house.film('cam-1', 6000);
    const events = await house.told();
    assert.deepEqual(events.map(codeOf), ['camera.connected', 'camera.tampered', 'camera.restored']);
    assert.equal(cameraOf(events[1])['tamper'], 'replayed');
    assert.match(String(cameraOf(events[1])['picture']), /^[0-9a-f]{64}$/);
    await house.close();
  });
});

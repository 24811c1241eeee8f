import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { createRoomWatch, longestFirst, placesFor, runInTurn } from './test-turns.ts';

const gibibyte = 1024 ** 3;

/** Runs numbers that end when told to, and tells which run. */
function held(hasRoom: () => boolean, count = 9) {
  const ends = new Map<number, () => void>();
  const began: number[] = [];
  const items = Array.from({ length: count }, (_, index) => index);
  const run = (item: number): Promise<void> => {
    began.push(item);
    return new Promise((done) => ends.set(item, done));
  };
  const whole = runInTurn(items, run, { places: 2, hasRoom, everyMs: 1 });
  const end = async (item: number): Promise<void> => {
    ends.get(item)?.();
    ends.delete(item);
    await breathe();
  };
  return { whole, began, ends, end };
}

test('without room as many run as there are places, from the front, each once', async () => {
  const { whole, began, ends, end } = held(() => false);
  let most = 0;
  while (ends.size > 0) {
    most = Math.max(most, ends.size);
    await end(Math.min(...ends.keys()));
  }
  await whole;
  assert.equal(most, 2);
  assert.deepEqual(began, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('with room as many again run beside them, from the back, and never more', async () => {
  let looks = 0;
  let isRoom = true;
  const { whole, began, ends, end } = held(() => {
    looks += 1;
    return isRoom;
  });
  while (looks < 6) await breathe();
  assert.deepEqual(began, [0, 1, 8, 7]);
  isRoom = false;
  // One more begins from the front only when fewer run than there are places.
  await end(0);
  await end(8);
  await end(7);
  assert.deepEqual(began.slice(4), [2]);
  while (ends.size > 0) for (const item of ends.keys()) await end(item);
  await whole;
  assert.deepEqual(
    began.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
});

test('what is not run by the runner itself is told, and nothing is nothing', async () => {
  const refused = runInTurn([1], () => Promise.reject(new Error('on purpose')), { places: 2, hasRoom: () => false });
  await assert.rejects(refused, /on purpose/);
  await runInTurn([], () => Promise.resolve(), { places: 2, hasRoom: () => true });
});

test('there is room where half a core had no work since the last look, and memory and room for files are left', () => {
  let [idle, now, free, room] = [0, 0, 8 * gibibyte, 2 * gibibyte];
  const hasRoom = createRoomWatch({
    idleMs: () => idle,
    nowMs: () => now,
    freeBytes: () => free,
    roomBytes: () => room,
  });
  const after = (ms: number, idleMs: number): boolean => {
    now += ms;
    idle += idleMs;
    return hasRoom();
  };
  assert.equal(after(1000, 499), false);
  assert.equal(after(1000, 500), true);
  assert.equal(after(1000, 2000), true);
  assert.equal(after(1000, 0), false);
  free = 3 * gibibyte;
  assert.equal(after(1000, 2000), false);
  [free, room] = [8 * gibibyte, gibibyte / 2];
  assert.equal(after(1000, 2000), false);
});

test('each core has a file, as far as there is memory, and two run at least', () => {
  assert.deepEqual([placesFor(2, 24 * gibibyte), placesFor(16, 16 * gibibyte), placesFor(1, gibibyte)], [2, 8, 2]);
});

test('what took longest comes first, an unknown story among the long ones, what else is unknown last, in its order', () => {
  const seconds = new Map([
    ['b', 5],
    ['d', 80],
  ]);
  const textOf = (file: string): string => (file === 'e' ? "from '@sallyport/testing/server-under-test'" : '');
  assert.deepEqual(longestFirst(['a', 'b', 'c', 'd', 'e'], seconds, textOf), ['d', 'e', 'b', 'a', 'c']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryFiles } from './recording.fixture.ts';
import { createSegmentCipher } from './segment-cipher.ts';
import { createSegmentRecorder } from './segment-recorder.ts';
import type { RecordedSegment } from './segment-recorder.ts';
import { createSegmentShelf } from './segment-shelf.ts';

const startMs = Date.UTC(2026, 10, 22, 9);
const frame = (atMs: number, bytes = 10) => ({ kind: 'frame' as const, atMs, payload: new Uint8Array(bytes) });
const sound = (atMs: number) => ({ kind: 'audio' as const, atMs, payload: new Uint8Array(8) });

/** Films for so long, ten pictures and four pieces of sound a second; `isTaken` tells which pictures the server takes. */
function film(seconds: number, isTaken: (second: number) => boolean): RecordedSegment[] {
  const sealed: RecordedSegment[] = [];
  const recorder = createSegmentRecorder((segment) => sealed.push(segment));
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    const atMs = startMs + tick * 100;
    // A piece is known when its last sample is: its first lies a quarter second back.
    if (tick % 5 === 0) recorder.add(sound(atMs - 250));
    recorder.add(frame(atMs), tick);
    if (isTaken(tick / 10)) recorder.delivered(tick);
    recorder.tick(atMs);
  }
  recorder.flush();
  return sealed.toSorted((left, right) => left.startedMs - right.startedMs);
}

test('Ten seconds are a segment, in the order of time, and nothing is lost between two', () => {
  const sealed = film(35, () => true);
  assert.deepEqual(
    sealed.map(({ startedMs, endedMs }) => [startedMs - startMs, endedMs - startMs]),
    [
      [-250, 9700],
      [9750, 19_700],
      [19_750, 29_700],
      [29_750, 34_900],
    ],
  );
  const pictures = sealed.flatMap(({ records }) => records.filter(({ kind }) => kind === 'frame'));
  assert.equal(pictures.length, 350);
  for (const { records } of sealed)
    assert.deepEqual(
      records.map(({ atMs }) => atMs),
      records.map(({ atMs }) => atMs).toSorted((left, right) => left - right),
    );
});

test('What the server took is delivered; a hole of more than two seconds is not, wherever it lies', () => {
  const delivered = (isTaken: (second: number) => boolean) => film(29, isTaken).map(({ isDelivered }) => isDelivered);
  assert.deepEqual(
    delivered(() => true),
    [true, true, true],
  );
  assert.deepEqual(
    delivered(() => false),
    [false, false, false],
  );
  assert.deepEqual(
    delivered((second) => second % 2 === 0),
    [true, true, true],
  );
  assert.deepEqual(
    delivered((second) => second < 12 || second >= 17),
    [true, false, true],
  );
  // The hole spans the seam: both sides lack a part of it.
  assert.deepEqual(
    delivered((second) => second < 7.5 || second >= 12.5),
    [false, false, true],
  );
});

test('A full segment waits four seconds for the server’s word, and not a moment once the connection is gone', () => {
  const sealed: RecordedSegment[] = [];
  const recorder = createSegmentRecorder((segment) => sealed.push(segment));
  recorder.add(frame(startMs), 1);
  recorder.tick(startMs + 10_000);
  recorder.tick(startMs + 13_900);
  assert.equal(sealed.length, 0);
  recorder.tick(startMs + 14_000);
  assert.deepEqual(
    sealed.map(({ isDelivered }) => isDelivered),
    [false],
  );
  recorder.add(frame(startMs + 14_000), 2);
  recorder.tick(startMs + 24_000);
  recorder.disconnected();
  assert.deepEqual(
    sealed.map(({ isDelivered }) => isDelivered),
    [false, false],
  );
});

test('What the server took but may not have sealed is held for twenty seconds, and not delivered when it is gone by then', () => {
  const sealed: RecordedSegment[] = [];
  const recorder = createSegmentRecorder((segment) => sealed.push(segment));
  const told = () => sealed.map(({ startedMs, isDelivered }) => [startedMs - startMs, isDelivered]);
  for (const [sequence, atMs] of [0, 10_000, 20_000, 25_000].entries()) {
    recorder.add(frame(startMs + atMs), sequence);
    recorder.delivered(sequence);
    recorder.tick(startMs + atMs);
  }
  assert.deepEqual(told(), []);
  recorder.tick(startMs + 30_000);
  assert.deepEqual(told(), [[0, true]]);
  recorder.disconnected();
  assert.deepEqual(told(), [
    [0, true],
    [10_000, false],
    [20_000, false],
  ]);
  // Once, however often the line breaks, and what comes between two breaks is a segment of its own.
  recorder.disconnected();
  recorder.add(frame(startMs + 31_000), 5);
  recorder.connected();
  assert.deepEqual(told().slice(3), [[31_000, false]]);
});

test('However many wait as the line breaks, none is said to be delivered to make room', () => {
  const sealed: RecordedSegment[] = [];
  const recorder = createSegmentRecorder((segment) => sealed.push(segment));
  // The camera's clock was set on, again and again: each picture is a segment of its own.
  for (const [sequence, atMs] of [0, 30_000, 60_000, 90_000, 120_000, 150_000].entries()) {
    recorder.add(frame(startMs + atMs), sequence);
    recorder.delivered(sequence);
    if (sequence === 3) recorder.tick(startMs + 90_000);
  }
  const before = sealed.length;
  recorder.disconnected();
  assert.ok(sealed.length - before >= 4);
  assert.deepEqual([...new Set(sealed.slice(before).map(({ isDelivered }) => isDelivered))], [false]);
});

test('However the clock jumps, no segment spans more than twelve seconds, and memory holds six at most', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -100_000, max: 100_000 }), { maxLength: 60 }), (jumps) => {
      let held = 0;
      const sealed: RecordedSegment[] = [];
      const recorder = createSegmentRecorder((segment) => {
        sealed.push(segment);
        held -= segment.records.length;
      });
      let atMs = startMs;
      for (const [index, jump] of jumps.entries()) {
        atMs += jump;
        recorder.add({ kind: 'frame', atMs, payload: new Uint8Array(0) }, index);
        held += 1;
      }
      recorder.flush();
      assert.equal(held, 0);
      for (const { startedMs, endedMs } of sealed) assert.ok(endedMs - startedMs <= 12_000 && endedMs >= startedMs);
    }),
  );
});

test('A segment is closed before it is too large to be sent', () => {
  const sealed: RecordedSegment[] = [];
  const recorder = createSegmentRecorder((segment) => sealed.push(segment));
  for (let tick = 0; tick < 30; tick += 1) recorder.add(frame(startMs + tick * 100, 1_000_000), tick);
  recorder.flush();
  assert.equal(sealed.length, 3);
  for (const { records } of sealed)
    assert.ok(records.reduce((sum, { payload }) => sum + payload.length, 0) <= 12 * 1024 * 1024);
});

const newKey = async () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

test('What was sealed opens under its name with its key, and is other bytes each time', async () => {
  const cipher = createSegmentCipher({ key: await newKey(), crypto });
  const plain = new TextEncoder().encode('pictures');
  const [first, second] = [await cipher.seal('1-2', plain), await cipher.seal('1-2', plain)];
  assert.notDeepEqual(first, second);
  assert.deepEqual(await cipher.open('1-2', first), plain);
  assert.deepEqual(await cipher.open('1-2', second), plain);
});

test('A flipped bit, a cut, another name and another key open nothing', async () => {
  const cipher = createSegmentCipher({ key: await newKey(), crypto });
  const sealed = await cipher.seal('1-2', Uint8Array.of(1, 2, 3));
  for (let at = 0; at < sealed.length; at += 1) {
    const flipped = sealed.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.equal(await cipher.open('1-2', flipped), undefined);
    assert.equal(await cipher.open('1-2', sealed.slice(0, at)), undefined);
  }
  assert.equal(await cipher.open('1-3', sealed), undefined);
  assert.equal(await createSegmentCipher({ key: await newKey(), crypto }).open('1-2', sealed), undefined);
});

test('When there is no more room the oldest go: what the server has first, and only what it lacks is counted lost', async () => {
  const lost: string[] = [];
  const files = memoryFiles();
  const shelf = await createSegmentShelf({ files, limitBytes: 40, onLost: ({ name }) => lost.push(name) });
  await shelf.put('waiting', '10-19', new Uint8Array(10));
  await shelf.put('held', '20-29', new Uint8Array(10));
  await shelf.put('waiting', '30-39', new Uint8Array(10));
  await shelf.put('held', '40-49', new Uint8Array(10));
  await shelf.put('waiting', '50-59', new Uint8Array(20));
  assert.deepEqual(lost, []);
  assert.deepEqual([...files.kept.keys()].toSorted(), ['waiting/10-19', 'waiting/30-39', 'waiting/50-59']);
  await shelf.put('waiting', '60-69', new Uint8Array(10));
  assert.deepEqual(lost, ['10-19']);
  assert.equal(shelf.oldestWaiting()?.name, '30-39');
  assert.equal(await shelf.put('waiting', '70-79', new Uint8Array(41)), false);
  assert.deepEqual(shelf.counts(), { waiting: 0, refused: 0, bytes: 0 });
});

test('A phone that fills up before the bound makes room the same way, and what was there is found again', async () => {
  const files = memoryFiles(30);
  const shelf = await createSegmentShelf({ files, limitBytes: 1000, onLost: () => undefined });
  for (const name of ['10-19', '20-29', '30-39', '40-49'])
    assert.ok(await shelf.put('waiting', name, new Uint8Array(10)));
  const again = await createSegmentShelf({ files, limitBytes: 1000, onLost: () => undefined });
  assert.deepEqual(again.counts(), { waiting: 3, refused: 0, bytes: 30 });
  assert.equal(again.oldestWaiting()?.name, '20-29');
});

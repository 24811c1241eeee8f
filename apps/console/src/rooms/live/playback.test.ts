import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeSegment } from '@sallyport/segment-format';
import { pictureAt, pictureBeside, readRecording, samplesOf, segmentFor } from './playback.ts';

const bytes = (...numbers: number[]) => Uint8Array.from(numbers);

test('A stored segment is read into pictures and sounds with their moments', () => {
  const recording = readRecording(
    encodeSegment({
      camera: 'yard',
      startedMs: 1000,
      endedMs: 11_000,
      records: [
        { kind: 'frame', atMs: 1000, payload: bytes(255, 216, 1) },
        { kind: 'audio', atMs: 1500, payload: bytes(0, 128, 255, 127) },
        { kind: 'frame', atMs: 2000, payload: bytes(255, 216, 2) },
      ],
    }),
  );
  assert.deepEqual(
    recording.pictures.map(({ atMs }) => atMs),
    [1000, 2000],
  );
  assert.deepEqual([...(recording.sounds[0]?.samples ?? [])], [-1, Math.fround(32_767 / 32_768)]);
  assert.throws(() => readRecording(bytes(1, 2, 3)), { code: 'segment_invalid' });
});

test('A sound that ends in the middle of a sample is played as far as it goes', () => {
  assert.equal(samplesOf(bytes(0, 64, 7)).length, 1);
  assert.equal(samplesOf(bytes()).length, 0);
});

test('Playing goes on with the segment a moment is in, or over a gap with the next one', () => {
  const segments = [
    { start_ms: 0, end_ms: 10 },
    { start_ms: 10, end_ms: 20 },
    { start_ms: 600, end_ms: 610 },
  ];
  assert.deepEqual(
    [5, 10, 300, 609, 610].map((atMs) => segmentFor(segments, atMs)?.start_ms),
    [0, 10, 600, 600, undefined],
  );
});

test('The picture shown is the last one taken, and one step leads to each neighbour', () => {
  const pictures = [10, 20, 30].map((atMs) => ({ atMs, jpeg: bytes(atMs) }));
  assert.deepEqual(
    [5, 10, 29, 99].map((atMs) => pictureAt(pictures, atMs)?.atMs),
    [10, 10, 20, 30],
  );
  assert.equal(pictureBeside(pictures, 20, 1)?.atMs, 30);
  assert.equal(pictureBeside(pictures, 25, -1)?.atMs, 10);
  assert.equal(pictureBeside(pictures, 30, 1), undefined);
  assert.equal(pictureBeside(pictures, 10, -1), undefined);
});

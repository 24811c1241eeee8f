import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTracker } from './index.ts';
import type { Box, Detection } from './index.ts';

const options = { beginScore: 0.35, forgetAfterMs: 3000 } as const;
const person = (x: number, score = 0.8): Detection => ({ label: 'person', score, box: [x, 0.4, 0.05, 0.2] });
const tracksOf = (tracks: readonly { readonly track: number }[]): number[] => tracks.map(({ track }) => track);

test('two who pass each other keep their tracks', () => {
  const tracker = createTracker(options);
  const left: number[] = [];
  const right: number[] = [];
  for (let step = 0; step <= 20; step += 1) {
    const one = { ...person(0.1 + step * 0.03), box: [0.1 + step * 0.03, 0.4, 0.05, 0.2] satisfies Box };
    const other: Detection = { label: 'person', score: 0.8, box: [0.7 - step * 0.03, 0.44, 0.05, 0.2] };
    for (const { track, box } of tracker.follow([one, other], step * 200)) (box[1] === 0.4 ? left : right).push(track);
  }
  assert.deepEqual(new Set(left), new Set([1]));
  assert.deepEqual(new Set(right), new Set([2]));
});

test('who is hidden for two seconds comes back under the same track, after four under another', () => {
  const tracker = createTracker(options);
  tracker.follow([person(0.5)], 0);
  assert.deepEqual(tracker.follow([], 200), []);
  assert.deepEqual(tracksOf(tracker.follow([person(0.5)], 2200)), [1]);
  assert.deepEqual(tracksOf(tracker.follow([person(0.5)], 6300)), [2]);
});

test('a weak detection goes on with a track and begins none', () => {
  const tracker = createTracker(options);
  assert.deepEqual(tracker.follow([person(0.5, 0.2)], 0), []);
  tracker.follow([person(0.5, 0.8)], 200);
  assert.deepEqual(tracksOf(tracker.follow([person(0.51, 0.2), person(0.9, 0.2)], 400)), [1]);
});

test('a car that is taken for a lorry once is the same thing; a person is not', () => {
  const tracker = createTracker(options);
  const box = [0.2, 0.2, 0.2, 0.2] as const;
  tracker.follow([{ label: 'car', score: 0.8, box }], 0);
  const [again] = tracker.follow([{ label: 'truck', score: 0.8, box }], 200);
  assert.deepEqual([again?.track, again?.label], [1, 'car']);
  assert.deepEqual(tracksOf(tracker.follow([{ label: 'person', score: 0.8, box }], 400)), [2]);
});

test('numbers go on from where another tracker ended', () => {
  const tracker = createTracker({ ...options, firstTrack: 17 });
  assert.deepEqual(tracksOf(tracker.follow([person(0.5)], 0)), [17]);
  assert.equal(tracker.next(), 18);
});

test('whatever is seen, no two things of a picture share a track, and tracks are bounded', () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const detection = fc.record({
    label: fc.constantFrom('person', 'car', 'truck'),
    score: part,
    box: fc.tuple(
      part,
      part,
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
    ),
  });
  fc.assert(
    fc.property(fc.array(fc.array(detection, { maxLength: 30 }), { maxLength: 20 }), (pictures) => {
      const tracker = createTracker(options);
      for (const [index, detections] of pictures.entries()) {
        const tracks = tracksOf(tracker.follow(detections, index * 100));
        assert.equal(new Set(tracks).size, tracks.length);
        assert.ok(tracks.length <= 200);
      }
    }),
    { numRuns: 50 },
  );
});

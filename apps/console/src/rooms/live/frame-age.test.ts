import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastSeenWords, latencyWords, objectsLagMs, pictureStanding } from './frame-age.ts';

const open = { isOpen: true, perSecond: 5 };

test('A picture painted soon after it was taken is now, and tells the age it had when it was painted', () => {
  const painted = { capturedMs: 1000, paintedMs: 1090 };
  assert.deepEqual(pictureStanding(painted, { ...open, nowMs: 1400 }), { kind: 'now', ageMs: 90, isLate: false });
});

test('Of a picture whose taking nobody told, no age is claimed', () => {
  const painted = { capturedMs: 1000, paintedMs: 1090, isCaptureUnknown: true };
  const standing = pictureStanding(painted, { ...open, nowMs: 1400 });
  assert.deepEqual(standing, { kind: 'now', ageMs: 90, isLate: false, isAgeUnknown: true });
  assert.equal(pictureStanding(painted, { ...open, nowMs: 12_000 }).kind, 'old');
});

test('Over a second old it is late, and what is not followed by another grows older', () => {
  assert.deepEqual(pictureStanding({ capturedMs: 0, paintedMs: 1001 }, { ...open, nowMs: 1100 }), {
    kind: 'now',
    ageMs: 1001,
    isLate: true,
  });
  assert.deepEqual(pictureStanding({ capturedMs: 0, paintedMs: 90 }, { ...open, nowMs: 4000 }), {
    kind: 'now',
    ageMs: 4000,
    isLate: true,
  });
});

test('An old picture, and one whose line is cut, is never told to be now', () => {
  const painted = { capturedMs: 0, paintedMs: 90 };
  assert.deepEqual(pictureStanding(painted, { ...open, nowMs: 12_000 }), { kind: 'old', ageMs: 12_000 });
  assert.equal(pictureStanding(painted, { ...open, isOpen: false, nowMs: 100 }).kind, 'old');
  assert.deepEqual(pictureStanding(undefined, { ...open, nowMs: 1 }), { kind: 'none' });
});

test('A camera that sends every ten seconds is not called old between two pictures', () => {
  const seldom = { isOpen: true, perSecond: 0.1 };
  assert.equal(pictureStanding({ capturedMs: 0, paintedMs: 90 }, { ...seldom, nowMs: 11_000 }).kind, 'now');
  assert.equal(pictureStanding({ capturedMs: 0, paintedMs: 90 }, { ...seldom, nowMs: 31_000 }).kind, 'old');
});

test('Ages are told in the unit that fits', () => {
  assert.deepEqual([0, 84.4, 999.4, 1000, 1449, 12_400].map(latencyWords), [
    '0 ms',
    '84 ms',
    '999 ms',
    '1.0 s',
    '1.4 s',
    '12 s',
  ]);
  assert.deepEqual([12_000, 130_000, 7_300_000, 400_000_000].map(lastSeenWords), [
    'last seen 12 s ago',
    'last seen 2 min ago',
    'last seen 2 h ago',
    'last seen 4 days ago',
  ]);
});

test('What was made out three pictures ago is three pictures behind', () => {
  const frame = { sequence: 20, capturedMs: 4000, objectsSequence: 17 };
  assert.equal(objectsLagMs(frame, { sequence: 18, capturedMs: 3600 }), 600);
  assert.equal(objectsLagMs({ ...frame, objectsSequence: 20 }, { sequence: 18, capturedMs: 3600 }), 0);
  assert.equal(objectsLagMs({ ...frame, objectsSequence: undefined }, undefined), 0);
});

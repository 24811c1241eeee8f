import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxesStanding, fitted } from './paint-picture.ts';

test('A picture stands in the middle, as large as fits', () => {
  const frame = { width: 320, height: 180 };
  assert.deepEqual(fitted({ width: 640, height: 360 }, frame), { left: 0, top: 0, width: 320, height: 180 });
  assert.deepEqual(fitted({ width: 90, height: 180 }, frame), { left: 115, top: 0, width: 90, height: 180 });
  assert.deepEqual(fitted({ width: 640, height: 90 }, frame), { left: 0, top: 67.5, width: 320, height: 45 });
});

test('Frames of what was there a while ago are drawn faintly, and then not at all', () => {
  assert.deepEqual([0, 500, 501, 1500, 1501].map(boxesStanding), ['firm', 'firm', 'faint', 'faint', 'none']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clipName, clockText } from './clip-words.ts';

test('A moment is written as an input takes it, by the clock in use', () => {
  const timeMs = Date.UTC(2026, 10, 22, 8, 1, 5, 900);
  assert.equal(clockText(timeMs, 'utc'), '2026-11-22T08:01:05');
  assert.equal(clockText(timeMs, 'Asia/Kolkata'), '2026-11-22T13:31:05');
});

test('A file is named after its camera, whatever that is called', () => {
  const fromMs = Date.UTC(2026, 10, 22, 8, 1, 5);
  assert.equal(clipName('Gate, north side', fromMs), 'clip-gate-north-side-20261122-080105Z.html');
  assert.equal(clipName('../../etc', fromMs), 'clip-etc-20261122-080105Z.html');
  fc.assert(
    fc.property(fc.string(), (name) => {
      assert.match(clipName(name, fromMs), /^clip-[\w-]{1,40}-20261122-080105Z\.html$/);
    }),
  );
});

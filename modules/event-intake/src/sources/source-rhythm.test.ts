import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRhythm, heardAgain, parseRhythm, standingOf } from './source-rhythm.ts';
import type { SourceRhythm } from './source-rhythm.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = 1_700_000_000_000;

function learn(timesMs: readonly number[]): SourceRhythm | undefined {
  let rhythm: SourceRhythm | undefined;
  for (const timeMs of timesMs) rhythm = heardAgain(rhythm, startMs + timeMs);
  return rhythm;
}
const stateAt = (timesMs: readonly number[], nowMs: number) => standingOf(learn(timesMs), startMs + nowMs).state;
const every = (stepMs: number, count: number) => Array.from({ length: count }, (_, at) => at * stepMs);

test('a file sent once is finished, however long ago', () => {
  const file = every(1000, 300);
  assert.equal(stateAt(file, 6 * minuteMs), 'heard');
  for (const later of [hourMs, 24 * hourMs, 900 * hourMs]) assert.equal(stateAt(file, later), 'finished');
  assert.equal(stateAt([0], hourMs), 'finished');
  assert.equal(stateAt([0, 5 * hourMs], 30 * hourMs), 'quiet');
});

test('a source that sent without a pause is silent ten minutes after it stops', () => {
  const steady = every(10_000, 500);
  const lastMs = 4_990_000;
  assert.equal(stateAt(steady, lastMs + 10 * minuteMs), 'heard');
  assert.equal(stateAt(steady, lastMs + 10 * minuteMs + 1), 'silent');
});

test('a source is silent by its own rhythm: a nightly job after a night and a half, not after ten minutes', () => {
  const nightly = every(24 * hourMs, 6);
  const lastMs = 5 * 24 * hourMs;
  assert.equal(stateAt(nightly, lastMs + 30 * hourMs), 'quiet');
  assert.equal(stateAt(nightly, lastMs + 37 * hourMs), 'silent');
  const quarterly = every(15 * minuteMs, 20);
  assert.equal(stateAt(quarterly, 19 * 15 * minuteMs + 20 * minuteMs), 'quiet');
  assert.equal(stateAt(quarterly, 19 * 15 * minuteMs + 25 * minuteMs), 'silent');
});

test('what is irregular is given the time its pauses have taken', () => {
  const irregular = [0, 3, 4, 20, 21, 50].map((hours) => hours * hourMs);
  assert.equal(stateAt(irregular, 70 * hourMs), 'quiet');
  assert.equal(stateAt(irregular, 200 * hourMs), 'silent');
});

test('nothing yet is waiting, and time going backwards changes nothing', () => {
  assert.deepEqual(standingOf(undefined, startMs), { state: 'waiting' });
  const rhythm = learn([0, hourMs]);
  assert.deepEqual(heardAgain(rhythm, startMs), rhythm);
});

test('any rhythm comes back from how it is kept, and anything else is none', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e10 }), { minLength: 1, maxLength: 40 }), (times) => {
      const rhythm = learn(times.toSorted((a, b) => a - b));
      assert.ok(rhythm);
      const kept = parseRhythm(formatRhythm(rhythm));
      assert.ok(kept);
      assert.equal(standingOf(kept, startMs + 2e10).state, standingOf(rhythm, startMs + 2e10).state);
      assert.equal(formatRhythm(kept), formatRhythm(rhythm));
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseRhythm(text);
      assert.ok(read === undefined || Object.values(read).every((number) => Number.isFinite(number)));
    }),
  );
  assert.equal(parseRhythm(null), undefined);
});

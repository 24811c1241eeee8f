import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nabRawScore, scoreNab } from './behaviour-nab-scorer.ts';

const costs = { truePositive: 1, falseNegative: 1, falsePositive: 0.11 };
const windows = [
  { first: 40, last: 59 },
  { first: 80, last: 89 },
];

/** A hundred rows of which these score 1. */
function alarms(...rows: number[]): number[] {
  return Array.from({ length: 100 }, (_, row) => (rows.includes(row) ? 1 : 0));
}

test('a detector that never speaks is worth 0, one that speaks at the start of each window 100', () => {
  assert.equal(scoreNab([{ scores: alarms(), windows }], costs, 0.5).score, 0);
  assert.equal(Math.round(scoreNab([{ scores: alarms(40, 80), windows }], costs, 0.5).score), 100);
});

test('late in a window earns less, and only the earliest row of a window counts', () => {
  const at = (...rows: number[]) => nabRawScore([{ scores: alarms(...rows), windows }], costs, 0.5);
  // 2 / (1 + e^(5 × position)) - 1, by the position from -1 at the start, over its value there.
  const worth = (2 / (1 + Math.exp(-2.5)) - 1) / (2 / (1 + Math.exp(-5)) - 1);
  assert.ok(Math.abs(at(50) - (worth - 1)) < 1e-12);
  assert.equal(at(50, 51, 59), at(50));
});

test('a false row costs its weight before the first window and the more the further behind one', () => {
  const at = (row: number) => nabRawScore([{ scores: alarms(row), windows }], costs, 0.5) + 2;
  assert.equal(at(30).toFixed(6), '-0.110000');
  assert.ok(at(60) > at(65) && at(65) > at(79));
  assert.equal(at(14), 0, 'in the first 15 % nothing counts');
  assert.equal(at(15).toFixed(6), '-0.110000');
});

test('the threshold is the best over all the series together', () => {
  const scores = alarms(40, 80).map((one, row) => (row > 14 && row < 40 ? 0.4 : one * 0.7));
  const { threshold, windowsFound, falseRows } = scoreNab([{ scores, windows }], costs);
  assert.deepEqual([threshold, windowsFound, falseRows], [0.7, 2, 0]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRate } from './format-rate.ts';

test('A rate is written with the digits that say something, and a source that hardly sends is not at zero', () => {
  assert.deepEqual([0, 0.004, 0.02, 0.5, 3.36, 42.4].map(formatRate), ['0', '< 0.01', '0.02', '0.5', '3.4', '42']);
  assert.equal(formatRate(-1), '0');
});

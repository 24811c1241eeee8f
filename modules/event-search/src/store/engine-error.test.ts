import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineError } from './engine-error.ts';

// As chDB 3.4 says it.
const total =
  'Code: 241. DB::Exception: (total) memory limit exceeded: would use 801.67 MiB (attempt to allocate chunk of 512.00 MiB), current RSS: 15.75 MiB, maximum: 667.57 MiB. Untracked memory across all threads: 114.51 KiB: While executing AggregatingTransform. (MEMORY_LIMIT_EXCEEDED)';
const own =
  'Code: 241. DB::Exception: Query memory limit exceeded: would use 192.00 MiB (attempt to allocate chunk of 128.00 MiB), maximum: 190.73 MiB. Untracked memory across all threads: 169.07 KiB: While executing AggregatingTransform. (MEMORY_LIMIT_EXCEEDED)';

test('a search that finds the memory taken by others is to be tried again; one that needs too much itself is not', () => {
  const busy = engineError(new Error(total), 'query_failed');
  assert.equal(busy.code, 'store_busy');
  assert.deepEqual(busy.details, { retryAfterSeconds: 5 });
  assert.match(busy.hint ?? '', /try again/);
  assert.equal(engineError(new Error(own), 'query_failed').code, 'query_too_large');
  // A text somebody searched for cannot pass for the engine's word about its memory.
  assert.equal(
    engineError(new Error('Code: 47. DB::Exception: unknown (total) memory limit exceeded'), 'query_failed').code,
    'query_failed',
  );
});

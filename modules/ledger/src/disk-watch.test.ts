import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createDiskWatch } from './disk-watch.ts';
import type { DiskLimits, DiskWatch } from './disk-watch.ts';
import { temporaryDirectory } from './ledger-testing.ts';

function watch(directory: string, limits: DiskLimits): DiskWatch {
  const clock = createManualClock(0);
  return createDiskWatch({ directory, limits, monotonicMs: () => clock.monotonicMs(), random: randomBytes });
}

test('a reserve cut short by a crash is written again', (context) => {
  const directory = temporaryDirectory(context);
  writeFileSync(join(directory, 'reserve'), 'short');
  assert.equal(watch(directory, { watermarkBytes: 0, reserveBytes: 1 << 20 }).allows('intake'), true);
  assert.equal(statSync(join(directory, 'reserve')).size, 1 << 20);
});

test('a disk that fills, whoever fills it, gets the reserve back; past that control entries are refused too', (context) => {
  const directory = temporaryDirectory(context);
  writeFileSync(join(directory, 'reserve'), 'held');
  // A quarter of this is more than any disk has free.
  const disk = watch(directory, { watermarkBytes: 0, reserveBytes: Number.MAX_SAFE_INTEGER });
  disk.look();
  assert.equal(existsSync(join(directory, 'reserve')), false);
  assert.equal(disk.allows('control'), false);
  assert.equal(disk.releaseReserve(), false);
});

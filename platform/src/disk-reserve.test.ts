import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDiskReserve } from './disk-reserve.ts';

test('makeRoom() holds the room while there is plenty, as bytes that cannot be stored smaller', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-reserve-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'reserve');
  createDiskReserve(file, 1_500_000).makeRoom();
  assert.equal(statSync(file).size, 1_500_000);
  assert.ok(
    readFileSync(file)
      .subarray(1_400_000)
      .some((byte) => byte !== 0),
  );
});

test('makeRoom() gives the room back when little is left, and an older process’s too', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-reserve-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'reserve');
  createDiskReserve(file, 1000).makeRoom();
  assert.ok(existsSync(file));
  // So large a reserve makes any disk one with little left.
  const { bavail, bsize } = statfsSync(directory);
  createDiskReserve(file, bavail * bsize * 4).makeRoom();
  assert.ok(!existsSync(file));
});

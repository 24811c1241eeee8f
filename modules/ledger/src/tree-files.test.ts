import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { parseVerifierKey, verifyTileLog } from '@sallyport/merkle-log';
import { readFileIfPresent } from '@sallyport/platform/files';
import { verifyEvidence } from './evidence.ts';
import { entry, logNeeds, temporaryDirectory, testStartMs } from './ledger-testing.ts';
import { openLog } from './log.ts';

test('a disk that is full for tiles leaves entries recorded once and the tree whole; tiles and checkpoint follow when there is room', async (context) => {
  const directory = temporaryDirectory(context);
  const log = openLog(logNeeds(directory));
  const tiles = join(directory, 'log', 'tile', '0');
  mkdirSync(tiles, { recursive: true });
  // Whatever is written there meets ENOSPC.
  symlinkSync('/dev/full', join(tiles, '000'));
  const entries = Array.from({ length: 300 }, (_, number) => entry('a', number));
  assert.deepEqual(
    log.append(entries, testStartMs),
    entries.map((_, number) => number),
  );
  assert.deepEqual(log.append([entry('a', 299), entry('a', 300)], testStartMs), [299, 301]);
  assert.throws(() => log.publish(), { code: 'ENOSPC' });
  // Nothing half-written may be called safe: the state that spares a start the leaves stays unsaved.
  await log.settle();

  rmSync(join(tiles, '000'));
  assert.ok(log.publish().includes('\n303\n'));
  assert.equal(verifyEvidence(log.prove(0), { verifierKey: log.verifierKey }).ok, true);
  const verified = await verifyTileLog({
    read: (path) => Promise.resolve(readFileIfPresent(join(directory, 'log', path))),
    verifierKeys: [parseVerifierKey(log.verifierKey)],
  });
  assert.equal(verified.ok, true);
  const root = log.root();
  await log.settle();
  log.close();
  const again = openLog(logNeeds(directory));
  assert.deepEqual(again.root(), root);
  again.close();
});

test('tiles that fill are written beside the appends, each whole, and a log closed meanwhile has them all', async (context) => {
  const directory = temporaryDirectory(context);
  const log = openLog({ ...logNeeds(directory), signing: 'held' });
  log.append(
    Array.from({ length: 600 }, (_, number) => entry('a', number)),
    testStartMs,
  );
  const read = (path: string) => readFileIfPresent(join(directory, 'log', path));
  while (read('tile/0/001')?.length !== 256 * 32 || read('tile/entries/001') === undefined) await setImmediate();
  log.append(
    Array.from({ length: 300 }, (_, number) => entry('a', 600 + number)),
    testStartMs,
  );
  log.setSigning('open');
  log.close();
  const verified = await verifyTileLog({
    read: (path) => Promise.resolve(read(path)),
    verifierKeys: [parseVerifierKey(log.verifierKey)],
  });
  assert.equal(verified.ok, true);
});

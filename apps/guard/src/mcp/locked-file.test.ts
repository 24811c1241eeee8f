import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { replaceFile, withLock } from './locked-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-lock-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const long = { waitMs: 60_000 };

/** As it looks to others when its holder has slept, or was ended long ago. */
function makeOld(lock: string): void {
  const then = new Date(Date.now() - 120_000);
  utimesSync(lock, then, then);
}

test('a lock whose holder is gone is taken by one of many at a time', async () => {
  const file = join(directory, 'stale');
  writeFileSync(`${file}.lock`, 'somebody else');
  makeOld(`${file}.lock`);
  let inside = 0;
  let most = 0;
  let done = 0;
  const one = (): Promise<void> =>
    withLock(
      file,
      async (lock) => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        assert.ok(lock.isOurs());
        inside -= 1;
        done += 1;
      },
      long,
    );
  await Promise.all(Array.from({ length: 12 }, one));
  assert.deepEqual({ most, done }, { most: 1, done: 12 });
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('stale')),
    [],
  );
});

test('who slept and woke is not taken for dead', async () => {
  const file = join(directory, 'slept');
  const order: string[] = [];
  let other: Promise<void> | undefined;
  await withLock(file, async (lock) => {
    makeOld(`${file}.lock`);
    const refused = withLock(file, () => void order.push('stolen'), { waitMs: 1000 });
    await assert.rejects(refused, /held by another gateway/);
    other = withLock(file, () => void order.push('after'), long);
    order.push(lock.isOurs() ? 'ours' : 'lost');
  });
  await other;
  assert.deepEqual(order, ['ours', 'after']);
});

test('who was taken for dead hears so, and takes no lock of another away', async () => {
  const file = join(directory, 'lost');
  await withLock(file, (lock) => {
    rmSync(`${file}.lock`);
    writeFileSync(`${file}.lock`, 'of another');
    assert.equal(lock.isOurs(), false);
  });
  assert.equal(readFileSync(`${file}.lock`, 'utf8'), 'of another');
});

test('a file is replaced by one that nobody else writes, and nothing is left beside it', () => {
  const file = join(directory, 'whole');
  writeFileSync(`${file}.new`, 'another writes here');
  replaceFile(file, 'first');
  replaceFile(file, 'second');
  assert.equal(readFileSync(file, 'utf8'), 'second');
  assert.equal(readFileSync(`${file}.new`, 'utf8'), 'another writes here');
  assert.throws(() => replaceFile(directory, 'x'));
  assert.deepEqual(
    readdirSync(join(directory, '..')).filter((name) => name.endsWith('.new') && name.startsWith('sallyport-lock-')),
    [],
  );
  assert.ok(existsSync(file));
});

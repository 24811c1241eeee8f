import assert from 'node:assert/strict';
import { existsSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMemoryDirectory } from './memory-directory.ts';

const parent = tmpdir();
const mounts = (options: string, kind = 'tmpfs'): string =>
  `sysfs /sys sysfs rw 0 0\n${kind} ${parent} ${kind} ${options} 0 0\n`;
const freeBytes = 64 * 1024 ** 3;

test('a directory in memory is made where there is room, and goes with all that is in it', () => {
  const made = createMemoryDirectory({ parent, mounts: mounts('rw,nosuid'), freeBytes });
  const { bavail, bsize } = statfsSync(parent);
  assert.equal(made !== undefined, bavail * bsize >= 2 * 1024 ** 3, 'only room decides');
  if (made === undefined) return;
  assert.ok(made.path.startsWith(`${parent}/t-`));
  assert.equal(statSync(made.path).mode & 0o7777, 0o1777, 'as /tmp, for programs that run as somebody else');
  writeFileSync(join(made.path, 'one'), '1');
  made.remove();
  assert.equal(existsSync(made.path), false);
});

test('nothing is made on a disk, where nothing may be run or written, without memory to spare, or nowhere', () => {
  for (const given of [
    { mounts: mounts('rw', 'ext4') },
    { mounts: mounts('rw,noexec') },
    { mounts: mounts('ro') },
    { mounts: `${mounts('rw')}${mounts('rw', 'ext4')}` },
    { mounts: mounts('rw'), freeBytes: 5 * 1024 ** 3 },
    { mounts: '' },
  ])
    assert.equal(createMemoryDirectory({ parent, freeBytes, ...given }), undefined, JSON.stringify(given));
  const gone = `${parent}/is/not/there`;
  assert.equal(createMemoryDirectory({ parent: gone, mounts: `tmpfs ${gone} tmpfs rw 0 0`, freeBytes }), undefined);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readBoundedFile, readBoundedFileSync } from './regular-file.ts';
import { run } from './testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-files-'));
after(() => rm(directory, { recursive: true }));
const pipe = join(directory, 'pipe');
assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
const huge = join(directory, 'huge');
await writeFile(huge, '');
await truncate(huge, 2 ** 40);
const circle = join(directory, 'circle');
await symlink(circle, circle);
const zero = join(directory, 'zero');
await symlink('/dev/zero', zero);
const small = join(directory, 'small');
await writeFile(small, 'four');

test('a file is read whole up to its bound and refused beyond it', async () => {
  assert.equal((await readBoundedFile(small, 4)).toString(), 'four');
  assert.equal(readBoundedFileSync(small, 4).toString(), 'four');
  await assert.rejects(readBoundedFile(small, 3), RangeError);
  assert.throws(() => readBoundedFileSync(small, 3), RangeError);
});

test('a pipe, a device, a directory, a circle of links and a file of a terabyte are refused at once', async () => {
  for (const path of [pipe, zero, '/dev/zero', directory, circle, huge, join(directory, 'none')]) {
    await assert.rejects(readBoundedFile(path, 1000), path);
    assert.throws(() => readBoundedFileSync(path, 1000), path);
  }
});

test('no command waits for a pipe or reads a device, wherever a file is named', async () => {
  const server = ['--server', 'https://127.0.0.1:1'];
  for (const path of [pipe, zero, directory, join(directory, 'none')]) {
    for (const [args, code] of [
      [['send', path, ...server], 1],
      [['send', path, '--source', 'x', ...server], 1],
      [['sigma', 'scan', '--rules', path, '--events', small], 1],
      [['sigma', 'scan', '--rules', small, '--events', small, '--placeholders', path], 1],
      [['proof', 'verify', path], 1],
      [['proof', 'verify', small, '--key', path], 2],
      [['status', ...server, '--ca', path], 2],
      [['connect', ...server, '--key-file', path], 2],
    ] as const) {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, code, `${args.join(' ')}: ${stderr}`);
      assert.doesNotMatch(stderr, /fault in sallyport|E[A-Z]{3,}:/, args.join(' '));
    }
  }
});

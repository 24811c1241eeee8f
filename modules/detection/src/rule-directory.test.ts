import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readRuleDirectories } from './rule-directory.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-rules-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('rule files are read from all directories, in a fixed order, under the directory’s name', async () => {
  const [bundled, own] = [join(root, 'bundled'), join(root, 'own')];
  mkdirSync(join(bundled, 'windows'), { recursive: true });
  mkdirSync(own);
  writeFileSync(join(bundled, 'windows', 'b.yml'), 'b');
  writeFileSync(join(bundled, 'a.yaml'), 'a');
  writeFileSync(join(bundled, 'README.md'), 'not a rule');
  writeFileSync(join(own, 'c.YML'), 'c');
  const directories = [
    { name: 'bundled', path: bundled },
    { name: 'own', path: own },
  ];
  const first = await readRuleDirectories(directories);
  assert.deepEqual(first.sources, [
    { file: 'bundled/a.yaml', text: 'a' },
    { file: 'bundled/windows/b.yml', text: 'b' },
    { file: 'own/c.YML', text: 'c' },
  ]);
  assert.deepEqual(first.refusals, []);
  assert.equal((await readRuleDirectories(directories)).hash, first.hash);
  writeFileSync(join(own, 'c.YML'), 'changed');
  assert.notEqual((await readRuleDirectories(directories)).hash, first.hash);
});

test('a directory that does not exist is empty', async () => {
  const { sources, refusals } = await readRuleDirectories([{ name: 'own', path: join(root, 'nowhere') }]);
  assert.deepEqual([sources, refusals], [[], []]);
});

test('a file that cannot be taken is refused by name and keeps no other file out', async () => {
  const path = join(root, 'hostile');
  mkdirSync(path);
  writeFileSync(join(path, 'binary.yml'), Buffer.from([0xff, 0xfe, 0x00]));
  writeFileSync(join(path, 'large.yml'), Buffer.alloc(1024 * 1024 + 1, 0x20));
  symlinkSync('/etc/hostname', join(path, 'link.yml'));
  writeFileSync(join(path, 'sound.yml'), 'sound');
  const { sources, refusals } = await readRuleDirectories([{ name: 'own', path }]);
  assert.deepEqual(sources, [{ file: 'own/sound.yml', text: 'sound' }]);
  assert.deepEqual(
    refusals.map(({ file }) => file),
    ['own/binary.yml', 'own/large.yml', 'own/link.yml'],
  );
});

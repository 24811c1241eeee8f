import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashSources, leaveBuilt } from './built-directory.ts';

function temporary(t: { after(task: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'built-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('what is there for the same sources is left alone; other sources are built and put in its place', async (t) => {
  const root = temporary(t);
  const directory = join(root, 'dist');
  let builds = 0;
  const build = async (staging: string): Promise<void> => {
    builds += 1;
    mkdirSync(staging);
    writeFileSync(join(staging, `file-${builds}`), '');
  };
  await leaveBuilt(directory, 'one', build);
  await leaveBuilt(directory, 'one', build);
  assert.equal(builds, 1);
  await leaveBuilt(directory, 'two', build);
  assert.deepEqual(readdirSync(directory).toSorted(), ['.sources', 'file-2']);
  assert.deepEqual(readdirSync(root), ['dist']);
});

test('a build that fails leaves what was there and no remains; one that was overtaken by the same is content', async (t) => {
  const root = temporary(t);
  const directory = join(root, 'dist');
  const build = async (staging: string): Promise<void> => mkdirSync(staging);
  await leaveBuilt(directory, 'one', build);
  await assert.rejects(
    leaveBuilt(directory, 'two', async (staging) => {
      mkdirSync(staging);
      throw new Error('planted');
    }),
    /planted/,
  );
  assert.deepEqual([readFileSync(join(directory, '.sources'), 'utf8'), readdirSync(root)], ['one', ['dist']]);
  await leaveBuilt(directory, 'two', async () => {
    await leaveBuilt(directory, 'two', build);
    throw new Error('the other was faster');
  });
  assert.equal(readFileSync(join(directory, '.sources'), 'utf8'), 'two');
});

test('a name or a byte changed is another hash; a test changed is not', (t) => {
  const root = temporary(t);
  writeFileSync(join(root, 'a.ts'), 'a');
  const before = hashSources(root, ['*.ts']);
  writeFileSync(join(root, 'a.test.ts'), 'anything');
  assert.equal(hashSources(root, ['*.ts']), before);
  writeFileSync(join(root, 'a.ts'), 'b');
  assert.notEqual(hashSources(root, ['*.ts']), before);
  assert.ok(existsSync(join(root, 'a.ts')));
});

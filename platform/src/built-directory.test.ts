import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isBuilt, leaveBuilt, type Sources } from './built-directory.ts';

function temporary(t: { after(task: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'built-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Sources that say `text`. */
function sourcesOf(root: string, text: string): Sources {
  writeFileSync(join(root, 'a.ts'), text);
  return { root, patterns: ['*.ts', 'b/*'] };
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
  await leaveBuilt(directory, sourcesOf(root, 'one'), build);
  await leaveBuilt(directory, sourcesOf(root, 'one'), build);
  assert.equal(builds, 1);
  await leaveBuilt(directory, sourcesOf(root, 'two'), build);
  assert.deepEqual(readdirSync(directory).toSorted(), ['.sources', 'file-2']);
  assert.deepEqual(readdirSync(root), ['a.ts', 'dist']);
});

test('a build that fails leaves what was there and no remains; one that was overtaken by the same is content', async (t) => {
  const root = temporary(t);
  const directory = join(root, 'dist');
  const build = async (staging: string): Promise<void> => mkdirSync(staging);
  await leaveBuilt(directory, sourcesOf(root, 'one'), build);
  await assert.rejects(
    leaveBuilt(directory, sourcesOf(root, 'two'), async (staging) => {
      mkdirSync(staging);
      throw new Error('planted');
    }),
    /planted/,
  );
  assert.deepEqual([isBuilt(directory, root), readdirSync(root)], [false, ['a.ts', 'dist']]);
  sourcesOf(root, 'one');
  assert.ok(isBuilt(directory, root));
  await leaveBuilt(directory, sourcesOf(root, 'two'), async () => {
    await leaveBuilt(directory, sourcesOf(root, 'two'), build);
    throw new Error('the other was faster');
  });
  assert.ok(isBuilt(directory, root));
});

test('a name or a byte changed is something else; a test changed is not, and a stamp that says less is none', async (t) => {
  const root = temporary(t);
  const directory = join(root, 'dist');
  assert.equal(isBuilt(directory, root), false);
  await leaveBuilt(directory, sourcesOf(root, 'a'), async (staging) => mkdirSync(staging));
  assert.ok(isBuilt(directory, root));
  writeFileSync(join(root, 'a.test.ts'), 'anything');
  assert.ok(isBuilt(directory, root));
  mkdirSync(join(root, 'b'));
  writeFileSync(join(root, 'b/c'), '');
  assert.equal(isBuilt(directory, root), false);
  rmSync(join(root, 'b'), { recursive: true });
  assert.ok(isBuilt(directory, root));
  sourcesOf(root, 'b');
  assert.equal(isBuilt(directory, root), false);
  sourcesOf(root, 'a');
  const stamp = join(directory, '.sources');
  const whole = readFileSync(stamp, 'utf8');
  for (const planted of ['', whole.split('\n')[0] ?? '', whole.replace('*.ts', '*.tsx')]) {
    writeFileSync(stamp, planted);
    assert.equal(isBuilt(directory, root), false, planted);
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDatabase } from '@sallyport/platform/database';
import { ruleText, setUp } from './detection.fixture.ts';
import type { RuleSource } from './match-protocol.ts';
import { readRuleFiles } from './rule-files.ts';

const path = mkdtempSync(join(tmpdir(), 'sallyport-rule-files-'));
after(() => rmSync(path, { recursive: true, force: true }));
writeFileSync(join(path, 'a.yml'), 'a');
const ruleDirectories = [{ name: 'own', path }];
const read = (sources: readonly RuleSource[]) => readRuleFiles({ ruleDirectories, ruleSources: async () => sources });

test('further sources stand behind the directories, and the hash names their texts', async () => {
  const first = await read([{ file: 'library/b.yml', text: 'b' }]);
  assert.deepEqual(first.sources, [
    { file: 'own/a.yml', text: 'a' },
    { file: 'library/b.yml', text: 'b' },
  ]);
  assert.equal((await read([{ file: 'library/b.yml', text: 'b' }])).hash, first.hash);
  assert.notEqual((await read([{ file: 'library/b.yml', text: 'c' }])).hash, first.hash);
  assert.notEqual((await read([])).hash, first.hash);
});

test('a further source neither takes the name of a file nor exceeds the limits of one', async () => {
  const { sources, refusals } = await read([
    { file: 'own/a.yml', text: 'instead' },
    { file: 'library/large.yml', text: ' '.repeat(1024 * 1024 + 1) },
    { file: 'library/b.yml', text: 'b' },
  ]);
  assert.deepEqual(
    sources.map(({ text }) => text),
    ['a', 'b'],
  );
  assert.deepEqual(
    refusals.map(({ file }) => file),
    ['own/a.yml', 'library/large.yml'],
  );
});

test('rules of further sources come into force with a reload, and one with the id of a bundled rule does not', async () => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  const kept: RuleSource[] = [];
  const { detection } = await setUp(database, { ruleSources: async () => kept });
  try {
    kept.push({ file: 'library/new.yml', text: ruleText({ id: 'r-new' }) });
    kept.push({ file: 'library/same.yml', text: ruleText({ id: 'r-certutil' }) });
    assert.equal(detection.ruleSet().rules.length, 1);
    const set = await detection.reload({ kind: 'operator', id: 'op-1', name: 'Ada', scopes: [] });
    assert.deepEqual(
      set.rules.map(({ id, file }) => [id, file]),
      [
        ['r-certutil', 'own/certutil.yml'],
        ['r-new', 'library/new.yml'],
      ],
    );
    assert.deepEqual(
      set.refusals.map(({ file }) => file),
      ['library/same.yml'],
    );
    assert.equal((await detection.sources()).length, 3);
  } finally {
    await detection.close();
    await close();
  }
});

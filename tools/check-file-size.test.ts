import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFileSize } from './check-file-size.ts';
import { findingsOf } from './finding.ts';
import { manifest, plantFiles } from './planted-files.ts';

const base = {
  'package.json': '{"workspaces":["modules/*"]}',
  'modules/ledger/package.json': manifest('modules/ledger'),
};
const lines = (count: number): string => '//\n'.repeat(count);

test('the file size check reports over 300 lines and fails over 500', (t) => {
  const files = { ...base, 'modules/ledger/src/a.ts': lines(500), 'modules/ledger/src/b.ts': lines(501) };
  const result = checkFileSize(plantFiles(t, files), []);
  assert.equal(result.lookedAt, 2);
  assert.match(result.notes?.join('\n') ?? '', /a\.ts has 500 lines/);
  assert.deepEqual(
    findingsOf(result).map((finding) => finding.file),
    ['modules/ledger/src/b.ts'],
  );
});

test('the file size check leaves a listed table aside and refuses a stale list', (t) => {
  const root = plantFiles(t, { ...base, 'modules/ledger/src/b.ts': lines(501) });
  assert.deepEqual(findingsOf(checkFileSize(root, ['modules/ledger/src/b.ts'])), []);
  assert.equal(findingsOf(checkFileSize(root, ['modules/ledger/src/b.ts', 'gone.ts'])).length, 1);
});

test('the file size check fails when it looked at nothing', (t) => {
  assert.match(findingsOf(checkFileSize(plantFiles(t, base), []))[0]?.message ?? '', /Looked at 0/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkExports } from './check-exports.ts';
import { findingsOf } from './finding.ts';
import { manifest, plantFiles } from './planted-files.ts';
import type { TestEnd } from './planted-files.ts';

const house = {
  'package.json': '{"workspaces":["modules/*"]}',
  'modules/ledger/package.json': manifest('modules/ledger'),
  'modules/ledger/README.md': 'The log.',
  'modules/ledger/src/index.ts': "export { a } from './a.ts';",
  'modules/ledger/src/a.ts': 'export const a = 1;',
};

function messages(t: TestEnd, changed: Readonly<Record<string, string>>): string[] {
  return findingsOf(checkExports(plantFiles(t, { ...house, ...changed }))).map((finding) => finding.message);
}

test('the exports check passes a package with a door that exists and a README', (t) => {
  assert.deepEqual(messages(t, {}), []);
});

const faults: [name: string, changed: Record<string, string>, told: RegExp][] = [
  ['export *', { 'modules/ledger/src/index.ts': "export * from './a.ts';" }, /Exports everything/],
  ['export type *', { 'modules/ledger/src/index.ts': "export type * from './a.ts';" }, /Exports everything/],
  [
    'a package without exports',
    { 'modules/ledger/package.json': '{"name":"@sallyport/ledger"}' },
    /must have an exports map/,
  ],
  [
    'a door to nowhere',
    { 'modules/ledger/package.json': '{"exports":{"./x":"./src/x.ts"}}' },
    /"\.\/x" names "src\/x.ts"/,
  ],
  ['a package without README', { 'modules/identity/package.json': '{"exports":{".":"./package.json"}}' }, /no README/],
  ['a name that says nothing', { 'modules/ledger/src/string-utils.ts': '' }, /"utils" says nothing/],
];
for (const [name, changed, told] of faults) {
  test(`the exports check refuses ${name}`, (t) => {
    assert.match(messages(t, changed).join('\n'), told);
  });
}

test('the exports check fails when it looked at nothing', (t) => {
  const result = checkExports(plantFiles(t, { 'package.json': '{"workspaces":["modules/*"]}' }));
  assert.match(findingsOf(result)[0]?.message ?? '', /Looked at 0/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDependencies } from './check-dependencies.ts';
import { findingsOf } from './finding.ts';
import { manifest, plantFiles } from './planted-files.ts';
import type { TestEnd } from './planted-files.ts';

const line = (name: string): string => `| \`${name}\` | does | chosen because | MIT | somebody |\n`;
const lock = (entry: object): string => JSON.stringify({ packages: { 'node_modules/yaml': entry } });
const house = {
  'package.json': '{"workspaces":["modules/*"],"devDependencies":{"knip":"6.0.0"}}',
  'modules/ledger/package.json': manifest('modules/ledger', { '@sallyport/platform': '*', yaml: '2.0.0' }),
  'modules/platform/package.json': manifest('modules/platform'),
  'decisions/dependencies.md': `${line('knip')}${line('yaml')}`,
  'package-lock.json': lock({ integrity: 'sha512-x' }),
  '.npmrc': 'ignore-scripts=true\n',
};

function messages(t: TestEnd, changed: Readonly<Record<string, string>>): string[] {
  return findingsOf(checkDependencies(plantFiles(t, { ...house, ...changed }))).map((finding) => finding.message);
}

test('the dependency check passes exact, recorded and hashed dependencies', (t) => {
  assert.deepEqual(messages(t, {}), []);
});

const ledger = 'modules/ledger/package.json';
const faults: [name: string, changed: Record<string, string>, told: RegExp][] = [
  ['a range', { [ledger]: manifest('modules/ledger', { yaml: '^2.0.0' }) }, /"yaml" is "\^2.0.0", must be an exact/],
  [
    'two versions',
    { 'modules/platform/package.json': manifest('modules/platform', { yaml: '2.0.1' }) },
    /2.0.1 here and 2.0.0/,
  ],
  ['an unrecorded package', { 'decisions/dependencies.md': line('knip') }, /"yaml" has no line/],
  [
    'a line without licence',
    { 'decisions/dependencies.md': `${line('knip')}| \`yaml\` | a | b |  | d |` },
    /"yaml" must say/,
  ],
  [
    'a line for nothing',
    { 'decisions/dependencies.md': `${line('knip')}${line('yaml')}${line('gone')}` },
    /"gone" is no longer/,
  ],
  [
    'a registry host in the lockfile',
    { 'package-lock.json': lock({ integrity: 'x', resolved: 'https://registry.example/yaml.tgz' }) },
    /names the address/,
  ],
  ['an entry without hash', { 'package-lock.json': lock({ version: '2.0.0' }) }, /no integrity hash/],
  ['install scripts', { '.npmrc': 'fund=false\n' }, /ignore-scripts=true/],
];
for (const [name, changed, told] of faults) {
  test(`the dependency check refuses ${name}`, (t) => {
    assert.match(messages(t, changed).join('\n'), told);
  });
}

test('the dependency check fails when it looked at nothing', (t) => {
  const root = plantFiles(t, { ...house, 'package.json': '{}', 'decisions/dependencies.md': '' });
  assert.match(findingsOf(checkDependencies(root))[0]?.message ?? '', /Looked at 0/);
});

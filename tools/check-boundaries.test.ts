import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBoundaries } from './check-boundaries.ts';
import { findingsOf } from './finding.ts';
import { manifest, plantFiles } from './planted-files.ts';
import type { TestEnd } from './planted-files.ts';

const graphMarkers =
  '<!-- package-graph:begin (written by tools/check-boundaries.ts --write) -->\n<!-- package-graph:end -->\n';

/** A small house without a fault. */
const house: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    workspaces: ['apps/*', 'modules/*', 'foundation/*', 'platform', 'contracts', 'testing'],
    devDependencies: { 'fast-check': '4.0.0' },
  }),
  'ARCHITECTURE.md': graphMarkers,
  'contracts/package.json': manifest('contracts'),
  'contracts/src/index.ts': 'export const one = 1;',
  'platform/package.json': manifest('platform', { '@sallyport/contracts': '*' }),
  'platform/src/index.ts': "export { one } from '@sallyport/contracts';",
  'foundation/merkle-log/package.json': manifest('foundation/merkle-log'),
  'foundation/merkle-log/src/index.ts': "import { createHash } from 'node:crypto';\nexport const hash = createHash;",
  'modules/ledger/package.json': manifest('modules/ledger', { '@sallyport/platform': '*' }),
  'modules/ledger/src/index.ts':
    "import { one } from '@sallyport/platform';\nexport const up = (db: any) => db.schema.createTable('entries', one);",
  'modules/ledger/src/index.test.ts': "import fc from 'fast-check';\nexport const use = fc;",
  'modules/key-vault/package.json': manifest('modules/key-vault'),
  'modules/key-vault/src/index.ts': 'export const vault = 1;',
  'modules/identity/package.json': manifest('modules/identity', {
    '@sallyport/ledger': '*',
    '@sallyport/key-vault': '*',
  }),
  'modules/identity/src/index.ts': "export type { up } from '@sallyport/ledger';",
  'apps/server/package.json': manifest('apps/server', { '@sallyport/identity': '*', fastify: '5.0.0' }),
  'apps/server/src/index.ts': "import 'fastify';\nimport '@sallyport/identity';",
  'testing/package.json': manifest('testing', { '@sallyport/identity': '*' }),
  'testing/src/index.ts': "import '@sallyport/identity';",
};

function messages(t: TestEnd, changed: Readonly<Record<string, string>>): string[] {
  const root = plantFiles(t, { ...house, ...changed });
  checkBoundaries(root, { write: true });
  return findingsOf(checkBoundaries(root)).map((finding) => `${finding.file}: ${finding.message}`);
}

test('the boundary check passes a house without a fault and says what it looked at', (t) => {
  assert.deepEqual(messages(t, {}), []);
  const root = plantFiles(t, house);
  const result = checkBoundaries(root, { write: true });
  assert.equal(result.lookedAt, 9);
  assert.match(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'), /rank 1 +identity +→ ledger\n/);
});

test('the boundary check fails when it looked at nothing', (t) => {
  const root = plantFiles(t, { 'package.json': '{"workspaces":["modules/*"]}', 'ARCHITECTURE.md': graphMarkers });
  checkBoundaries(root, { write: true });
  assert.match(findingsOf(checkBoundaries(root))[0]?.message ?? '', /Looked at 0/);
});

test('the boundary check fails when the package graph is stale', (t) => {
  const root = plantFiles(t, house);
  assert.match(findingsOf(checkBoundaries(root))[0]?.message ?? '', /package graph is stale/);
});

const identity = 'modules/identity/src/index.ts';
const merkle = 'foundation/merkle-log/src/index.ts';
const faults: [name: string, changed: Record<string, string>, told: RegExp][] = [
  ['an undeclared npm package', { [identity]: "import 'left-pad';" }, /"left-pad": Not a dependency/],
  [
    'an undeclared package of ours',
    { [identity]: "import '@sallyport/platform';" },
    /Not a dependency of @sallyport\/identity/,
  ],
  ['a development dependency outside tests', { [identity]: "import 'fast-check';" }, /"fast-check": Not a dependency/],
  [
    'a relative path into another package',
    { [identity]: "import '../../ledger/src/index.ts';" },
    /Leaves modules\/identity/,
  ],
  ['a dynamic import of it', { [identity]: "await import('../../ledger/src/index.ts');" }, /Leaves modules\/identity/],
  ['a require of it', { [identity]: "require('../../ledger/src/index.ts');" }, /Leaves modules\/identity/],
  [
    'an import type of it',
    { [identity]: "export type A = import('../../ledger/src/index.ts').B;" },
    /Leaves modules\/identity/,
  ],
  [
    'a worker URL into it',
    { [identity]: "new URL('../../ledger/src/index.ts', import.meta.url);" },
    /Leaves modules\/identity/,
  ],
  ['a missing file', { [identity]: "import './gone.ts';" }, /No such file/],
  [
    'a deep import',
    { [identity]: "import '@sallyport/ledger/src/index.ts';" },
    /is not exported by @sallyport\/ledger/,
  ],
  [
    'import.meta.resolve past the door',
    { [identity]: "import.meta.resolve('@sallyport/ledger/x');" },
    /is not exported/,
  ],
  [
    'an arrow up in rank, type-only',
    {
      'modules/ledger/package.json': manifest('modules/ledger', {
        '@sallyport/platform': '*',
        '@sallyport/identity': '*',
      }),
      'modules/ledger/src/type.ts': "import type { up } from '@sallyport/identity';\nexport type Up = typeof up;",
    },
    /rank 0 may not import rank 1/,
  ],
  [
    'an arrow within a rank',
    {
      'modules/ledger/package.json': manifest('modules/ledger', {
        '@sallyport/platform': '*',
        '@sallyport/key-vault': '*',
      }),
      'modules/ledger/src/beside.ts': "import '@sallyport/key-vault';",
    },
    /Packages of one rank/,
  ],
  ['a module without a rank', { 'modules/stray/package.json': manifest('modules/stray') }, /Has no rank/],
  [
    'an import of an app',
    {
      'modules/identity/package.json': manifest('modules/identity', {
        '@sallyport/ledger': '*',
        '@sallyport/server': '*',
      }),
      [identity]: "import '@sallyport/server';",
    },
    /Nothing may import an app/,
  ],
  ['an import of testing outside tests', { [identity]: "import '@sallyport/testing';" }, /Only tests may load/],
  [
    'an import of a fixture outside tests',
    { [identity]: "import './keys.fixture.ts';", 'modules/identity/src/keys.fixture.ts': '' },
    /Only tests may load/,
  ],
  [
    'a foundation package that imports the platform',
    {
      'foundation/merkle-log/package.json': manifest('foundation/merkle-log', { '@sallyport/platform': '*' }),
      [merkle]: "import '@sallyport/platform';",
    },
    /may import only foundation/,
  ],
  [
    'a cycle between packages',
    {
      'modules/ledger/package.json': manifest('modules/ledger', {
        '@sallyport/platform': '*',
        '@sallyport/identity': '*',
      }),
      'modules/ledger/src/cycle.ts': "import type { up } from '@sallyport/identity';\nexport type Up = typeof up;",
    },
    /Packages import each other in a cycle: @sallyport\/identity, @sallyport\/ledger/,
  ],
  [
    'a type-only cycle between files',
    {
      'modules/key-vault/src/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
      'modules/key-vault/src/b.ts': "import type { A } from './a.ts';\nexport type B = A;",
    },
    /Files import each other in a cycle: modules\/key-vault\/src\/a.ts, modules\/key-vault\/src\/b.ts/,
  ],
  [
    'files in foundation',
    { [merkle]: "import { readFileSync } from 'node:fs';\nreadFileSync('x');" },
    /"node:fs": foundation/,
  ],
  ['the clock in foundation', { [merkle]: 'export const now = () => Date.now();' }, /"Date.now"/],
  ['a date of now in foundation', { [merkle]: 'export const now = () => new Date();' }, /"new Date\(\)"/],
  ['Math.random in foundation', { [merkle]: 'export const dice = () => Math.random();' }, /"Math.random"/],
  ['Math.random taken apart', { [merkle]: 'const { random } = Math;\nexport const dice = random;' }, /"Math.\*"/],
  [
    'random bytes in foundation',
    { [merkle]: "import { randomBytes } from 'node:crypto';\nrandomBytes(1);" },
    /"randomBytes"/,
  ],
  [
    'a namespace of crypto in foundation',
    { [merkle]: "import * as crypto from 'node:crypto';\ncrypto.randomUUID();" },
    /"\*" of node:crypto/,
  ],
  ['a random UUID of the global', { [merkle]: 'export const id = () => crypto.randomUUID();' }, /"crypto.randomUUID"/],
  ['process in foundation', { [merkle]: "export const home = process.env['HOME'];" }, /"process.env"/],
  ['a timer in foundation', { [merkle]: 'setTimeout(() => {}, 1);' }, /"setTimeout"/],
  ['fetch in foundation', { [merkle]: "await fetch('http://localhost');" }, /"fetch"/],
  [
    "another module's table in Kysely",
    { [identity]: "export const read = (db: any) => db.selectFrom('entries as e');" },
    /Table "entries" belongs to @sallyport\/ledger/,
  ],
  [
    "another module's table in a join",
    { [identity]: "export const read = (db: any) => db.selectFrom('keys').innerJoin('entries', 'a', 'b');" },
    /Table "entries" belongs/,
  ],
  [
    "another module's table in SQL",
    { [identity]: 'export const read = (sql: any) => sql`select * from keys join entries on 1`;' },
    /Table "entries" belongs/,
  ],
  [
    'a table created twice',
    { [identity]: "export const up = (db: any) => db.createTable('entries');" },
    /already created by/,
  ],
  [
    'a word of the product in platform',
    { 'platform/src/word.ts': 'export const alertCount = 1;' },
    /"alert": platform knows no word/,
  ],
  ['a file that does not parse', { [identity]: 'export const = ;' }, /Cannot parse/],
];

for (const [name, changed, told] of faults) {
  test(`the boundary check refuses ${name}`, (t) => {
    const found = messages(t, changed);
    assert.ok(
      found.some((message) => told.test(message)),
      `not told:\n${found.join('\n')}`,
    );
  });
}

test('the boundary check takes a local name for what it is', (t) => {
  const pure =
    'export function run(process: { env: string }) {\n  const fetch = () => process.env;\n  return fetch();\n}';
  assert.deepEqual(messages(t, { [merkle]: `${pure}\nexport const day = new Date(0), at = Math.max(1, 2);` }), []);
});

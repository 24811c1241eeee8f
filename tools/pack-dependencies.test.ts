import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packDependencies, packedPackages } from './pack-dependencies.mjs';
import { plantFiles } from './planted-files.ts';

const modules = join(import.meta.dirname, '..', 'node_modules');
const manifest = JSON.stringify({
  name: 'many',
  type: 'module',
  exports: { '.': { import: './build/index.js' }, './inner': { import: './build/inner/index.js' } },
});
const files = {
  'node_modules/many/package.json': manifest,
  'node_modules/many/build/index.js': "export { Kept } from './kept.js'; export { other } from 'other';",
  'node_modules/many/build/inner/index.js': "import { Kept } from '../kept.js'; export const make = () => new Kept();",
  'node_modules/many/build/kept.js': 'export class Kept { static made = 0; constructor() { Kept.made += 1; } }',
  'node_modules/other/package.json': '{"name":"other","type":"module","exports":{".":{"import":"./other.js"}}}',
  'node_modules/other/other.js': 'export const other = import.meta.url;',
  'main.mjs':
    "import { Kept, other } from 'many'; import { make } from 'many/inner'; make(); console.log(Kept.made, make() instanceof Kept, Kept.name, other.endsWith('/other/other.js'));",
};

function run(root: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'main.mjs')], { encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

test('a packed package is what it was: one class for all of its entries, and other packages stay outside', async (t) => {
  const root = plantFiles(t, files);
  const before = run(root);
  assert.equal(before, '1 true Kept true\n');
  await packDependencies(join(root, 'node_modules'), ['many']);
  // It needs nothing any more but what the entries are now.
  rmSync(join(root, 'node_modules/many/build/kept.js'));
  assert.equal(run(root), before);
  const entry = join(root, 'node_modules/many/build/index.js');
  const packed = readFileSync(entry, 'utf8');
  await packDependencies(join(root, 'node_modules'), ['many']);
  assert.equal(readFileSync(entry, 'utf8'), packed, 'packed once');
});

test('a package that cannot be packed stays as it was installed, and this is told', async (t) => {
  const broken = { ...files, 'node_modules/many/build/kept.js': 'export class {' };
  const root = plantFiles(t, broken);
  const directory = join(root, 'node_modules/many');
  await assert.rejects(packDependencies(join(root, 'node_modules'), ['many']));
  assert.equal(readFileSync(join(directory, 'build/index.js'), 'utf8'), broken['node_modules/many/build/index.js']);
  assert.deepEqual(readdirSync(directory).toSorted(), ['build', 'package.json']);
  await assert.rejects(packDependencies(join(root, 'node_modules'), ['absent']));
});

test('the launcher has packed what this checkout has installed', () => {
  assert.ok(packedPackages.length > 0);
  for (const name of packedPackages)
    assert.ok(existsSync(join(modules, name, 'packed.json')), `${name}: delete node_modules and start anything`);
});

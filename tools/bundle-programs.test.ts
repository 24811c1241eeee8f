import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { bundlePrograms } from './bundle-programs.ts';
import { plantFiles } from './planted-files.ts';

const programs = [{ entries: ['apps/one/src/main.ts'], parts: ['apps/one/src/*.ts'] }];
const files = {
  'node_modules/other/package.json': '{"name":"other","type":"module","exports":{".":{"import":"./other.js"}}}',
  'node_modules/other/other.js': 'export const other = import.meta.url;',
  'apps/one/node_modules/inner/package.json':
    '{"name":"inner","type":"module","exports":{".":{"import":"./inner.js"}}}',
  'apps/one/node_modules/inner/inner.js': 'export const inner = import.meta.url;',
  'node_modules/old/package.json': '{"name":"old","main":"./old.js"}',
  'node_modules/old/old.js': `const { Server } = require('http'); const { join } = require('path');
    exports.old = [join(__dirname, 'x'), Server === process.getBuiltinModule('http').Server, typeof require.resolve];`,
  'node_modules/koffi/package.json': '{"name":"koffi","type":"module","exports":"./koffi.js"}',
  'node_modules/koffi/koffi.js': 'export const native = import.meta.url;',
  'apps/one/src/main.ts': `import { createServer } from 'node:http';
    import { native } from 'koffi';
    import { old } from 'old';
    import { Worker } from 'node:worker_threads';
    import { other } from 'other';
    import { inner } from 'inner';
    import { Refusal, places } from './place.ts';
    const child: URL = new URL('./child.ts', import.meta.url);
    const worker = new Worker(new URL('./thread.ts', import.meta.url));
    worker.on('message', async (told: string) => {
      const { late } = await import('./late.ts');
      const refusal = new Refusal();
      console.log(JSON.stringify({ ...places, main: import.meta.main, child, told, other, inner, native, old, http: typeof createServer, name: refusal.name, late: late() instanceof Refusal }));
      if (process.argv[2] === 'throw') throw refusal;
    });`,
  'apps/one/src/child.ts': `import { Refusal } from './place.ts'; console.log(new Refusal().name);`,
  'apps/one/src/thread.ts': `import { parentPort } from 'node:worker_threads';
    parentPort?.postMessage(process.argv[1] === undefined ? '' : import.meta.url);`,
  'apps/one/src/late.ts': `import { Refusal } from './place.ts'; export const late = (): unknown => new Refusal();`,
  'apps/one/src/place.ts': `import { dirname } from 'node:path';
export class Named extends Error {
  constructor() {
    super('no');
    this.name = new.target.name;
  }
}
export class Refusal extends Named { static make(): Refusal { return new Refusal(); } }
export const places = { file: import.meta.filename, folder: import.meta.dirname, same: dirname(import.meta.filename) === import.meta.dirname };
if (import.meta.main) console.log('place is a program');
`,
  'apps/one/src/place.test.ts': `new Worker(new URL('./nowhere.ts', import.meta.url));`,
};

function run(file: string, ...args: string[]): { told: Record<string, unknown>; output: string } {
  const { stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
    encoding: 'utf8',
  });
  const told: Record<string, unknown> = JSON.parse(stdout.split('\n')[0] ?? '');
  return { told, output: `${stdout}${stderr}` };
}

test('a bundled program is what it was: its places, its threads and children, its classes, what it loads late', async (t) => {
  const root = plantFiles(t, files);
  const folder = await bundlePrograms(root, programs);
  const before = run(join(root, 'apps/one/src/main.ts')).told;
  const after = run(join(folder, 'apps/one/src/main.mjs')).told;
  // What is a program of its own is bundled as well.
  assert.equal(after['child'], `file://${folder}/apps/one/src/child.mjs`);
  assert.deepEqual({ ...after, child: before['child'] }, before);
  assert.deepEqual([before['name'], before['late'], before['main']], ['Refusal', true, true]);
  const asChild = spawnSync(process.execPath, [join(folder, 'apps/one/src/child.mjs')], { encoding: 'utf8' });
  assert.equal(asChild.stdout, 'Refusal\n', asChild.stderr);
});

test('places in what was bundled are told as those in the sources', async (t) => {
  const root = plantFiles(t, files);
  const folder = await bundlePrograms(root, programs);
  const { output } = run(join(folder, 'apps/one/src/main.mjs'), 'throw');
  const reader = `import { inSources } from ${JSON.stringify(join(import.meta.dirname, '../testing/src/programs.ts'))};
    process.stdout.write(inSources(${JSON.stringify(output)}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', reader], {
    encoding: 'utf8',
    env: { ...process.env, SALLYPORT_TEST_PROGRAMS: folder },
  });
  assert.match(stdout, / at .*apps\/one\/src\/main\.ts:12:\d+/, `${output}${stderr}`);
  assert.doesNotMatch(stdout, /test-programs\/[^\n]*\.mjs:\d+:/);
});

test('what packages hold is in the bundle, but for those that bring more than scripts', async (t) => {
  const root = plantFiles(t, files);
  const entry = join(await bundlePrograms(root, programs), 'apps/one/src/main.mjs');
  const whole = run(entry).told;
  for (const name of ['other', 'old']) rmSync(join(root, 'node_modules', name), { recursive: true });
  assert.deepEqual(run(entry).told, whole);
  rmSync(join(root, 'node_modules/koffi'), { recursive: true });
  const { stderr } = spawnSync(process.execPath, [entry], { encoding: 'utf8' });
  assert.match(stderr, /Cannot find package 'koffi'/);
});

test('the same sources are bundled into the same folder, others into another, and what nobody used for a day goes', async (t) => {
  const root = plantFiles(t, files);
  const folder = await bundlePrograms(root, programs);
  const entry = join(folder, 'apps/one/src/main.mjs');
  const text = readFileSync(entry, 'utf8');
  assert.equal(await bundlePrograms(root, programs), folder);
  assert.equal(readFileSync(entry, 'utf8'), text);
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  utimesSync(folder, old, old);
  const other = await bundlePrograms(root, [{ entries: ['apps/one/src/child.ts'] }]);
  assert.notEqual(other, folder);
  assert.ok(existsSync(other) && !existsSync(folder));
});

test('what others removed in part is made anew, and what they remove meanwhile is not in the way', async (t) => {
  const root = plantFiles(t, files);
  const folder = await bundlePrograms(root, programs);
  const all = join(folder, '..');
  const entry = join(folder, 'apps/one/src/main.mjs');
  const text = readFileSync(entry, 'utf8');
  rmSync(join(folder, 'whole'));
  rmSync(entry);
  // Listed, and not there any more when it is looked at.
  symlinkSync(join(all, 'gone'), join(all, 'listed'));
  assert.equal(await bundlePrograms(root, programs), folder);
  assert.equal(readFileSync(entry, 'utf8'), text);
  assert.deepEqual(readdirSync(all).toSorted(), [basename(folder), 'listed'].toSorted());
});

test('what cannot be bundled is an error, and leaves nothing', async (t) => {
  const root = plantFiles(t, { ...files, 'apps/one/src/place.ts': 'export class {' });
  await assert.rejects(bundlePrograms(root, programs));
  const all = join(root, 'node_modules/.cache/test-programs');
  assert.deepEqual(existsSync(all) ? readdirSync(all) : [], []);
  await assert.rejects(bundlePrograms(root, [{ entries: ['apps/absent/src/main.ts'] }]), /nothing to bundle/);
});

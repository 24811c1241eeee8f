import assert from 'node:assert/strict';
import { newerThanNode20 } from '@sallyport/testing/newer-than-node-20';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildPackage } from '../build.ts';
import { startFakeServer } from './testing/fake-server.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport build-'));
const prefix = join(directory, 'prefix');
const bin = join(prefix, 'node_modules', '.bin', 'sallyport');
after(() => rm(directory, { recursive: true }));

/** Nothing of the checkout: no HOME, no repository binaries, whatever Node comes first on the system. */
const environment = {
  HOME: join(directory, 'home'),
  PATH: '/usr/local/bin:/usr/bin:/bin',
  npm_config_cache: join(directory, 'cache'),
  TERM: 'dumb',
};

before(async () => {
  const { tarball } = await buildPackage(join(directory, 'dist'));
  const installed = spawnSync(
    'npm',
    ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', prefix, tarball],
    { encoding: 'utf8', cwd: directory, env: { ...environment, PATH: process.env['PATH'] ?? '' } },
  );
  assert.equal(installed.status, 0, installed.stderr);
});

/** On the Node running the tests, and on the system's own where there is one of version 20 or later. */
function nodes(): string[] {
  const system = spawnSync('node', ['--version'], { encoding: 'utf8', env: environment });
  const major = Number(/^v(\d+)/.exec(system.stdout ?? '')?.[1] ?? 0);
  return major >= 20 ? [process.execPath, 'node'] : [process.execPath];
}

function sallyport(node: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(node, [bin, ...args], { encoding: 'utf8', cwd: directory, env: environment });
}

test('the tarball installs offline into an empty prefix, alone, and runs there', async () => {
  assert.deepEqual(
    (await readdir(join(prefix, 'node_modules'))).filter((name) => !name.startsWith('.')),
    ['@sallyport'],
  );
  const rule = join(directory, 'rule.yml');
  await writeFile(
    rule,
    'title: R\nid: r\nlogsource:\n  product: windows\ndetection:\n  sel:\n    A|re: ^x+$\n  condition: sel\n',
  );
  await writeFile(join(directory, 'e.json'), '{"A":"y"}\n{"A":"xx"}\n');
  for (const node of nodes()) {
    assert.match(sallyport(node, '--version').stdout, /^\d+\.\d+\.\d+\n$/);
    const scan = sallyport(node, 'sigma', 'scan', '--rules', rule, '--events', 'e.json', '--format', 'json');
    assert.deepEqual([scan.status, scan.stdout], [0, '{"rule":"r","file":"e.json","event":1}\n'], scan.stderr);
    assert.equal(sallyport(node, 'proof', 'verify', 'e.json').status, 1);
    assert.equal(sallyport(node, 'ledger', 'verify', directory).status, 1);
  }
});

test('the bundle uses nothing that Node 20.15 does not have', async () => {
  const bundle = await readFile(join(prefix, 'node_modules/@sallyport/cli/sallyport.mjs'), 'utf8');
  assert.deepEqual(newerThanNode20(bundle), []);
  for (const planted of [
    'const { promise } = Promise.withResolvers();',
    'for (const n of names.values().map((name) => name)) n();',
    'import_node_fs.globSync("*");',
    'var { DatabaseSync } = require("node:sqlite");',
    '  using held = lock();',
  ])
    assert.equal(newerThanNode20(`${bundle}\n${planted}\n`).length, 1, planted);
  assert.deepEqual(newerThanNode20('for (const [name] of Object.entries(all).map(read)) say(name);'), []);
});

test('the installed command sends, and stops quietly when its reader leaves', async () => {
  const server = await startFakeServer();
  for (let index = 0; index < 150; index += 1)
    server.found.push({
      position: `1/${index}`,
      received: '2026-03-01T11:59:00.000Z',
      event: { message: 'x'.repeat(50_000) },
    });
  for (const node of nodes()) {
    const env = { ...environment, SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
    const send = spawn(node, [bin, 'send', 'e.json'], { cwd: directory, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [status] = await once(send, 'close');
    assert.equal(status, 0);
    const search = spawn(node, [bin, 'search', '--json', '--limit', '150'], { cwd: directory, env });
    let stderr = '';
    search.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    search.stdout.once('data', () => search.stdout.destroy());
    const [left] = await once(search, 'close');
    assert.deepEqual([left, stderr], [141, '']);
  }
  assert.equal(server.events.size, 2);
  await server.close();
});

test('Ctrl-C ends a following command with exit code 130 and no stack', async () => {
  const server = await startFakeServer();
  for (const node of nodes()) {
    const env = { ...environment, SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
    const follow = spawn(node, [bin, 'alerts', '--follow'], { cwd: directory, env });
    let stderr = '';
    follow.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await server.streamOpened();
    follow.kill('SIGINT');
    const [status] = await once(follow, 'close');
    assert.deepEqual([status, stderr], [130, 'Following; Ctrl-C ends\nInterrupted\n']);
  }
  await server.close();
});

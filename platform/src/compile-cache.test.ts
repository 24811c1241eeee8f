import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const source = JSON.stringify(new URL('compile-cache.ts', import.meta.url).href);
/** A thread that tells its environment and where its own compiled code is. */
const thread = `
  import { getCompileCacheDir } from 'node:module';
  import { parentPort } from 'node:worker_threads';
  parentPort.postMessage({ env: { ...process.env }, cache: getCompileCacheDir() });
`;
const program = `
  import { getCompileCacheDir } from 'node:module';
  import { Worker } from 'node:worker_threads';
  import { compileCacheEnvironment } from ${source};
  new Worker(${JSON.stringify(thread)}, { eval: true, env: compileCacheEnvironment() })
    .on('message', (told) => console.log(JSON.stringify({ ...told, own: getCompileCacheDir() })));
`;

test('a thread is told where compiled code is, and nothing else of the environment; where there is none, nothing', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-compiled-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const told = (env: Record<string, string>): { env: unknown; cache: unknown; own: unknown } =>
    JSON.parse(
      spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      }).stdout,
    );
  const secret = { DATABASE_URL: 'postgres://someone:secret@host/name' };
  const cached = told({ ...secret, NODE_COMPILE_CACHE: directory });
  assert.deepEqual(cached.env, { NODE_COMPILE_CACHE: directory });
  assert.deepEqual(cached.cache, cached.own);
  assert.equal(readdirSync(directory).length, 1);
  assert.deepEqual(told(secret), { env: {} });
});

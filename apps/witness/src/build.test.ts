import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildWitness } from '../build.ts';

test('the bundle runs away from the checkout, and needs nothing beside Node', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-witness-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = await buildWitness(folder);
  const run = (...args: string[]) => {
    const ran = spawnSync(process.execPath, [program, ...args, '--state', join(folder, 'state')], {
      cwd: folder,
      encoding: 'utf8',
      env: {},
    });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  };
  const made = run('init', '--name', 'witness.example/w1');
  assert.equal(made.code, 0, made.err);
  // Before anything an older one does not have is looked for.
  const old = join(folder, 'old.mjs');
  writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });");
  const refused = spawnSync(process.execPath, ['--import', old, program, 'status'], { encoding: 'utf8', env: {} });
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /^node_too_old: Cannot run on Node 20\.20\.2: must be at least 24\.7\nhint: .*nodejs\.org.*\n$/,
  );
  const shown = run('status');
  assert.deepEqual(
    [shown.code, shown.out.split('\n')[0]],
    [0, 'witness.example/w1 does not serve; its key is not sealed'],
  );
});

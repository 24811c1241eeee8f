import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
  const shown = run('status');
  assert.deepEqual(
    [shown.code, shown.out.split('\n')[0]],
    [0, 'witness.example/w1 does not serve; its key is not sealed'],
  );
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

type Run = { readonly status: number; readonly stdout: string; readonly stderr: string };

function run(...argv: string[]): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<Run>();
  const entry = join(import.meta.dirname, 'main.ts');
  execFile(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', entry, ...argv],
    { timeout: 240_000 },
    (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
  );
  return promise;
}

test('a tiny ledger-append prints one JSON object: machine, inputs, figures with their spread, ratios, a verified proof', async () => {
  const { status, stdout, stderr } = await run('ledger-append', '--tiny');
  assert.equal(status, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 1);
  const result = JSON.parse(stdout);
  assert.equal(result.bench, 'ledger-append');
  assert.equal(result.tiny, true);
  assert.equal(result.processed, 3000);
  assert.equal(result.figures.proofs_verified, 1);
  assert.ok(result.machine.cores >= 1 && typeof result.machine.load_average_before === 'number');
  for (const name of ['ledger_entries_per_second', 'bare_loop_entries_per_second']) {
    const { median, min, max, rounds } = result.figures[name];
    assert.ok(min > 0 && min <= median && median <= max && rounds === 1, name);
  }
  assert.ok(result.ratios.ledger_to_bare_loop > 0);
});

test('the list names every bench; an unknown one is refused with a hint and status 2', async () => {
  const list = await run();
  assert.equal(list.status, 0);
  for (const name of [
    'ledger-append',
    'ledger-proofs',
    'ledger-verify',
    'intake-formats',
    'intake-latency',
    'intake-sustained',
    'sigma-full-scan',
    'sigma-matching',
    'memory',
    'alert-latency',
  ])
    assert.match(list.stdout, new RegExp(`^${name}$`, 'm'));
  const refused = await run('nothing');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /hint: npm run bench/);
});

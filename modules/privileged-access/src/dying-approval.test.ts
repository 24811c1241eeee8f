import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from './dying-approval.fixture.ts';

/** What a process that may be killed said of it. */
function runToDeath(directory: string, dieAt: number): { readonly isKilled: boolean; readonly said: string } {
  const program = join(import.meta.dirname, 'dying-approval.fixture.ts');
  const ran = spawnSync(process.execPath, [program, directory, String(dieAt)], { encoding: 'utf8', timeout: 60_000 });
  const isKilled = ran.signal === 'SIGKILL';
  if (!isKilled) assert.equal(ran.status, 0, ran.stderr);
  return { isKilled, said: ran.stdout };
}

test('killed at any place of the last approval and of taking up, all or nothing of each is there, and what was acknowledged is', async (context) => {
  let killed = 0;
  const seen = new Set<string>();
  for (let dieAt = 1; ; dieAt += 1) {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-approval-'));
    try {
      const { isKilled, said } = runToDeath(directory, dieAt);
      const report = await run(directory, 0);
      const { state, yeses, held, actions } = report;
      const what = `killed at place ${dieAt}: ${JSON.stringify(report)}`;
      seen.add(state);
      const times = (action: string): number => actions.filter((one) => one === action).length;
      assert.ok(['pending', 'approved', 'active'].includes(state), what);
      assert.equal(yeses, state === 'pending' ? 1 : 2, what);
      assert.deepEqual(held, state === 'active' ? ['admin'] : [], what);
      // With each change its record, once.
      assert.equal(times('privilege.approve'), yeses, what);
      assert.equal(times('privilege.take-up'), state === 'active' ? 1 : 0, what);
      // Whoever was killed has altered nothing, and is not taken for somebody who set the database back.
      assert.equal(report.isAltered, false, what);
      assert.equal(times('privilege.altered') + times('privilege.set-back') + times('privilege.end'), 0, what);
      assert.deepEqual(report.after, ['admin'], what);
      if (said.includes('acknowledged approval')) assert.notEqual(state, 'pending', what);
      if (said.includes('acknowledged take-up')) assert.equal(state, 'active', what);
      if (!isKilled) break;
      killed += 1;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  context.diagnostic(`killed at ${killed} places`);
  assert.ok(killed >= 10, `killed at ${killed} places`);
  assert.deepEqual([...seen].toSorted(), ['active', 'approved', 'pending']);
});

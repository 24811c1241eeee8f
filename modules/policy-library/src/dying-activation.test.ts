import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from './dying-activation.fixture.ts';

/** What a process that may be killed said of it. */
function runToDeath(directory: string, dieAt: number): { readonly isKilled: boolean; readonly said: string } {
  const program = join(import.meta.dirname, 'dying-activation.fixture.ts');
  const ran = spawnSync(process.execPath, [program, directory, String(dieAt)], { encoding: 'utf8', timeout: 60_000 });
  const isKilled = ran.signal === 'SIGKILL';
  if (!isKilled) assert.equal(ran.status, 0, ran.stderr);
  return { isKilled, said: ran.stdout };
}

test('killed at any place of putting a version into force, the old one or the new one is in force, whole, and what was acknowledged is', async (context) => {
  let killed = 0;
  const seen = new Set<number>();
  const begun = mkdtempSync(join(tmpdir(), 'sallyport-activation-'));
  context.after(() => rmSync(begun, { recursive: true, force: true }));
  await run(begun, 'begin');
  for (let dieAt = 1; ; dieAt += 1) {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-activation-'));
    try {
      cpSync(begun, directory, { recursive: true });
      const { isKilled, said } = runToDeath(directory, dieAt);
      const report = await run(directory, 0, dieAt === 1);
      const { version, unreadable, mayExport } = report.before;
      const what = `killed at place ${dieAt}: ${JSON.stringify(report)}`;
      seen.add(version);
      assert.ok(version === 1 || version === 2, what);
      assert.equal(unreadable, undefined, what);
      // Wholly the one or the other: what is asked, what is told, and how the versions stand.
      assert.equal(mayExport, version === 2, what);
      assert.equal(report.told, version === 2 ? 1 : 0, what);
      assert.deepEqual(report.states, version === 2 ? ['active', 'former'] : ['staged', 'active'], what);
      assert.equal(report.again, dieAt === 1 ? 'active' : undefined, what);
      assert.equal(report.mark, report.again === undefined ? version : 2, 'what the vault keeps follows');
      if (said.includes('acknowledged')) assert.equal(version, 2, what);
      if (!isKilled) break;
      killed += 1;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  context.diagnostic(`killed at ${killed} places`);
  assert.ok(killed >= 5, `killed at ${killed} places`);
  assert.deepEqual(seen, new Set([1, 2]), 'before it and behind it');
});

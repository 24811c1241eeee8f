import assert from 'node:assert/strict';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runStep, runSteps, stepsFor } from './check.ts';
import type { Step } from './check.ts';
import { plantFiles } from './planted-files.ts';

const repository = join(import.meta.dirname, '..');

function script(text: string, more: Partial<Step> = {}): Step {
  return { name: 's', command: [process.execPath, '-e', text], lookedAt: /^looked at (\d+) /, what: 'files', ...more };
}

test('a step that looked at something and exits 0 passes', () => {
  assert.equal(runStep('.', script("console.log('looked at 3 files')")).ok, true);
});

test('a step that prints nothing, looked at nothing, fails, hangs on a signal or does not start fails', () => {
  assert.match(runStep('.', script('')).summary, /looked at nothing/);
  assert.match(runStep('.', script("console.log('looked at 0 files')")).summary, /looked at nothing/);
  assert.match(runStep('.', script("console.log('looked at 3 files'); process.exit(2)")).summary, /exited with 2/);
  assert.match(runStep('.', script("process.kill(process.pid, 'SIGKILL')")).summary, /exited with SIGKILL/);
  assert.match(runStep('.', script('', { command: ['/nowhere/tool'] })).summary, /ENOENT/);
});

test('all steps run after a failure, every failure is told at the end, output is bounded', () => {
  const lines: string[] = [];
  const noisy = script("for (let i = 0; i < 1000; i++) console.log('x'.repeat(1000)); process.exitCode = 1", {
    name: 'noisy',
  });
  const steps = [noisy, script("console.log('looked at 1 files')", { name: 'fine' }), script('', { name: 'silent' })];
  assert.equal(
    runSteps('.', steps, (line) => lines.push(line)),
    false,
  );
  const printed = lines.join('\n');
  assert.match(printed, /^ok {6}fine/m);
  assert.match(printed, /--- noisy[^]*920 more lines[^]*--- silent/);
  assert.match(printed, /2 steps failed/);
  assert.ok(printed.length < 50_000);
});

test('no step at all does not pass', () => {
  assert.equal(
    runSteps('.', [], () => undefined),
    false,
  );
});

test('format, lint, types and unused code each catch a planted fault', (t) => {
  const root = plantFiles(t, {
    'package.json': '{"name":"planted","private":true,"type":"module","workspaces":["platform"]}',
    'platform/package.json': '{"name":"@sallyport/platform","type":"module","exports":{".":"./src/index.ts"}}',
    'platform/src/index.ts': 'async function go(): Promise<void> {}\ngo();\nexport const count: number = "three"\n',
    'platform/src/orphan.ts': 'export const orphan = 1;\n',
  });
  for (const file of ['.oxlintrc.json', '.oxfmtrc.json', 'knip.json', 'tsconfig.json', 'tools/knip-report.ts']) {
    cpSync(join(repository, file), join(root, file));
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  const outcomes = new Map(stepsFor(root).map((step) => [step.name, runStep(root, step)]));
  assert.match(outcomes.get('format')?.output ?? '', /platform\/src\/index\.ts/);
  assert.match(outcomes.get('lint')?.output ?? '', /no-floating-promises/);
  assert.match(outcomes.get('types')?.output ?? '', /index\.ts\(3,14\): error TS2322/);
  assert.match(outcomes.get('unused')?.output ?? '', /orphan\.ts/);
  for (const outcome of outcomes.values()) assert.equal(outcome.ok, false, outcome.summary);
});

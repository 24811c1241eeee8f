import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { eventually } from '@sallyport/testing/waiting';
import { plantFiles } from './planted-files.ts';

const imports = "import { before, suite, test } from 'node:test'; import assert from 'node:assert/strict';\n";
const passing = `${imports}test('ok', () => {});`;

/** Runs the runner on planted test files, as a user would start it. */
function runPlanted(
  t: { after(action: () => void): void },
  files: Record<string, string>,
  environment: Record<string, string> = {},
  about: { readonly idleMs?: number; readonly closingMs?: number; readonly extra?: Record<string, string> } = {},
): { status: number | null; output: string } {
  const planted = Object.entries(files).map(([name, text]) => [`tools/${name}.test.ts`, text]);
  const { idleMs = 60_000, closingMs = 60_000, extra = {} } = about;
  const root = plantFiles(t, { ...Object.fromEntries(planted), ...extra });
  const given = ['--root', root, '--idle-ms', String(idleMs), '--closing-ms', String(closingMs)];
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'test.ts'), ...given], {
    encoding: 'utf8',
    timeout: 240_000,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

test('the runner passes a file whose tests pass, its own and those of its modules', (t) => {
  const extra = { 'tools/story.ts': `${imports}export const tell = () => void test('told', () => {});` };
  const tells = "import { tell } from './story.ts'; tell();";
  const { status, output } = runPlanted(t, { good: passing, tells }, {}, { extra });
  assert.equal(status, 0, output);
  assert.match(output, /^2 passed, 0 failed$/m);
});

test('a test of a module fails the file it is told in, and is told with its place', (t) => {
  const extra = { 'tools/story.ts': `${imports}export const tell = () => void test('told', () => assert.fail());` };
  const { status, output } = runPlanted(t, { tells: "import { tell } from './story.ts'; tell();" }, {}, { extra });
  assert.equal(status, 1, output);
  assert.match(output, /FAILED {3}tools\/tells\.test\.ts: tools\/story\.ts: told$/m);
  assert.match(output, /^0 passed, 1 failed$/m);
});

test('each file is told with the processor time of what it started', (t) => {
  const works = `const until = process.cpuUsage().user + 400_000; while (process.cpuUsage().user < until);`;
  const starts = `${imports}import { spawnSync } from 'node:child_process';
    test('a', () => spawnSync(process.execPath, ['--eval', ${JSON.stringify(works)}]));`;
  const { output } = runPlanted(t, { starts });
  const told = /^ran +tools\/starts\.test\.ts \(\d+\.\d s\), at least (\d+\.\d) s of processor time$/m.exec(
    output,
  )?.[1];
  assert.ok(Number(told) >= 0.4, output);
});

test('the runner fails when no file matches', (t) => {
  assert.equal(runPlanted(t, {}).status, 1);
});

const faults: [name: string, text: string, told: RegExp][] = [
  ['an empty file', '', /no test ran in it/],
  ['a file with an empty suite', `${imports}suite('s', () => {});`, /no test ran in it/],
  ['a file that exits 0 before any test', 'process.exit(0);', /no test ran in it/],
  ['a file that exits 0 inside a test', `${imports}test('a', () => process.exit(0));`, /no test ran in it/],
  [
    'a file that exits 0 after its first test and before its second',
    `${imports}test('a', () => {}); await new Promise((r) => setTimeout(r, 100)); process.exit(0); test('b', () => {});`,
    /exited before its tests ended/,
  ],
  ['a file that throws at import', "throw new Error('at import');", /FAILED/],
  ['a failing test', `${imports}test('a', () => assert.fail('on purpose'));`, /on purpose/],
  ['a failing nested test', `${imports}test('a', (t) => t.test('b', () => assert.fail('inner')));`, /inner/],
  [
    'a failing hook',
    `${imports}suite('s', () => { before(() => { throw new Error('hook'); }); test('a', () => {}); });`,
    /hook/,
  ],
  [
    'a throw after the tests',
    `${imports}test('a', () => {}); setTimeout(() => { throw new Error('late'); }, 20);`,
    /FAILED/,
  ],
  [
    'an error in a callback of a test',
    `${imports}test('calls back', async () => { setTimeout(() => { throw new Error('early'); }, 20); setInterval(() => {}, 1000); await new Promise(() => {}); });`,
    /FAILED/,
  ],
  [
    'a rejection that nobody handles',
    `${imports}test('rejects', async () => { void Promise.reject(new Error('dropped')); await new Promise((r) => setTimeout(r, 60_000)); });`,
    /FAILED/,
  ],
  [
    'a killed process',
    `${imports}test('a', () => {}); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);`,
    /FAILED/,
  ],
];

test('the runner fails each planted fault, beside files that pass', (t) => {
  const planted = Object.fromEntries(faults.map(([, text], index) => [`fault-${String(index)}`, text]));
  const { status, output } = runPlanted(t, { good: passing, ...planted });
  assert.equal(status, 1);
  assert.match(output, /uncaughtException in: calls back; Error: early/);
  assert.match(output, /unhandledRejection in: rejects; Error: dropped/);
  const told = output.split('FAILED   ').slice(1);
  for (const [index, [name, , wanted]] of faults.entries()) {
    const own = told.filter((part) => part.startsWith(`tools/fault-${String(index)}.test.ts`));
    assert.notEqual(own.length, 0, `${name} was not failed:\n${output}`);
    assert.match(`FAILED   ${own.join('')}`, wanted, name);
  }
  assert.doesNotMatch(output, /FAILED   tools\/good/);
});

test('a file that a forgotten timer or server keeps alive is ended and failed, with what it says is open', (t) => {
  const hangs = `${imports}test('a', () => {}); setInterval(() => {}, 1000);`;
  const { status, output } = runPlanted(t, { hangs, good: passing }, {}, { closingMs: 1000 });
  assert.equal(status, 1, output);
  assert.match(output, /FAILED {3}tools\/hangs\.test\.ts/);
  assert.match(output, /hangs\.test\.ts: still runs 1 s after its last test; open: .*Timeout/);
  assert.doesNotMatch(output, /FAILED {3}tools\/good/);
});

test('a test that waits for ever ends its file, with all it started, and is named', (t) => {
  const waits = `${imports}import { spawn } from 'node:child_process';
    test('for ever', async () => { spawn('sleep', ['271828']); setInterval(() => {}, 1000); await new Promise(() => {}); });`;
  const { status, output } = runPlanted(t, { waits, good: passing }, {}, { idleMs: 3000 });
  assert.equal(status, 1, output);
  assert.match(output, /FAILED {3}tools\/waits\.test\.ts/);
  assert.match(output, /waits\.test\.ts: nothing happened for 3 s in: for ever/);
  assert.match(output, /left running, and ended now:\n {2}\d+ sleep 271828/);
  assert.match(output, /^1 passed/m);
});

test('a file that blocks its whole process is ended as well, and keeps no core', (t) => {
  const blocks = `${imports}import { writeFileSync } from 'node:fs';
    test('for ever', () => { writeFileSync('tools/pid', String(process.pid)); for (;;); });`;
  // Fifteen seconds of short tests: by the last of them the other must be gone.
  const looks = `${imports}import { existsSync, readFileSync } from 'node:fs';
    const pid = () => (existsSync('tools/pid') ? readFileSync('tools/pid', 'utf8') : '');
    const isGone = () => pid() !== '' && !existsSync('/proc/' + pid());
    for (let look = 0; look < 150; look += 1)
      test('look', () => (isGone() ? undefined : new Promise((r) => setTimeout(r, 100))));
    test('gone', () => assert.ok(isGone()));`;
  const { status, output } = runPlanted(t, { blocks, looks }, {}, { idleMs: 1500 });
  assert.equal(status, 1, output);
  assert.match(output, /Nothing happened for 6 s: ending tools\/blocks\.test\.ts/);
  assert.match(output, /FAILED {3}tools\/blocks\.test\.ts/);
  assert.doesNotMatch(output, /FAILED {3}tools\/looks/);
});

test('a run that is ended says which files ran, with what they said', async (t) => {
  const speaks = `${imports}import { writeFileSync } from 'node:fs';
    test('waits', async () => { console.error('IMPORTANT'); setTimeout(() => writeFileSync('tools/runs', ''), 1000); await new Promise((r) => setTimeout(r, 60_000)); });`;
  const root = plantFiles(t, { 'tools/speaks.test.ts': speaks });
  const runner = spawn(process.execPath, [join(import.meta.dirname, 'test.ts'), '--root', root], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  let told = '';
  runner.stderr.on('data', (part: Buffer) => (told += part.toString()));
  const ended = once(runner, 'close');
  await eventually({
    what: 'the file runs',
    timeoutMs: 60_000,
    look: () => existsSync(join(root, 'tools/runs')) || undefined,
  });
  runner.kill('SIGTERM');
  await ended;
  assert.match(told, /still ran tools\/speaks\.test\.ts\n[\s\S]*IMPORTANT/);
});

test('a process left behind by tests that passed is ended and fails the file', async (t) => {
  const leaves = `${imports}import { spawn } from 'node:child_process';
    test('a', () => spawn('sleep', ['314159'], { stdio: 'ignore', detached: true }).unref());`;
  const { status, output } = runPlanted(t, { leaves });
  assert.equal(status, 1, output);
  assert.match(output, /FAILED {3}tools\/leaves\.test\.ts/);
  const pid = Number(/(\d+) sleep 314159/.exec(output)?.[1]);
  const isGone = (): true | undefined => commandLineOf(pid) === '' || undefined;
  await eventually({ what: 'it is gone', timeoutMs: 30_000, look: isGone });
});

test('a skipped test, suite or todo is told, and fails under CI=true only', (t) => {
  const skips = `${passing} test.skip('a', () => {}); suite.skip('b', () => { test('c', () => {}); });
    test('d', { todo: true }, () => assert.fail('later')); test('e', (t) => t.skip('no data'));`;
  const local = runPlanted(t, { skips });
  assert.equal(local.status, 0, local.output);
  assert.match(local.output, /not run {2}e: no data/);
  assert.match(local.output, /^1 passed, 0 failed, 4 skipped$/m);
  const strict = runPlanted(t, { skips }, { CI: 'true' });
  assert.equal(strict.status, 1);
  assert.match(strict.output, /4 not run, which fails under CI=true/);
});

test('what fails beside others and passes alone is told twice, named at the end, and fails nothing', (t) => {
  // A machine at its limit, as a file that is there while the others run.
  const chance = `${imports}import { existsSync, rmSync } from 'node:fs';
    test('once', () => { const first = existsSync('tools/busy'); rmSync('tools/busy', { force: true }); assert.ok(!first, 'busy'); });`;
  const { status, output } = runPlanted(t, { chance, good: passing }, {}, { extra: { 'tools/busy': '' } });
  assert.equal(status, 0, output);
  assert.match(output, /FAILED {3}tools\/chance\.test\.ts: once\n.*busy/);
  assert.match(output, /again {4}tools\/chance\.test\.ts, alone/);
  assert.match(output, /passed only alone, at the second time, each a fault to look for: tools\/chance\.test\.ts$/m);
  assert.match(output, /^2 passed, 0 failed$/m);
});

test('no second run excuses a counterexample, a file that fails again, or more files than a few', (t) => {
  const failing = `${imports}test('a', () => assert.fail('on purpose'));`;
  const twice = runPlanted(t, { twice: failing });
  assert.equal(twice.output.split('FAILED   tools/twice.test.ts').length, 3, twice.output);
  assert.match(twice.output, /^0 passed, 1 failed$/m);
  assert.equal(twice.status, 1);

  const property = `${imports}test('a', () => assert.fail('Property failed after 7 tests'));`;
  assert.doesNotMatch(runPlanted(t, { property }).output, /again/);

  const many = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, failing]));
  const { status, output } = runPlanted(t, many);
  assert.doesNotMatch(output, /again/);
  assert.match(output, /^0 passed, 4 failed$/m);
  assert.equal(status, 1);
});

test('under CI property tests begin where the text of the tests says, elsewhere anywhere', (t) => {
  const library = pathToFileURL(join(import.meta.dirname, '../node_modules/fast-check/lib/fast-check.js')).href;
  const draws = `${imports}import fc from ${JSON.stringify(library)};
    test('a', () => fc.assert(fc.property(fc.integer(), (drawn) => assert.fail(String(drawn)))));`;
  const drawn = (text: string, environment: Record<string, string>): string =>
    /seed: (-?\d+)/.exec(runPlanted(t, { draws: text }, environment).output)?.[1] ?? '';
  const first = drawn(draws, { CI: 'true' });
  assert.match(first, /^-?\d+$/);
  assert.equal(drawn(draws, { CI: 'true' }), first);
  assert.notEqual(drawn(`${draws} // other`, { CI: 'true' }), first);
  assert.notEqual(drawn(draws, {}), first);
  assert.equal(drawn(draws, { SALLYPORT_FUZZ_SEED: first }), first);
});

/** Empty for one that ended, waited for or not. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

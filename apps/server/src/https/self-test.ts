import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, rootCertificates } from 'node:tls';
import { codeOf } from '@sallyport/platform/errors';
import type { HttpsSettings } from './https-settings.ts';

/** One name as this machine sees it; others may see it otherwise. */
export type NameTest = {
  readonly name: string;
  /** Addresses the name resolves to; none: nobody finds it by this machine's resolver. */
  readonly addresses: readonly string[];
  /** `reached`: the handshake ended at this very server. `other`: another certificate answers there. */
  readonly outcome: 'unresolved' | 'unreachable' | 'other' | 'reached';
  /** Whether a machine that knows public roots and our own authority accepts the certificate. */
  readonly isTrusted: boolean;
  /** A code such as `ECONNREFUSED`. */
  readonly reason: string | undefined;
};

const timeoutMs = 4000;

/** Connects to the configured names and port, nowhere else. */
export async function testNames(
  settings: Pick<HttpsSettings, 'names' | 'port' | 'publicPort'>,
  expected: { readonly fingerprint: string | undefined; readonly authorityPem: string | undefined },
): Promise<NameTest[]> {
  return Promise.all(settings.names.map((name) => testName(name, settings.publicPort ?? settings.port, expected)));
}

async function testName(
  name: string,
  port: number,
  expected: { readonly fingerprint: string | undefined; readonly authorityPem: string | undefined },
): Promise<NameTest> {
  const addresses = isIP(name) === 0 ? await resolve(name) : [name];
  const [address] = addresses;
  if (address === undefined) return { name, addresses, outcome: 'unresolved', isTrusted: false, reason: undefined };
  const socket = connect({
    host: address,
    port,
    minVersion: 'TLSv1.3',
    // Who answers is what we are asking; nothing is sent.
    rejectUnauthorized: false,
    ca: [...rootCertificates, ...(expected.authorityPem === undefined ? [] : [expected.authorityPem])],
    ...(isIP(name) === 0 ? { servername: name } : {}),
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
    const isOurs = socket.getPeerX509Certificate()?.fingerprint256 === expected.fingerprint;
    return { name, addresses, outcome: isOurs ? 'reached' : 'other', isTrusted: socket.authorized, reason: undefined };
  } catch (error) {
    return { name, addresses, outcome: 'unreachable', isTrusted: false, reason: codeOf(error) ?? 'unknown' };
  } finally {
    socket.destroy();
  }
}

async function resolve(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address).slice(0, 8);
  } catch {
    return [];
  }
}

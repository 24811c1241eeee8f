import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { ConnectionOptions, SecureVersion, TLSSocket } from 'node:tls';
import type { OwnHandshakes } from '../own-handshakes.ts';

export type TlsTarget = {
  readonly host: string;
  readonly port: number;
  readonly serverName: string | undefined;
  /** Where it is our own listener: what it refuses is not held against anybody. */
  readonly ownHandshakes?: Pick<OwnHandshakes, 'add'> | undefined;
};

/** What a listener let us agree on, version by version. */
export type TlsOffer = {
  readonly version: '1.0' | '1.1' | '1.2' | '1.3';
  /** In the order of the listener's preference as far as it has one. */
  readonly cipherSuites: readonly string[];
  readonly groups: readonly string[];
};

const versions = [
  ['TLSv1', '1.0'],
  ['TLSv1.1', '1.1'],
  ['TLSv1.2', '1.2'],
  ['TLSv1.3', '1.3'],
] as const satisfies readonly (readonly [SecureVersion, TlsOffer['version']])[];
const suitesOf13 = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];
const groups = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'X25519',
  'X448',
  'P-256',
  'P-384',
  'P-521',
];
/** A listener that agrees to everything ends here. */
const mostSuites = 60;
const handshakeTimeoutMs = 5000;
const mostCertificates = 10;

/**
 * Shakes hands with a listener again and again, each time offering less, and closes at once: what it really agrees to, whatever its
 * settings say. With weak ciphers and old versions allowed on our side, else they would not be seen. Rejects when nobody listens.
 */
export async function probeTls(target: TlsTarget, signal: AbortSignal): Promise<readonly TlsOffer[]> {
  const attempt = (options: ConnectionOptions): Promise<string | undefined> =>
    shake({ target, options, signal }, (socket) => socket.getCipher().name);
  const offers: TlsOffer[] = [];
  for (const [name, version] of versions) {
    const only = { minVersion: name, maxVersion: name };
    const cipherSuites: string[] = [];
    if (name === 'TLSv1.3') {
      for (const suite of suitesOf13)
        if ((await attempt({ ...only, ciphers: `${suite}:ALL:@SECLEVEL=0` })) !== undefined) cipherSuites.push(suite);
    } else {
      for (
        let agreed = await attempt(without(only, []));
        agreed !== undefined;
        agreed = await attempt(without(only, cipherSuites))
      ) {
        if (cipherSuites.includes(agreed) || cipherSuites.length >= mostSuites) break;
        cipherSuites.push(agreed);
      }
    }
    if (cipherSuites.length === 0) continue;
    const agreedGroups: string[] = [];
    for (const group of groups) {
      const isHybrid = group.includes('MLKEM');
      if (isHybrid && name !== 'TLSv1.3') continue;
      if (
        (await attempt({ ...only, ciphers: [...suitesOf13, 'ALL:@SECLEVEL=0'].join(':'), ecdhCurve: group })) !==
        undefined
      )
        agreedGroups.push(group);
    }
    offers.push({ version, cipherSuites, groups: agreedGroups });
  }
  return offers;
}

function without(only: ConnectionOptions, suites: readonly string[]): ConnectionOptions {
  return { ...only, ciphers: ['ALL:@SECLEVEL=0', ...suites.map((suite) => `!${suite}`)].join(':') };
}

/** The certificates a listener shows now, its own first; empty when it shakes no hands. Rejects when nobody listens. */
export async function shownChain(target: TlsTarget, signal: AbortSignal): Promise<readonly X509Certificate[]> {
  const shown = await shake({ target, options: {}, signal }, (socket) => {
    const chain: X509Certificate[] = [];
    let next = socket.getPeerX509Certificate();
    while (next !== undefined && chain.length < mostCertificates) {
      chain.push(next);
      next = next.issuerCertificate;
    }
    return chain;
  });
  return shown ?? [];
}

/** What `read` says of the socket that agreed; undefined when the listener refuses. Rejects when it is not there at all. */
function shake<Answer>(
  request: {
    readonly target: TlsTarget;
    readonly options: ConnectionOptions;
    readonly signal: AbortSignal;
  },
  read: (socket: TLSSocket) => Answer,
): Promise<Answer | undefined> {
  const { target, options, signal } = request;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    let isConnected = false;
    let socket: TLSSocket;
    try {
      socket = connect({
        host: target.host,
        port: target.port,
        ...(target.serverName === undefined ? {} : { servername: target.serverName }),
        // It is our own; whether others trust its certificate is another question, and nothing is sent.
        rejectUnauthorized: false,
        ...options,
      });
    } catch {
      // Our own OpenSSL does not know the group: nobody can say whether the listener does.
      resolve(undefined);
      return;
    }
    const end = (answer: Answer | undefined): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
      // A farewell, where there was a greeting: what is cut off counts at the listener as somebody who misbehaved.
      if (answer === undefined) socket.destroy();
      else socket.end(() => socket.destroySoon());
    };
    const onAbort = (): void => end(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(handshakeTimeoutMs, () => end(undefined));
    socket.on('connect', () => {
      isConnected = true;
      target.ownHandshakes?.add(socket);
    });
    socket.once('secureConnect', () => end(read(socket)));
    socket.once('error', (error: Error) => {
      if (isConnected) {
        end(undefined);
        return;
      }
      signal.removeEventListener('abort', onAbort);
      reject(error);
    });
  });
}

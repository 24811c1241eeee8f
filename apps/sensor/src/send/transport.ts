import { codeOf, messageOf } from '@sallyport/platform/errors';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { SensorError } from '../errors.ts';

export type Answer = {
  readonly status: number;
  readonly body: string;
  /** The same as it came, for what is no text. */
  readonly bytes: Uint8Array;
  readonly retryAfter: string | undefined;
  /** The server's clock (the Date header), milliseconds since 1970. */
  readonly dateMs: number | undefined;
};

export type Question = {
  readonly method: 'GET' | 'POST';
  /** Beginning with `/v1/`, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Asked with another key than the one that counts now. */
  readonly key?: string;
  readonly signal: AbortSignal;
};

export type Transport = {
  /** Any answer, whatever its status. Throws `server_unreachable`, also when the server cannot show who it is. */
  ask(question: Question): Promise<Answer>;
  close(): void;
};

/** Whose certificate is good: one that `caFile`, or a public authority, vouches for; or exactly the one with this SHA-256. */
export type Trust = { readonly caFile?: string | undefined; readonly fingerprint?: string | undefined };

export type TransportOptions = {
  readonly server: URL;
  /** Read for every request, so a new key is used without a restart. Throws `key_unreadable`. */
  readonly key: () => string;
  readonly trust: Trust;
  readonly timeoutMs?: number;
};

const defaultTimeoutMs = 60_000;
const maxAnswerBytes = 16 << 20;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The address; a key is sent in clear to this host only. Throws `usage`. */
export function parseServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new SensorError(
      'usage',
      `Cannot use server "${text}": must be an http or https address without a user name`,
      {
        hint: 'for example --server https://sallyport.example:8470',
      },
    );
  if (url.protocol === 'http:' && !loopback.test(url.hostname))
    throw new SensorError(
      'usage',
      `Cannot send to "${url.origin}": the connection is not encrypted, must be https unless on this host`,
      {
        hint: 'use the https address; with the server’s own authority add --ca FILE, or --fingerprint',
      },
    );
  return url;
}

/** Follows no redirect, so the key goes nowhere else; TLS 1.3 only. */
export function createTransport(options: TransportOptions): Transport {
  const { server, key, trust, timeoutMs = defaultTimeoutMs } = options;
  const secure = server.protocol === 'https:';
  const agent = secure ? secureAgent(server, trust) : new http.Agent({ keepAlive: true, maxSockets: 2 });

  return {
    ask(question) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const fail = (error: unknown): void => reject(unreachable(server, error));
      const deadline = AbortSignal.timeout(timeoutMs);
      const outgoing = (secure ? https : http).request({
        host: server.hostname.replaceAll(/^\[|\]$/g, ''),
        port: server.port === '' ? (secure ? 443 : 80) : server.port,
        path: server.pathname.replace(/\/$/, '') + question.path,
        method: question.method,
        headers: {
          authorization: `Bearer ${question.key ?? key()}`,
          ...question.headers,
          'content-length': question.body?.length ?? 0,
        },
        agent,
        signal: AbortSignal.any([question.signal, deadline]),
      });
      outgoing.on('error', fail);
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        incoming.on('error', fail);
        incoming.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) incoming.destroy(new Error(`answer is over ${maxAnswerBytes} bytes`));
          else chunks.push(chunk);
        });
        incoming.on('end', () => {
          const dateMs = Date.parse(incoming.headers.date ?? '');
          const whole = Buffer.concat(chunks);
          resolve({
            status: incoming.statusCode ?? 0,
            body: whole.toString('utf8'),
            bytes: whole,
            retryAfter: incoming.headers['retry-after'],
            dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
          });
        });
      });
      outgoing.end(question.body);
      return promise;
    },
    close: () => agent.destroy(),
  };
}

function secureAgent(server: URL, trust: Trust): https.Agent {
  const common = { keepAlive: true, maxSockets: 2, minVersion: 'TLSv1.3' } satisfies https.AgentOptions;
  if (trust.fingerprint === undefined) {
    const ca = trust.caFile === undefined ? {} : { ca: readAuthority(trust.caFile) };
    return new https.Agent({ ...common, ...ca, rejectUnauthorized: true });
  }
  const wanted = fingerprintOf(trust.fingerprint);
  const agent = new https.Agent({ ...common, rejectUnauthorized: false });
  const servername = /^[\d.]+$|:/.test(server.hostname) ? '' : server.hostname;
  agent.createConnection = (options, callback) => {
    // The chain proves nothing here: the one certificate is known. Nothing is written before it was compared.
    const socket = tls.connect({
      ...common,
      host: options.host ?? undefined,
      port: Number(options.port),
      servername,
      rejectUnauthorized: false,
    });
    const giveUp = (error: Error): void => callback?.(error, socket);
    socket.once('error', giveUp);
    socket.once('secureConnect', () => {
      socket.off('error', giveUp);
      const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
      if (fingerprintOf(shown) === wanted) callback?.(null, socket);
      else {
        socket.destroy();
        callback?.(
          Object.assign(new Error(`the certificate is ${shown}, not the pinned one`), { code: 'CERT_NOT_PINNED' }),
          socket,
        );
      }
    });
    return undefined;
  };
  return agent;
}

/** Throws `usage` for what is no SHA-256 in hexadecimal, with or without colons. */
export function fingerprintOf(text: string): string {
  const plain = text.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(plain))
    throw new SensorError('usage', `Cannot use the fingerprint "${text}": must be a SHA-256 in hexadecimal`);
  return plain;
}

function readAuthority(file: string): Buffer {
  try {
    const ca = readFileSync(file);
    // Node passes over what is no certificate, and the connection would fail for a reason nobody sees.
    void new X509Certificate(ca);
    return ca;
  } catch (error) {
    throw new SensorError('usage', `Cannot use the CA certificate "${file}": ${messageOf(error)}`, {
      cause: error,
      hint: 'the server writes it to authority.pem in its data directory',
    });
  }
}

function unreachable(server: URL, error: unknown): SensorError {
  if (error instanceof SensorError) return error;
  return new SensorError('server_unreachable', `Cannot reach ${server.origin}: ${messageOf(error)}`, {
    cause: error,
    details: { code: codeOf(error) ?? '' },
  });
}

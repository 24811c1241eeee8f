import type { JsonValue } from '@sallyport/contracts';
import { codeOf } from '@sallyport/platform/errors';
import { nodeHttp } from '@sallyport/platform/node-http';
import { X509Certificate } from 'node:crypto';
import type http from 'node:http';
import https from 'node:https';
import { CliError } from './errors.ts';
import { parseJson } from './json-reading.ts';
import { refusal } from './refusal.ts';
import { readBoundedFileSync } from './regular-file.ts';
import { whyNot } from './system-errors.ts';

/** Where requests go: an address with a key, or the operator socket of a server on this machine. */
export type Destination =
  | {
      readonly kind: 'server';
      readonly server: URL;
      readonly key: string | undefined;
      readonly caFile: string | undefined;
      /** In place of a key: signs each request for whoever is signed in. */
      readonly signerOf?: (unsigned: Pick<ApiClient, 'form' | 'urlOf'>) => RequestSigner;
    }
  | { readonly kind: 'socket'; readonly path: string };

/** Signs requests of somebody who is signed in. */
export type RequestSigner = {
  sign(request: { readonly method: string; readonly url: string }): Promise<Readonly<Record<string, string>>>;
  /** Whether the request is to be sent once more, signed anew; `attempt` was how many there were. */
  again(answer: {
    readonly status: number;
    readonly headers: http.IncomingHttpHeaders;
    /** Of a refusal. */
    readonly body: string;
    readonly attempt: number;
  }): Promise<boolean>;
};

export type ApiRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Beginning with `/v1/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

export type ApiClient = {
  readonly destination: Destination;
  /** The body of a 2xx answer. Any other answer, or none, throws a `CliError`. */
  text(request: ApiRequest): Promise<string>;
  json(request: ApiRequest): Promise<JsonValue>;
  /** Body chunks of a 2xx answer that stays open; throws like `text`, and when nothing came for `idleTimeoutMs`. */
  open(request: ApiRequest): Promise<AsyncIterable<Buffer>>;
  /** Sends a form, unsigned, and gives the answer whatever its status. */
  form(request: Pick<ApiRequest, 'path' | 'headers' | 'signal'> & { readonly body: string }): Promise<{
    readonly status: number;
    readonly body: string;
    readonly nonce: string | undefined;
  }>;
  /** The whole address of a path. */
  urlOf(path: string): string;
  close(): void;
};

export type ClientLimits = {
  /** Without a byte for so long, the connection counts as broken. */
  readonly idleTimeoutMs: number;
  /** An answer that does not stay open must be complete by then, however it trickles. */
  readonly answerTimeoutMs: number;
  readonly maxAnswerBytes: number;
};

const defaultLimits: ClientLimits = {
  idleTimeoutMs: 60_000,
  answerTimeoutMs: 300_000,
  maxAnswerBytes: 64 * 1024 * 1024,
};
const maxRefusalBytes = 1024 * 1024;
const maxCaBytes = 1024 * 1024;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The address as a URL. Refuses to send a key in clear over a network, and a key that is none: it would not be told
 * apart from the header it stands in. Throws `CliError` `usage`, which never quotes the key.
 */
export function parseServer(text: string, key: string | undefined): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    url = undefined;
  }
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError('usage', `Cannot use server "${text}": must be an http or https address`, {
      hint: 'for example --server http://127.0.0.1:8470',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('usage', `Cannot use server "${url.origin}" with a user name or password in its address`, {
      hint: 'give the key with --key or SALLYPORT_KEY',
    });
  }
  if (key !== undefined && !/^[\x21-\x7e]{1,1000}$/.test(key)) {
    throw new CliError('usage', 'Cannot use the key: must be one word of plain characters', {
      hint: 'copy it again, without spaces and line ends; it begins with sp_',
    });
  }
  if (url.protocol === 'http:' && key !== undefined && !loopback.test(url.hostname)) {
    throw new CliError(
      'usage',
      `Cannot send the key to "${text}": the connection is not encrypted, must be https unless on this machine`,
      {
        hint: 'use the https address; with the server’s own CA add --ca FILE',
      },
    );
  }
  return url;
}

/** Speaks to the HTTP API. Follows no redirects, so the key goes nowhere else. */
export function createApiClient(destination: Destination, limits: ClientLimits = defaultLimits): ApiClient {
  const secure = destination.kind === 'server' && destination.server.protocol === 'https:';
  const agent = secure
    ? // Said here, so that no variable of the environment turns it off.
      new https.Agent({ keepAlive: true, rejectUnauthorized: true, minVersion: 'TLSv1.3', ...trustedCa(destination) })
    : new nodeHttp.Agent({ keepAlive: true });

  const urlOf = (path: string): string =>
    destination.kind === 'server'
      ? `${destination.server.origin}${destination.server.pathname.replace(/\/$/, '')}${path}`
      : `http://localhost${path}`;

  const send = (request: ApiRequest, signed: Readonly<Record<string, string>> = {}): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(request.query ?? {}))
        if (value !== undefined) query.set(name, String(value));
      const path = query.size === 0 ? request.path : `${request.path}?${query.toString()}`;
      const key = destination.kind === 'server' ? destination.key : undefined;
      const outgoing = (secure ? https : nodeHttp).request({
        ...(destination.kind === 'socket'
          ? { socketPath: destination.path, host: 'localhost' }
          : { host: destination.server.hostname.replaceAll(/^\[|\]$/g, ''), port: destination.server.port }),
        path: destination.kind === 'server' ? destination.server.pathname.replace(/\/$/, '') + path : path,
        method: request.method ?? 'GET',
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...signed,
          accept: 'application/json',
          ...request.headers,
          'content-length': request.body?.length ?? 0,
        },
        agent,
        signal: request.signal,
        timeout: limits.idleTimeoutMs,
      });
      outgoing.on('timeout', () => outgoing.destroy(timedOut(`no answer for ${limits.idleTimeoutMs / 1000} s`)));
      outgoing.on('error', (error) => reject(request.signal.aborted ? error : unreachable(destination, error)));
      outgoing.on('response', resolve);
      outgoing.end(request.body);
    });

  /** Fails when the work, which must use the request it is given, takes longer than an answer may. */
  const timely = async <Result>(
    request: ApiRequest,
    work: (bounded: ApiRequest) => Promise<Result>,
  ): Promise<Result> => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), limits.answerTimeoutMs);
    try {
      return await work({ ...request, signal: AbortSignal.any([request.signal, deadline.signal]) });
    } catch (error) {
      if (!deadline.signal.aborted || request.signal.aborted) throw error;
      throw unreachable(destination, timedOut(`no complete answer within ${limits.answerTimeoutMs / 1000} s`));
    } finally {
      clearTimeout(timer);
    }
  };

  const form: ApiClient['form'] = (request) =>
    timely({ ...request, method: 'POST', body: Buffer.from(request.body) }, async (bounded) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', ...request.headers };
      const answer = await send({ ...bounded, headers });
      const body = await readAll(answer, bounded.signal, destination, maxRefusalBytes);
      const nonce = answer.headers['dpop-nonce'];
      return { status: answer.statusCode ?? 0, body, nonce: typeof nonce === 'string' ? nonce : undefined };
    });
  const signer = destination.kind === 'server' ? destination.signerOf?.({ form, urlOf }) : undefined;

  const open = async (request: ApiRequest, attempt = 1): Promise<http.IncomingMessage> => {
    const method = request.method ?? 'GET';
    const answer = await send(request, await signer?.sign({ method, url: urlOf(request.path) }));
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) {
      await signer?.again({ status, headers: answer.headers, body: '', attempt });
      return answer;
    }
    const body = await readAll(answer, request.signal, destination, maxRefusalBytes);
    if ((await signer?.again({ status, headers: answer.headers, body, attempt })) === true)
      return open(request, attempt + 1);
    throw refusal({ status, body, retryAfter: answer.headers['retry-after'], address: addressOf(destination) });
  };

  const text = (request: ApiRequest): Promise<string> =>
    timely(request, async (bounded) =>
      readAll(await open(bounded), bounded.signal, destination, limits.maxAnswerBytes),
    );

  return {
    destination,
    text,
    form,
    urlOf,
    async json(request) {
      const body = await text(request);
      const value = parseJson(body);
      if (value === undefined) {
        throw new CliError(
          'server_answer',
          `Cannot read the answer of ${addressOf(destination)} to ${request.path}: must be JSON, not nested deeper than 512`,
          {
            hint: 'check that the address is that of a Sallyport server',
          },
        );
      }
      return value;
    },
    async open(request) {
      // The deadline ends with the headers: the signal it shares would otherwise end the stream too.
      const answer = await timely(request, (bounded) => open(bounded));
      return chunksOf(answer, request.signal, destination);
    },
    close: () => agent.destroy(),
  };
}

export function addressOf(destination: Destination): string {
  return destination.kind === 'socket' ? destination.path : destination.server.origin;
}

function trustedCa(destination: Destination): { ca?: Buffer } {
  if (destination.kind !== 'server' || destination.caFile === undefined) return {};
  try {
    const ca = readBoundedFileSync(destination.caFile, maxCaBytes);
    // Node passes over what is no certificate, and the connection would fail for a reason nobody sees.
    void new X509Certificate(ca);
    return { ca };
  } catch (error) {
    const why = codeOf(error)?.startsWith('ERR_OSSL') === true ? 'must be a certificate in PEM form' : whyNot(error);
    throw new CliError('usage', `Cannot use the CA certificate "${destination.caFile}": ${why}`, {
      cause: error,
      hint: 'the server writes it to authority.pem in its data directory',
    });
  }
}

function timedOut(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}

async function* chunksOf(
  answer: http.IncomingMessage,
  signal: AbortSignal,
  destination: Destination,
): AsyncGenerator<Buffer> {
  try {
    const chunks: AsyncIterable<Buffer> = answer;
    yield* chunks;
    // A body without a length ends with its connection, also when we were the ones to end it.
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(destination, error);
  }
}

async function readAll(
  answer: http.IncomingMessage,
  signal: AbortSignal,
  destination: Destination,
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(answer, signal, destination)) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new CliError(
        'server_answer',
        `Cannot read the answer of ${addressOf(destination)}: must be at most ${maxBytes} bytes`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function unreachable(destination: Destination, error: unknown): CliError {
  const code = codeOf(error) ?? '';
  // Neither an answer that is no HTTP nor a certificate nobody vouches for gets better by asking again.
  const untrusted = /CERT|SELF_SIGNED|UNABLE_TO|^HPE_|^ERR_SSL|^EPROTO/.test(code);
  return new CliError('server_unreachable', `Cannot reach ${addressOf(destination)}: ${whyNot(error)}`, {
    cause: error,
    hint: unreachableHint(destination, code),
    details: { untrusted },
  });
}

function unreachableHint(destination: Destination, code: string): string {
  if (destination.kind === 'socket') {
    return 'start the server on this machine, or name its data directory with --data DIR, or use --server and --key';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'is the clock right on both machines? A server that runs renews its certificate by itself';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'use a name the server’s certificate is for, see npm start -- --name NAME';
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return 'pass the server’s CA certificate with --ca FILE: authority.pem in its data directory';
  if (/^HPE_|^ERR_SSL|^EPROTO/.test(code))
    return 'check the address: is it http or https, and the port of a Sallyport server?';
  return 'start the server (npm start), or give its address with --server URL';
}

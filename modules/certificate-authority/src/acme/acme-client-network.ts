import { nodeHttp } from '@sallyport/platform/node-http';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import type * as AcmeClient from 'acme-client';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { CertificateError } from '../errors.ts';

const timeoutMs = 20_000;
const maxAnswerBytes = 1024 * 1024;
const maxQuotedLength = 400;

/** Whatever an ACME server says in plain HTTP, or sends us to by it. */
class NoPlainHttp extends nodeHttp.Agent {
  override createConnection(): never {
    throw new CertificateError('acme_directory_invalid', 'Cannot speak plain HTTP with an ACME server: must be https');
  }
}

/** Remembers what went wrong with a connection: acme-client loses it and throws a `TypeError` of its own. */
class RememberingAgent extends Agent {
  lastError: Error | undefined;

  override createConnection(...given: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    const connection = super.createConnection(...given);
    connection?.once('error', (error: Error) => {
      this.lastError = error;
    });
    return connection;
  }
}

export type AcmeNetwork = {
  /** In PEM; what the directory's certificate must lead to, besides the roots of Node. */
  readonly directoryCaPem?: string | undefined;
  readonly signal: AbortSignal;
};

export type OpenAcmeClient = {
  readonly acme: typeof AcmeClient;
  /** The network's error behind one of the client's. */
  explain(error: unknown): unknown;
};

/**
 * acme-client, bound: HTTPS only, no redirects, no proxies, answers of at most 1 MiB within 20 s, ended by the signal. Its
 * HTTP settings exist once for the whole process, hence one order at a time. Loaded when wanted: it brings a lot with it.
 */
export async function openAcmeClient({ directoryCaPem, signal }: AcmeNetwork): Promise<OpenAcmeClient> {
  const acme = await import('acme-client');
  const httpsAgent = new RememberingAgent({
    minVersion: 'TLSv1.2',
    ...(directoryCaPem === undefined ? {} : { ca: directoryCaPem }),
  });
  Object.assign(acme.axios.defaults, {
    httpAgent: new NoPlainHttp(),
    httpsAgent,
    maxContentLength: maxAnswerBytes,
    maxRedirects: 0,
    proxy: false,
    signal,
    timeout: timeoutMs,
    // Its own wait as long as the other server says, be it a day, and hear no signal; ours do.
    acmeSettings: { retryMaxAttempts: 0, retryDefaultDelay: 1 },
  });
  return { acme, explain: (error) => (error instanceof TypeError ? (httpsAgent.lastError ?? error) : error) };
}

/** What `work` comes to, unless the signal is first: acme-client goes on asking for minutes after it. Rejects with the signal's reason. */
export async function whileWanted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const given = Promise.withResolvers<never>();
  const giveUp = (): void => given.reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, given.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** What went wrong in words for whoever set it up. What the other server said is quoted, cut, and cannot drive a terminal. */
export function acmeError(error: unknown, directoryUrl: string, signal: AbortSignal): CertificateError {
  if (error instanceof CertificateError) return error;
  const host = URL.canParse(directoryUrl) ? new URL(directoryUrl).host : 'it';
  const code = codeOf(error) ?? '';
  if (signal.aborted || code === 'ECONNABORTED') {
    return new CertificateError('acme_timeout', `Cannot finish with "${host}": it must answer in time`, {
      cause: error,
    });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|ISSUER/.test(code)) {
    return new CertificateError(
      'acme_unreachable',
      `Cannot trust "${host}": its certificate must lead to a known root`,
      {
        cause: error,
        details: { reason: code },
        hint: 'for an ACME server of your own, give the certificate of its authority',
      },
    );
  }
  if (/^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_')) {
    return new CertificateError('acme_unreachable', `Cannot reach "${host}": ${code}`, {
      cause: error,
      details: { reason: code },
      hint: 'this server must be able to open HTTPS connections to it',
    });
  }
  return new CertificateError('acme_refused', `"${host}" refused: ${quoted(messageOf(error))}`, { cause: error });
}

export function quoted(text: string): string {
  return text
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, maxQuotedLength);
}

/** Throws `acme_directory_invalid`. */
export function parseDirectoryUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '' && text.length <= 500) return url.href;
  throw new CertificateError(
    'acme_directory_invalid',
    `Cannot use ${JSON.stringify(quoted(text))}: must be an https address of an ACME directory`,
  );
}

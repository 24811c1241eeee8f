import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import { codeOf } from '@sallyport/platform/errors';
import { guardedLookup } from '@sallyport/platform/guarded-address';
import { ProviderError } from '../errors.ts';
import { parseProviderUrl, refuseAddress } from './provider-address.ts';

export type ProviderCall = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

export type ProviderReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** What may be asked of a provider: the hosts of its issuer and of its metadata, and nothing else. */
export type ReachableProvider = {
  readonly hosts: ReadonlySet<string>;
  readonly allowsPrivateAddresses: boolean;
  readonly authorityPem: string | undefined;
};

/** Throws `ProviderError` `provider_unreachable`. */
export type AskProvider = (provider: ReachableProvider, call: ProviderCall) => Promise<ProviderReply>;

const maxAnswerBytes = 512 * 1024;

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up now',
  EPROTO: 'it does not speak TLS as we do',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody known vouches for its certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody known vouches for its certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody known vouches for its certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody known vouches for its certificate',
};

/**
 * One request to a provider, which may be an adversary, or whoever stands in for it on the way: only to its own hosts, with
 * every address a name leads to looked at; redirects are answers and followed nowhere; a long answer is cut off with the
 * connection; the signal ends what takes too long. Certificates are always verified.
 */
export const askProvider: AskProvider = async (provider, { method, url, headers, body, signal }) => {
  const target = parseProviderUrl(url, 'address of the provider', provider);
  if (!provider.hosts.has(target.host)) throw unreachable('it names a host that is not its own');
  const isInClear = target.protocol !== 'https:';
  const options: RequestOptions & { ca?: string[] } = {
    method,
    signal,
    lookup: guardedLookup((address) => refuseAddress(address, { ...provider, isInClear })),
    maxHeaderSize: 16_384,
    agent: false,
    headers: { ...headers, 'user-agent': 'Sallyport', connection: 'close', ...lengthOf(body) },
    ...(provider.authorityPem === undefined ? {} : { ca: [...rootCertificates, provider.authorityPem] }),
  };
  try {
    const sent = isInClear ? requestHttp(target, options) : requestHttps(target, options);
    const response = await answerTo(sent, body);
    try {
      return {
        status: response.statusCode ?? 0,
        headers: singleHeaders(response),
        body: await readBounded(response),
      };
    } finally {
      response.destroy();
    }
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const code = codeOf(error) ?? '';
    throw unreachable(signal.aborted ? 'no answer in time' : (words[code] ?? `the connection failed (${code})`), error);
  }
};

export function unreachable(why: string, cause?: unknown): ProviderError {
  return new ProviderError('provider_unreachable', `Cannot ask the provider: ${why}`, { cause });
}

/** Whatever becomes of the connection, this ends: an answer of 101 destroys it without a word. */
function answerTo(sent: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.on('close', () => reject(unreachable('it hung up without an answer')));
    sent.end(body);
  });
}

async function readBounded(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    length += part.length;
    if (length > maxAnswerBytes) throw unreachable(`it answered more than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function singleHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

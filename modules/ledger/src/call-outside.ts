import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { codeOf } from '@sallyport/platform/errors';
import { guardedLookup } from '@sallyport/platform/guarded-address';
import { nodeHttp } from '@sallyport/platform/node-http';
import { LedgerError } from './errors.ts';

export type OutsideCall = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** PEM of what its certificate must lead to; the authorities of the system when undefined. */
  readonly authorityPem: string | undefined;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
};

export type OutsideReply = { readonly status: number; readonly contentType: string; readonly body: Buffer };

/** Who is called, in the words and codes of its errors, and what is refused about it. */
export type OutsideParty = {
  /** As a sentence begins: "The witness". */
  readonly name: string;
  readonly code: 'witness_unreachable' | 'time_authority_unreachable';
  readonly accept: string;
  readonly contentType: string;
  readonly maxAnswerBytes: number;
  /** Throws for an address that its name leads to and where it cannot be. */
  readonly refuseAddress: (address: string, way: { readonly isInClear: boolean }) => void;
};

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
 * One request to somebody outside, who is an adversary: redirects are answers like any other, a long body is cut off with the
 * connection, and the signal ends what takes too long. Certificates are always verified. Throws `LedgerError` of the party's code.
 */
export async function callOutside(
  party: OutsideParty,
  { method, url, authorityPem, body, signal }: OutsideCall,
): Promise<OutsideReply> {
  const target = new URL(url);
  const options: RequestOptions & { ca?: string } = {
    method,
    signal,
    lookup: guardedLookup((address) => party.refuseAddress(address, { isInClear: target.protocol !== 'https:' })),
    maxHeaderSize: 16_384,
    agent: false,
    headers: {
      accept: party.accept,
      'user-agent': 'Sallyport',
      connection: 'close',
      ...(body === undefined ? {} : { 'content-type': party.contentType, 'content-length': Buffer.byteLength(body) }),
    },
    ...(authorityPem === undefined ? {} : { ca: authorityPem }),
  };
  try {
    const sent = target.protocol === 'https:' ? requestHttps(target, options) : nodeHttp.request(target, options);
    const response = await answerTo(sent, party, body);
    try {
      return {
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        body: await readBounded(response, party),
      };
    } finally {
      response.destroy();
    }
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    const code = codeOf(error) ?? '';
    const why = signal.aborted ? 'no answer in time' : (words[code] ?? `the connection failed (${code})`);
    throw new LedgerError(party.code, `${party.name} is not reached: ${why}`, { cause: error });
  }
}

/**
 * Whatever becomes of the connection, this ends: an answer of 101 destroys it without a word, and so may others; and once it is
 * destroyed, the signal reaches nobody.
 */
function answerTo(
  sent: ClientRequest,
  { name, code }: OutsideParty,
  body: string | Uint8Array | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.on('close', () => reject(new LedgerError(code, `${name} hung up without an answer`)));
    sent.end(body);
  });
}

async function readBounded(response: IncomingMessage, { name, code, maxAnswerBytes }: OutsideParty): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    length += part.length;
    if (length > maxAnswerBytes) throw new LedgerError(code, `${name} answered more than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

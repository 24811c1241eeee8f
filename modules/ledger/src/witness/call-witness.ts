import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { codeOf } from '@sallyport/platform/errors';
import { guardedLookup } from '@sallyport/platform/guarded-address';
import { LedgerError } from '../errors.ts';
import { refuseAddress } from './witness-address.ts';

export type WitnessCall = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** PEM of what its certificate must lead to; the authorities of the system when undefined. */
  readonly authorityPem: string | undefined;
  readonly body?: string;
  readonly signal: AbortSignal;
};

export type WitnessAnswer = { readonly status: number; readonly contentType: string; readonly body: Buffer };

/** Throws `LedgerError` `witness_unreachable`. */
export type CallWitness = (call: WitnessCall) => Promise<WitnessAnswer>;

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

/** 100 cosignatures of the longest names fit. */
const maxAnswerBytes = 64 * 1024;

/**
 * One request to a witness, which is an adversary: redirects are answers like any other, a long body is cut off with the
 * connection, and the signal ends what takes too long. Certificates are always verified.
 */
export const callWitness: CallWitness = async ({ method, url, authorityPem, body, signal }) => {
  const target = new URL(url);
  const options: RequestOptions & { ca?: string } = {
    method,
    signal,
    lookup: guardedLookup((address) => refuseAddress(address, { isInClear: target.protocol !== 'https:' })),
    maxHeaderSize: 16_384,
    agent: false,
    headers: {
      accept: 'text/plain, text/x.tlog.size',
      'user-agent': 'Sallyport',
      connection: 'close',
      ...(body === undefined
        ? {}
        : { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) }),
    },
    ...(authorityPem === undefined ? {} : { ca: authorityPem }),
  };
  try {
    const sent = target.protocol === 'https:' ? requestHttps(target, options) : requestHttp(target, options);
    const response = await answerTo(sent, body);
    try {
      return {
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        body: await readBounded(response),
      };
    } finally {
      response.destroy();
    }
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    const code = codeOf(error) ?? '';
    const why = signal.aborted ? 'no answer in time' : (words[code] ?? `the connection failed (${code})`);
    throw new LedgerError('witness_unreachable', `The witness is not reached: ${why}`, { cause: error });
  }
};

/**
 * Whatever becomes of the connection, this ends: an answer of 101 destroys it without a word, and so may others; and once it is
 * destroyed, the signal reaches nobody.
 */
function answerTo(sent: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.on('close', () => reject(new LedgerError('witness_unreachable', 'The witness hung up without an answer')));
    sent.end(body);
  });
}

async function readBounded(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    length += part.length;
    if (length > maxAnswerBytes)
      throw new LedgerError('witness_unreachable', `The witness answered more than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

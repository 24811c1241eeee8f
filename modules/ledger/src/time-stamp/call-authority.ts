import { kindOfHost } from '@sallyport/platform/guarded-address';
import { callOutside } from '../call-outside.ts';
import { LedgerError } from '../errors.ts';
import { timeStampAnswerType, timeStampRequestType } from './exchange.ts';
import { maxTokenBytes } from './parse-token.ts';

const maxUrlCharacters = 500;

/** Sends a request (DER) to an authority and gives what it answered (DER). Throws `LedgerError` `time_authority_unreachable`. */
export type CallTimeAuthority = (call: {
  readonly url: string;
  /** PEM of what its TLS certificate must lead to; the authorities of the system when undefined. */
  readonly authorityPem: string | undefined;
  readonly request: Uint8Array;
  readonly signal: AbortSignal;
}) => Promise<Buffer>;

export const callTimeAuthority: CallTimeAuthority = async ({ url, authorityPem, request, signal }) => {
  const { status, body } = await callOutside(
    {
      name: 'The time-stamping authority',
      code: 'time_authority_unreachable',
      accept: timeStampAnswerType,
      contentType: timeStampRequestType,
      maxAnswerBytes: maxTokenBytes,
      refuseAddress,
    },
    { method: 'POST', url, authorityPem, body: request, signal },
  );
  if (status !== 200)
    throw new LedgerError('time_authority_unreachable', `The time-stamping authority answered ${status}`);
  return body;
};

/**
 * Where an authority is reached. Most public ones are asked in clear, and may be: what they answer is signed, is about a hash, and
 * repeats a number nobody could know. Not link-local, where clouds keep credentials. Throws `time_authority_invalid`.
 */
export function parseTimeAuthorityUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.slice(0, maxUrlCharacters + 1));
  } catch {
    throw refused('it is no URL');
  }
  if (text.length > maxUrlCharacters) throw refused(`it must have at most ${maxUrlCharacters} characters`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('it must begin with https: or http:');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw refused('it must be without user, password and fragment');
  if (kindOfHost(url.hostname) === 'nowhere') throw refused('it leads where no authority is');
  return url.href;
}

function refuseAddress(address: string): void {
  if (kindOfHost(address) === 'nowhere')
    throw new LedgerError('time_authority_unreachable', 'The name of the authority leads where no authority is');
}

function refused(why: string): LedgerError {
  return new LedgerError('time_authority_invalid', `Cannot use this address of a time-stamping authority: ${why}`);
}

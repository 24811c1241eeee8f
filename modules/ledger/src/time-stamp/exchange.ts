// RFC 3161 section 2.4: what is sent to an authority, and what of its answer is the token.
import { createHash } from 'node:crypto';
import { Integer, OctetString, Sequence, Utf8String } from 'asn1js';
import { AlgorithmIdentifier, MessageImprint, TimeStampReq, TimeStampResp } from 'pkijs';
import { messageOf } from '@sallyport/platform/errors';
import { readElement } from './parse-token.ts';

export const timeStampRequestType = 'application/timestamp-query';
export const timeStampAnswerType = 'application/timestamp-reply';

const nonceBytes = 16;

/** DER, and the nonce as the answer must repeat it: a positive number, so that each encodes it in the same bytes. */
export function createTimeStampRequest(
  data: Uint8Array,
  random: (bytes: number) => Buffer,
): { readonly request: Buffer; readonly nonce: Buffer } {
  const nonce = random(nonceBytes);
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40;
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: '2.16.840.1.101.3.4.2.1' }),
      hashedMessage: new OctetString({ valueHex: createHash('sha256').update(data).digest() }),
    }),
    nonce: new Integer({ valueHex: nonce }),
    certReq: true,
  });
  return { request: Buffer.from(request.toSchema().toBER()), nonce };
}

export type TimeStampAnswer =
  | { readonly ok: true; readonly token: Buffer }
  | { readonly ok: false; readonly kind: 'refused' | 'unreadable'; readonly reason: string };

const granted = 0;
const grantedWithModifications = 1;

/** The token in an answer, which is not verified here. Never throws. */
export function readTimeStampAnswer(body: Uint8Array): TimeStampAnswer {
  try {
    const answer = readElement(body);
    const { status: said } = new TimeStampResp({ schema: answer });
    const status: number = said.status;
    if (status !== granted && status !== grantedWithModifications) {
      const words = (said.statusStrings ?? [])
        .map((text) => (text instanceof Utf8String ? text.getValue() : ''))
        .join(' ')
        .replaceAll(/[^\x20-\x7e]/g, ' ')
        .slice(0, 200)
        .trim();
      return { ok: false, kind: 'refused', reason: `it refused (status ${status})${words === '' ? '' : `: ${words}`}` };
    }
    const token = answer instanceof Sequence ? answer.valueBlock.value[1] : undefined;
    if (token === undefined) return { ok: false, kind: 'unreadable', reason: 'it granted no token' };
    return { ok: true, token: Buffer.from(token.valueBeforeDecodeView) };
  } catch (error) {
    return { ok: false, kind: 'unreadable', reason: messageOf(error) };
  }
}

import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import { readAuthorities } from './certificate-path.ts';
import { createTimeStampRequest, readTimeStampAnswer } from './exchange.ts';
import type { CallTimeAuthority } from './call-authority.ts';
import type { TimeAuthority } from './time-stamp-store.ts';
import { verifyTimeStampToken } from './verify-token.ts';
import type { TimeStamp } from './verify-token.ts';

export type StampAnswer =
  | { readonly kind: 'stamped'; readonly token: Buffer; readonly stamp: TimeStamp }
  /** It was not there, or would not. */
  | { readonly kind: 'none'; readonly message: string }
  /** It answered with what does not hold. */
  | { readonly kind: 'wrong'; readonly message: string };

/** An authority answers with its present time. */
const timeToleranceMs = 120_000;

/**
 * Has an authority stamp a checkpoint: the text of the note, without its signatures. What it answers is verified in full before it
 * counts: these bytes, this request, a signer that leads to its roots, a time between question and answer. Never rejects; ends
 * with the signal.
 */
export async function stampCheckpoint(
  needs: { readonly call: CallTimeAuthority; readonly clock: Clock; readonly random: (bytes: number) => Buffer },
  question: { readonly authority: TimeAuthority; readonly checkpoint: string; readonly signal: AbortSignal },
): Promise<StampAnswer> {
  const { authority, signal } = question;
  const data = stampedBytes(question.checkpoint);
  const { request, nonce } = createTimeStampRequest(data, needs.random);
  const beganMs = needs.clock.nowMs();
  let body: Buffer;
  try {
    const { url, authorityPem } = authority;
    body = await needs.call({ url, authorityPem, request, signal });
  } catch (error) {
    return { kind: 'none', message: messageOf(error) };
  }
  const answer = readTimeStampAnswer(body);
  if (!answer.ok) return { kind: answer.kind === 'refused' ? 'none' : 'wrong', message: answer.reason };
  const authorities = readAuthorities(authority.rootsPem);
  const verified = verifyTimeStampToken(answer.token, { data, nonce, authorities });
  if (!verified.ok) return { kind: 'wrong', message: verified.reason };
  const { stamp } = verified;
  const [earliestMs, latestMs] = [beganMs - timeToleranceMs, needs.clock.nowMs() + timeToleranceMs];
  if (stamp.atMs < earliestMs || stamp.atMs > latestMs) {
    const stated = new Date(stamp.atMs).toISOString();
    return { kind: 'wrong', message: `it states ${stated} as the time: its clock or ours is wrong` };
  }
  return { kind: 'stamped', token: answer.token, stamp };
}

/** What is stamped of a signed note: `openssl ts -verify -data` takes these bytes. */
function stampedBytes(checkpoint: string): Buffer {
  return Buffer.from(parseSignedCheckpoint(checkpoint).note.text);
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Clock } from '@sallyport/platform/clock';
import type { Tickets } from '../tickets/tickets.ts';
import { refused } from './passkeys.ts';

export type ChallengePurpose = 'create' | 'sign-in' | 'step-up' | 'browser-key' | 'sealed-create' | 'sealed-open';

/**
 * Challenges for passkeys (WebAuthn Level 3 section 13.4.3). Anybody may ask for one, so nothing is stored when it is given
 * out: it carries its own end and a code under our key, for one purpose and one person (or nobody yet). Only one that a
 * passkey has answered rightly is noted, so that it is good once.
 */
export type Challenges = {
  issue(purpose: ChallengePurpose, userId?: string): string;
  /** One of ours, in time, for this purpose and person. */
  check(challenge: string, purpose: ChallengePurpose, userId?: string): boolean;
  /** In the transaction that accepts the answer. Throws `passkey_refused` when it was used before. */
  spend(where: Database | Transaction, challenge: string): Promise<void>;
  /** The same, and false when it was. */
  take(where: Database | Transaction, challenge: string): Promise<boolean>;
};

const lifetimeMs = 5 * 60_000;
const timeBytes = 8;
const nonceBytes = 16;
const macBytes = 32;

export function createChallenges(needs: {
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly tickets: Pick<Tickets, 'spend'>;
}): Challenges {
  const { key, clock, random, tickets } = needs;
  const macOf = (body: Uint8Array, purpose: ChallengePurpose, userId = ''): Buffer =>
    createHmac('sha256', key).update(`${purpose}\0${userId}\0`).update(body).digest();
  /** By its bytes: the same challenge may be written in several ways that all decode to it. */
  const take: Challenges['take'] = (where, challenge) =>
    tickets.spend(where, Buffer.from(challenge, 'base64url').toString('base64url'), clock.nowMs() + lifetimeMs);

  return {
    issue(purpose, userId) {
      const body = Buffer.alloc(timeBytes + nonceBytes);
      body.writeBigUInt64BE(BigInt(clock.nowMs() + lifetimeMs));
      body.set(random(nonceBytes), timeBytes);
      return Buffer.concat([body, macOf(body, purpose, userId)]).toString('base64url');
    },
    check(challenge, purpose, userId) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== timeBytes + nonceBytes + macBytes) return false;
      const body = bytes.subarray(0, timeBytes + nonceBytes);
      if (!timingSafeEqual(bytes.subarray(-macBytes), macOf(body, purpose, userId))) return false;
      return body.readBigUInt64BE() > BigInt(clock.nowMs());
    },
    async spend(where, challenge) {
      if (!(await take(where, challenge))) throw refused('this answer was used before');
    },
    take,
  };
}

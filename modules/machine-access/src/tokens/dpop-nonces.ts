import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@sallyport/platform/clock';

/**
 * Nonces for proofs (RFC 9449 section 8). Each is our own mark of the minute it was given out in, so that they cost no memory,
 * say how old a proof is whatever the client's clock says, and are good for one to two minutes and not past a restart: which
 * bounds how long a proof once seen must be remembered.
 */
export type DpopNonces = {
  /** The one to use now. */
  current(): string;
  /** `old`: still good, though there is a newer one to be told. */
  check(nonce: string): 'good' | 'old' | 'bad';
};

const slotMs = 60_000;
/** No proof can be used longer after it was made with a nonce of ours. */
export const longestNonceMs = 2 * slotMs;

export function createDpopNonces(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: (length: number) => Uint8Array;
}): DpopNonces {
  const key = needs.random(32);
  const slot = (): number => Math.floor(needs.clock.monotonicMs() / slotMs);
  const nonceOf = (of: number): string =>
    createHmac('sha256', key).update(`${of}`).digest().subarray(0, 18).toString('base64url');
  const isSame = (one: string, other: string): boolean => {
    const [a, b] = [Buffer.from(one), Buffer.from(other)];
    return a.length === b.length && timingSafeEqual(a, b);
  };
  return {
    current: () => nonceOf(slot()),
    check(nonce) {
      const now = slot();
      if (isSame(nonce, nonceOf(now))) return 'good';
      return isSame(nonce, nonceOf(now - 1)) ? 'old' : 'bad';
    },
  };
}

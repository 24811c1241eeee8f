import { createHash } from 'node:crypto';
import type { Clock } from '@sallyport/platform/clock';
import { longestNonceMs } from './dpop-nonces.ts';

/**
 * Proofs that were used, for as long as their nonce could be good. Bounded: when it is full of proofs that are still good,
 * further ones are refused rather than an earlier one forgotten. Only holders of good tokens and credentials get here, and
 * the edge bounds how often each asks.
 */
export type SeenProofs = {
  /** True for the first of all who bring this one; of a full memory, `full`. */
  use(thumbprint: string, jti: string): boolean | 'full';
};

export function createSeenProofs(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly max: number;
}): SeenProofs {
  /** In the order of use, which is the order of their ends. */
  const seen = new Map<string, number>();
  return {
    use(thumbprint, jti) {
      const nowMs = needs.clock.monotonicMs();
      for (const [old, endMs] of seen) {
        if (endMs > nowMs) break;
        seen.delete(old);
      }
      const name = createHash('sha256').update(`${thumbprint}\0${jti}`).digest('base64url').slice(0, 27);
      if (seen.has(name)) return false;
      if (seen.size >= needs.max) return 'full';
      seen.set(name, nowMs + longestNonceMs);
      return true;
    },
  };
}

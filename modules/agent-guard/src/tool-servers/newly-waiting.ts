import { createHash } from 'node:crypto';
import type { ToldOffer } from './waiting-offers.ts';

/** How many of what waits the run did not tell of before: who tells of the same again brought nothing more. */
export type NewlyWaiting = (sessionId: string, serverId: string, waiting: readonly ToldOffer[]) => number;

/** Of all runs; who tells of more may have them counted again. */
const mostKnown = 50_000;

export function createNewlyWaiting(most = mostKnown): NewlyWaiting {
  /** Digests, for names are long; what was told of last stands last. */
  const known = new Set<string>();

  return (sessionId, serverId, waiting) => {
    let count = 0;
    for (const { kind, name, digest = '' } of waiting) {
      const key = createHash('sha256')
        .update(JSON.stringify([sessionId, serverId, kind, name, digest]))
        .digest('base64url')
        .slice(0, 22);
      if (!known.delete(key)) count += 1;
      known.add(key);
      const [oldest] = known;
      if (known.size > most && oldest !== undefined) known.delete(oldest);
    }
    return count;
  };
}

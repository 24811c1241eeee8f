import { setTimeout as sleep } from 'node:timers/promises';

const maxLooks = 40;
const firstPauseMs = 500;
const longestPauseMs = 5000;

type Watched = { readonly status: string };

/**
 * Looks, twice a second at first, then every five, until what is shown is no longer under way (RFC 8555 section 7.5.1).
 * acme-client has such a wait too, but goes on for minutes after it was given up. A look that fails is tried again, but the
 * last. Rejects with the last look's error, or as soon as the signal is.
 */
export async function untilSettled<Item extends Watched>(
  look: () => Promise<Item>,
  signal: AbortSignal,
): Promise<Item> {
  let pauseMs = firstPauseMs;
  for (let looks = 1; ; looks += 1) {
    signal.throwIfAborted();
    try {
      const seen = await look();
      if (!isUnderWay(seen)) return seen;
      if (looks === maxLooks) throw new Error(`still ${seen.status} after ${maxLooks} looks`);
    } catch (error) {
      if (looks === maxLooks || signal.aborted) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

function isUnderWay({ status }: Watched): boolean {
  return status === 'pending' || status === 'ready' || status === 'processing';
}

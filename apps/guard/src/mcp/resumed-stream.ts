import { setTimeout as delay } from 'node:timers/promises';

/** Before a stream is taken up again, where the server does not say how long. */
const againMs = 1000;
const minAgainMs = 100;
const maxAgainMs = 30_000;
/** Tries in a row that bring nothing. */
const maxFailed = 5;

/** How a stream ended, and behind which event it can be gone on. */
export type Ended = {
  readonly broke: Error | undefined;
  /** No message came. */
  readonly isEmpty: boolean;
  readonly lastId: string | undefined;
  readonly retryMs: number | undefined;
};

/**
 * Goes on with the stream of one question that ended, until its answer came, nobody waits for it any more, or the server does not let it be
 * taken up. Rejects with why there is no answer. `takeUp`: gives undefined where the server does not do that.
 */
export async function readOn(
  first: Ended,
  {
    isWaitedFor,
    takeUp,
    signal,
  }: {
    readonly isWaitedFor: () => boolean;
    readonly takeUp: (lastId: string, signal: AbortSignal) => Promise<Ended | undefined>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let { lastId, retryMs: waitMs, broke } = first;
  let failed = 0;
  while (isWaitedFor() && !signal.aborted) {
    if (lastId === undefined || failed >= maxFailed) throw broke ?? new Error('its answer ended before it was whole');
    await delay(Math.min(Math.max(waitMs ?? againMs, minAgainMs), maxAgainMs) * (failed + 1), undefined, { signal });
    const resumed = await takeUp(lastId, signal).catch(errorOf);
    if (resumed === undefined) throw broke ?? new Error('its answer ended before it was whole, and is not kept');
    if (resumed instanceof Error) {
      broke = resumed;
      failed += 1;
      continue;
    }
    // Neither a message nor a name that is new.
    failed = resumed.isEmpty && (resumed.lastId ?? lastId) === lastId ? failed + 1 : 0;
    lastId = resumed.lastId ?? lastId;
    waitMs = resumed.retryMs ?? waitMs;
  }
}

export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

import type { Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import type { FramePeer } from './frames.ts';

export type RevivedPeerNeeds = {
  /** Starts the process and says hello: what it returns can be called. Closes what it opened when it throws. */
  start(): Promise<FramePeer>;
  readonly clock: Clock;
  /** The error of a call while there is no process. */
  down(why: string): Error;
  /** The wait before the first new start; doubles up to `lastRetryMs` while the process does not stay up. */
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
};

/** The other end of a process that is started when it is first needed and again after it ended. */
export type RevivedPeer = {
  /** The process that runs, else a new one; throws `down` at once while it is too early for another start. */
  connected(): Promise<FramePeer>;
  /** `lastError`: why it is not there, undefined while it is up or was never started. */
  state(): { readonly isUp: boolean; readonly lastError: string | undefined; readonly starts: number };
  close(): void;
};

/** A process that ends earlier than this counts as one that did not start. */
const settledAfterMs = 10_000;

export function createRevivedPeer(needs: RevivedPeerNeeds): RevivedPeer {
  let current: Promise<FramePeer> | undefined;
  let isUp = false;
  let isClosed = false;
  let lastError: string | undefined;
  let starts = 0;
  let retryAtMs = 0;
  let retryAfterMs = needs.firstRetryMs;

  function failed(error: unknown): void {
    isUp = false;
    current = undefined;
    lastError = messageOf(error);
    retryAtMs = needs.clock.monotonicMs() + retryAfterMs;
    retryAfterMs = Math.min(retryAfterMs * 2, needs.lastRetryMs);
  }

  async function start(): Promise<FramePeer> {
    starts += 1;
    return needs.start();
  }

  return {
    async connected() {
      if (isClosed) throw needs.down('it was shut down');
      if (current !== undefined) return current;
      if (needs.clock.monotonicMs() < retryAtMs) throw needs.down(lastError ?? 'it ended');
      const starting = start();
      current = starting;
      try {
        const peer = await starting;
        const upSinceMs = needs.clock.monotonicMs();
        isUp = !isClosed;
        lastError = undefined;
        void peer.closed.then(() => {
          if (current !== starting) return;
          if (needs.clock.monotonicMs() - upSinceMs >= settledAfterMs) retryAfterMs = needs.firstRetryMs;
          failed(new Error('the process ended'));
        });
        return peer;
      } catch (error) {
        if (current === starting) failed(error);
        throw error;
      }
    },
    state: () => ({ isUp, lastError, starts }),
    close() {
      isClosed = true;
      isUp = false;
      void current?.then(
        (peer) => peer.close(),
        () => undefined,
      );
      current = undefined;
    },
  };
}

import type { Clock } from '@sallyport/platform/clock';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import { createRevivedPeer } from '@sallyport/platform/revived-peer';
import { EventSearchError, isEventSearchErrorCode } from './errors.ts';
import { defaultStoreMemory } from './insert-size.ts';

export type StoreClientNeeds = {
  /** Starts a store process and gives the connection to it. When the connection is closed, the process must be ended. */
  connect(): Promise<FramePeer>;
  /** The 32-byte key of the store's disk, asked for at each start of the process and wiped after use. */
  key(): Promise<Uint8Array>;
  readonly directory: string;
  /** Default 2 GiB. */
  readonly memoryLimitBytes?: number;
  /** For one query; default one less than there are processors. */
  readonly threads: number;
  readonly clock: Clock;
  /** Aborts after a while: a store process that does not answer by then is given up. */
  deadline(milliseconds: number): AbortSignal;
};

export type StoreClient = {
  /** Throws `EventSearchError`: `store_unavailable` when the process is not there or ends first, else the store's own code. */
  call(method: 'insert' | 'remove' | 'query' | 'ping', request: FrameBody): Promise<FrameBody>;
  /** What is known without asking: undefined when it never started, else up or the reason it is not. */
  state(): { readonly isUp: boolean; readonly lastError: string | undefined; readonly starts: number };
  close(): void;
};

const firstRetryMs = 250;
const lastRetryMs = 30_000;
const openDeadlineMs = 120_000;
const callDeadlineMs = 180_000;

/**
 * The server's end of the store process. Starts it at the first call and again at the first call after it ended, not before a
 * back-off that doubles while it does not stay up; calls in between are refused at once.
 */
export function createStoreClient(needs: StoreClientNeeds): StoreClient {
  async function start(): Promise<FramePeer> {
    const peer = await needs.connect();
    const key = await needs.key();
    try {
      const head = {
        directory: needs.directory,
        memoryLimitBytes: needs.memoryLimitBytes ?? defaultStoreMemory,
        threads: needs.threads,
      };
      await peer.call('open', { head, payload: key }, { signal: needs.deadline(openDeadlineMs) });
    } catch (error) {
      peer.close();
      throw error;
    } finally {
      key.fill(0);
    }
    return peer;
  }

  const store = createRevivedPeer({ start, clock: needs.clock, down: unavailable, firstRetryMs, lastRetryMs });

  return {
    async call(method, request) {
      let peer: FramePeer | undefined;
      try {
        peer = await store.connected();
        return await peer.call(method, request, { signal: needs.deadline(callDeadlineMs) });
      } catch (error) {
        if (error instanceof CodedError && error.code === 'aborted') peer?.close();
        throw asSearchError(error);
      }
    },
    state: () => store.state(),
    close: () => store.close(),
  };
}

function asSearchError(error: unknown): EventSearchError {
  if (error instanceof EventSearchError) return error;
  const code = codeOf(error);
  if (error instanceof CodedError && code !== undefined && isEventSearchErrorCode(code)) {
    const { details, hint } = error;
    return new EventSearchError(code, error.message, {
      cause: error,
      details,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return unavailable(messageOf(error), error);
}

function unavailable(why: string, cause?: unknown): EventSearchError {
  return new EventSearchError('store_unavailable', `Cannot reach the event store: ${why}`, { cause });
}

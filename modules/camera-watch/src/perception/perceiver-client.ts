import type { Clock } from '@sallyport/platform/clock';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import { createRevivedPeer } from '@sallyport/platform/revived-peer';

export type PerceiverClientNeeds = {
  /** Starts a perceiver process and gives the connection to it. When the connection is closed, the process must be ended. */
  connect(): Promise<FramePeer>;
  readonly clock: Clock;
  /** Aborts after a while: a process that does not answer by then is given up. */
  deadline(milliseconds: number): AbortSignal;
};

export type PerceiverClient = {
  /**
   * Throws `perceiver_down` when the process is not there, `perceiver_died` when it ended or was given up with this call
   * under way, else the process's own code.
   */
  call(method: 'perceive' | 'forget', request: FrameBody): Promise<FrameBody>;
  /** Starts the process before the first call; again, where it is down and not too early. Never throws. */
  start(): Promise<void>;
  state(): PerceiverState;
  close(): void;
};

export type PerceiverState = {
  readonly isUp: boolean;
  /** It could not be started, or has ended, and is not up again. */
  readonly hasFailed: boolean;
  readonly model: string | undefined;
  /** Why it is down, or why there is no model or not the best one. */
  readonly reason: string | undefined;
  readonly starts: number;
};

const firstRetryMs = 100;
const lastRetryMs = 10_000;
/** Weights are read and hashed, and a model is compiled. */
const helloDeadlineMs = 60_000;
/** A frame takes a tenth of a second; what takes this long is stuck. */
const callDeadlineMs = 15_000;

/**
 * The server's end of one perceiver process. Starts it at the first call and again at the first call after it ended, not
 * before a back-off that doubles while it does not stay up; calls in between are refused at once.
 */
export function createPerceiverClient(needs: PerceiverClientNeeds): PerceiverClient {
  let model: string | undefined;
  /** Why it has no model, or not the best one. */
  let reason: string | undefined;

  async function start(): Promise<FramePeer> {
    const peer = await needs.connect();
    try {
      const { head } = await peer.call('hello', { head: {} }, { signal: needs.deadline(helloDeadlineMs) });
      model = typeof head['model'] === 'string' ? head['model'] : undefined;
      reason = typeof head['reason'] === 'string' ? head['reason'] : undefined;
    } catch (error) {
      peer.close();
      throw error;
    }
    return peer;
  }

  const perceiver = createRevivedPeer({ start, clock: needs.clock, down, firstRetryMs, lastRetryMs });

  return {
    async call(method, request) {
      let peer: FramePeer | undefined;
      try {
        peer = await perceiver.connected();
        return await peer.call(method, request, { signal: needs.deadline(callDeadlineMs) });
      } catch (error) {
        if (error instanceof CodedError && error.code === 'perceiver_down') throw error;
        if (peer === undefined || !(error instanceof CodedError)) throw down(messageOf(error), error);
        if (error.code !== 'aborted' && error.code !== 'peer_gone') throw error;
        peer.close();
        throw new CodedError('perceiver_died', `The perceiver process ended: ${error.message}`, { cause: error });
      }
    },
    async start() {
      await perceiver.connected().catch(() => undefined);
    },
    state() {
      const { isUp, lastError, starts } = perceiver.state();
      return { isUp, hasFailed: lastError !== undefined, model, reason: lastError ?? reason, starts };
    },
    close: () => perceiver.close(),
  };
}

function down(why: string, cause?: unknown): CodedError {
  return new CodedError('perceiver_down', `Cannot reach the perceiver process: ${why}`, { cause });
}

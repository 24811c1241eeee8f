import type { Clock } from '@sallyport/platform/clock';
import type { Secret } from '@sallyport/platform/secret';

/** Fetches pictures from one camera until it ends, fails or is told to stop; rejects with why, in words without the address. */
export type Pull = (request: {
  readonly url: Secret;
  readonly signal: AbortSignal;
  readonly onPicture: (jpeg: Uint8Array) => void;
}) => Promise<void>;

export type PullNeeds = {
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** One camera that is fetched from, for ever. */
export type Puller = {
  isConnected(): boolean;
  /** Why there is no picture; undefined while there are some. */
  problem(): string | undefined;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
};

const firstDelayMs = 500;
const maxDelayMs = 30_000;
const pictureWithinMs = 15_000;

/** Begins anew after every end, each time later while nothing comes; a camera that is silent for fifteen seconds has ended. */
export function startPuller(
  needs: PullNeeds,
  request: { readonly pull: Pull; readonly url: Secret; readonly onPicture: (jpeg: Uint8Array) => void },
): Puller {
  const { clock, delay } = needs;
  const stopping = new AbortController();
  let problem: string | undefined = 'not reached yet';
  let connected = false;

  async function attempt(): Promise<boolean> {
    const over = new AbortController();
    const signal = AbortSignal.any([stopping.signal, over.signal]);
    let heardAtMs = clock.monotonicMs();
    let came = false;
    const watch = (async () => {
      for (;;) {
        const leftMs = heardAtMs + pictureWithinMs - clock.monotonicMs();
        if (leftMs <= 0) over.abort(new Error('no picture for 15 seconds'));
        if (signal.aborted) return;
        await delay(leftMs, signal);
      }
    })();
    try {
      await request.pull({
        url: request.url,
        signal,
        onPicture(jpeg) {
          heardAtMs = clock.monotonicMs();
          came = true;
          connected = true;
          problem = undefined;
          request.onPicture(jpeg);
        },
      });
      problem = 'the camera ended the stream';
    } catch (error) {
      const reason: unknown = over.signal.aborted ? over.signal.reason : error;
      problem = reason instanceof Error ? reason.message : 'failed';
    } finally {
      connected = false;
      over.abort();
      await watch;
    }
    return came;
  }

  async function run(): Promise<void> {
    for (let waitMs = firstDelayMs; !stopping.signal.aborted;) {
      waitMs = (await attempt()) ? firstDelayMs : Math.min(maxDelayMs, waitMs * 2);
      await delay(waitMs, stopping.signal);
    }
  }

  const running = run();
  return {
    isConnected: () => connected,
    problem: () => problem,
    async stop() {
      stopping.abort(new Error('stopped'));
      await running;
    },
  };
}

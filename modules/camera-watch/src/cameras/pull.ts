import type { Clock } from '@sallyport/platform/clock';
import type { Secret } from '@sallyport/platform/secret';
import { CameraWatchError } from '../errors.ts';
import { createCameraMemory, type CameraMemory } from './camera-authentication.ts';

/** Fetches pictures from one camera until it ends, fails or is told to stop; rejects with why, in words without the address. */
export type Pull = (request: PullRequest) => Promise<void>;

export type PullSource = {
  readonly url: Secret;
  /** SHA-256 of the certificate the camera must show; undefined to ask the authorities. */
  readonly fingerprint: string | undefined;
  readonly onPicture: (jpeg: Uint8Array) => void;
  /** 16-bit PCM, 16 kHz, one channel, a quarter of a second; undefined where its sound is not wanted. */
  readonly onSound: ((pcm: Uint8Array) => void) | undefined;
};

export type PullRequest = PullSource & {
  /** The same at every attempt. */
  readonly memory: CameraMemory;
  readonly signal: AbortSignal;
};

/** Why a camera brings no pictures, in words without its address. */
export type PullProblem = {
  readonly code: string;
  readonly message: string;
  /** Of the certificate it showed, where that is the matter. */
  readonly fingerprint: string | undefined;
};

export type PullNeeds = {
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** One camera that is fetched from, for ever. */
export type Puller = {
  isConnected(): boolean;
  /** Why there is no picture; undefined while there are some. */
  problem(): PullProblem | undefined;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
};

const firstDelayMs = 500;
const maxDelayMs = 30_000;
/** A camera that shows something and is gone again costs a process each time; one on a bad line is not left for long. */
const maxDelayAfterPicturesMs = 5000;
const steadyForMs = 10_000;
const pictureWithinMs = 15_000;
/** Many cameras lock an account, or us out, after a few wrong passwords. */
const afterRefusalMs = 300_000;

/**
 * Begins anew after every end, each time later while it does not hold, five minutes later where the password was refused; a
 * camera that is silent for fifteen seconds has ended.
 */
export function startPuller(needs: PullNeeds, source: PullSource & { readonly pull: Pull }): Puller {
  const { clock, delay } = needs;
  const stopping = new AbortController();
  let problem: PullProblem | undefined = problemOf(new Error('not reached yet'));
  let connected = false;
  /** The attempt before hung: should its sound have been the matter, pictures come without. */
  let isMute = false;
  const memory = createCameraMemory();

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
      await source.pull({
        ...source,
        onSound: isMute ? undefined : source.onSound,
        memory,
        signal,
        onPicture(jpeg) {
          heardAtMs = clock.monotonicMs();
          came = true;
          connected = true;
          problem = undefined;
          source.onPicture(jpeg);
        },
      });
      problem = problemOf(new Error('the camera ended the stream'));
    } catch (error) {
      problem = problemOf(over.signal.aborted ? over.signal.reason : error);
    } finally {
      connected = false;
      isMute = over.signal.aborted && !came && !isMute;
      over.abort();
      await watch;
    }
    return came;
  }

  async function run(): Promise<void> {
    for (let waitMs = firstDelayMs; !stopping.signal.aborted;) {
      const startedMs = clock.monotonicMs();
      const came = await attempt();
      const wasSteady = came && clock.monotonicMs() - startedMs >= steadyForMs;
      waitMs = wasSteady ? firstDelayMs : Math.min(came ? maxDelayAfterPicturesMs : maxDelayMs, waitMs * 2);
      const isRefused = problem?.code === 'camera_credentials_refused';
      await delay(isRefused ? afterRefusalMs : waitMs, stopping.signal);
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

function problemOf(reason: unknown): PullProblem {
  const fingerprint = reason instanceof CameraWatchError ? reason.details['tls_fingerprint'] : undefined;
  return {
    code: reason instanceof CameraWatchError ? reason.code : 'camera_input_failed',
    message: reason instanceof Error ? reason.message : 'failed',
    fingerprint: typeof fingerprint === 'string' ? fingerprint : undefined,
  };
}

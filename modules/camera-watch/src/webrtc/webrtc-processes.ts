import type { Clock } from '@sallyport/platform/clock';
import type { FramePeer } from '@sallyport/platform/frames';
import { createTokenBucket, type TokenBucket } from '@sallyport/platform/token-bucket';
import { CameraWatchError } from '../errors.ts';

/**
 * The processes of senders, counted until they have ended: sessions that take one another's place could otherwise have any
 * number of them running at once.
 */
export type WebrtcProcesses = {
  /** Takes a place; what is returned is to be called once, and starts the process. Throws `webrtc_busy`, before any work. */
  reserve(cameraId: string): () => Promise<FramePeer>;
  /** To be called now and then. */
  forget(): void;
  /** Resolves when all have ended. */
  ended(): Promise<void>;
};

/** One that is ending, and the one that takes its place. */
const mostOfOne = 2;
/** More than there are sessions, since they are still ending. */
const mostEnding = 4;
/** A beginning costs half a second of a processor: a program that comes back after a break needs a few, then is to wait. */
const beginnings = { perSecond: 0.2, burst: 6 };

export function createWebrtcProcesses(needs: {
  readonly connect: () => Promise<FramePeer>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly sessions: number;
}): WebrtcProcesses {
  const { connect, clock, sessions } = needs;
  const running = new Map<string, Set<Promise<void>>>();
  const buckets = new Map<string, TokenBucket>();

  function bucketOf(cameraId: string): TokenBucket {
    const bucket = buckets.get(cameraId) ?? createTokenBucket(beginnings, clock.monotonicMs());
    buckets.set(cameraId, bucket);
    return bucket;
  }

  function hold(cameraId: string, ended: Promise<void>): void {
    const ofCamera = running.get(cameraId) ?? new Set();
    running.set(cameraId, ofCamera.add(ended));
    void ended.then(() => {
      ofCamera.delete(ended);
      if (ofCamera.size === 0) running.delete(cameraId);
    });
  }

  return {
    reserve(cameraId) {
      const all = [...running.values()].reduce((sum, { size }) => sum + size, 0);
      if ((running.get(cameraId)?.size ?? 0) >= mostOfOne || all >= sessions + mostEnding)
        throw busy('processes before it are still ending', 1);
      const bucket = bucketOf(cameraId);
      const nowMs = clock.monotonicMs();
      if (!bucket.take(nowMs, 1)) throw busy('this camera begins too often', bucket.waitMs(nowMs, 1) / 1000);
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      hold(cameraId, ended);
      return async () => {
        try {
          const peer = await connect();
          void peer.closed.then(end);
          return peer;
        } catch (error) {
          end();
          throw error;
        }
      };
    },
    forget() {
      const nowMs = clock.monotonicMs();
      for (const [cameraId, bucket] of buckets) if (bucket.isFull(nowMs)) buckets.delete(cameraId);
    },
    async ended() {
      await Promise.all([...running.values()].flatMap((each) => [...each]));
    },
  };
}

function busy(why: string, retryAfterSeconds: number): CameraWatchError {
  return new CameraWatchError('webrtc_busy', `Cannot begin now: ${why}`, { details: { retryAfterSeconds } });
}

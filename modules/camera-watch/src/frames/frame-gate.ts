import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket, type BucketRate, type TokenBucket } from '@sallyport/platform/token-bucket';
import type { AudioChunk, Frame } from './frame.ts';
import type { FrameHub, Unnumbered } from './frame-hub.ts';

/** What devices are asked for; half as many more are taken. */
export const framesPerSecond = 10;
const frameRate = { perSecond: framesPerSecond * 1.5, burst: framesPerSecond };
/** Half as much again as sound has. */
const audioByteRate = { perSecond: 48_000, burst: 3 * 48_000 };

/** The hub as senders see it: what one of them brings faster than a camera may is dropped before anybody looks at it. */
export type FrameGate = {
  /** Whether it was taken. */
  offer(frame: Unnumbered<Frame>): boolean;
  offerAudio(chunk: Unnumbered<AudioChunk>): boolean;
};

export function createFrameGate(needs: {
  readonly hub: Pick<FrameHub, 'offer' | 'offerAudio'>;
  readonly clock: Clock;
}): FrameGate {
  const { hub, clock } = needs;
  const frames = new Map<string, TokenBucket>();
  const audio = new Map<string, TokenBucket>();
  const mayPass = (
    buckets: Map<string, TokenBucket>,
    rate: BucketRate,
    { cameraId, cost }: { readonly cameraId: string; readonly cost: number },
  ): boolean => {
    const nowMs = clock.monotonicMs();
    const bucket = buckets.get(cameraId) ?? createTokenBucket(rate, nowMs);
    buckets.set(cameraId, bucket);
    return bucket.take(nowMs, cost);
  };
  return {
    offer(frame) {
      if (!mayPass(frames, frameRate, { cameraId: frame.cameraId, cost: 1 })) return false;
      hub.offer(frame);
      return true;
    },
    offerAudio(chunk) {
      if (!mayPass(audio, audioByteRate, { cameraId: chunk.cameraId, cost: chunk.pcm.length })) return false;
      hub.offerAudio(chunk);
      return true;
    },
  };
}

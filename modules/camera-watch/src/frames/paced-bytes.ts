import type { Readable } from 'node:stream';
import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { createMultipartReader } from './multipart-reader.ts';

/** A camera of 3840 × 2160 needs less than half of it. */
export const cameraByteRate = { perSecond: 8 * 1024 * 1024, burst: 8 * 1024 * 1024 } as const;

/** What each packet or picture costs beside its bytes: empty ones, a million a second, would keep this process busy. */
export const bytesPerItem = 256;

/**
 * The pictures of an endless multipart, those that came at once together, read no faster than a camera may send: whoever
 * sends more is held up by the network. Throws as `createMultipartReader`.
 */
export async function* pacedParts(
  stream: Readable,
  boundary: string,
  needs: {
    readonly clock: Clock;
    readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly Uint8Array[]> {
  const { clock, delay, signal } = needs;
  const bucket = createTokenBucket(cameraByteRate, clock.monotonicMs());
  const reader = createMultipartReader(boundary);
  // Left open when whoever reads gives up, for the reply that says why.
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    if (!(bytes instanceof Uint8Array)) continue;
    const parts = reader.push(bytes);
    bucket.spend(clock.monotonicMs(), bytes.length + parts.length * bytesPerItem);
    yield parts;
    const waitMs = bucket.waitMs(clock.monotonicMs(), 0);
    if (waitMs > 0) await delay(waitMs, signal);
  }
}

import type { Readable } from 'node:stream';
import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket } from '@sallyport/platform/token-bucket';

/** A camera of 3840 × 2160 needs less than half of it. */
export const cameraByteRate = { perSecond: 8 * 1024 * 1024, burst: 8 * 1024 * 1024 } as const;

/** What a stream brings, read no faster than a camera may send: whoever sends more is held up by the network. */
export async function* pacedBytes(
  stream: Readable,
  needs: { readonly clock: Clock; readonly delay: (ms: number, signal: AbortSignal) => Promise<void> },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { clock, delay } = needs;
  const bucket = createTokenBucket(cameraByteRate, clock.monotonicMs());
  // Left open when whoever reads gives up, for the reply that says why.
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    if (!(bytes instanceof Uint8Array)) continue;
    bucket.spend(clock.monotonicMs(), bytes.length);
    yield bytes;
    const waitMs = bucket.waitMs(clock.monotonicMs(), 0);
    if (waitMs > 0) await delay(waitMs, signal);
  }
}

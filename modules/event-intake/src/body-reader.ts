import { Readable, pipeline } from 'node:stream';
import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import type { Clock } from '@sallyport/platform/clock';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import { EventIntakeError } from './errors.ts';
import type { IntakeLimits } from './limits.ts';

export type ContentEncoding = 'identity' | 'gzip' | 'zstd';

const zstdWindowLog = 23;

/** Memory the sender's choice of a window can make a decompressor hold, once that much has come out of it. */
export const windowBytes: Readonly<Record<ContentEncoding, number>> = {
  identity: 0,
  gzip: 32_768,
  zstd: 2 ** zstdWindowLog,
};

type BodyNeeds = { readonly clock: Clock; readonly limits: IntakeLimits; readonly signal: AbortSignal };

/**
 * The decompressed chunks of a request body, at the pace they are taken. Throws `events_too_large`, `body_expands_too_much`,
 * `body_corrupt`, `body_too_slow`, `request_aborted`. Never destroys `raw`: the reply still has to go out on its socket.
 */
export async function* readBody(
  raw: Readable,
  encoding: ContentEncoding,
  needs: BodyNeeds,
): AsyncGenerator<Uint8Array> {
  const { limits } = needs;
  const received = { bytes: 0 };
  // Whoever stops reading midway also ends the wait for the client, so that the rest can be read by somebody else.
  const stop = new AbortController();
  const wire = readWire(raw, received, { ...needs, signal: AbortSignal.any([needs.signal, stop.signal]) });
  const chunks = encoding === 'identity' ? wire : decompress(wire, encoding);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > limits.maxDecompressedBytes) {
        throw new EventIntakeError(
          'events_too_large',
          `Cannot read the body: it must be at most ${limits.maxDecompressedBytes} bytes when decompressed`,
        );
      }
      if (bytes > 1_048_576 && bytes > received.bytes * limits.maxExpansion) {
        throw new EventIntakeError(
          'body_expands_too_much',
          `Cannot read the body: it must expand at most ${limits.maxExpansion} times`,
        );
      }
      yield chunk;
    }
  } finally {
    stop.abort();
  }
}

function createDecompressor(encoding: 'gzip' | 'zstd'): Transform {
  if (encoding === 'gzip') return createGunzip();
  // The window is memory the sender chooses: 8 MiB covers all but the `--ultra` and `--long` levels.
  return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog } });
}

async function* decompress(wire: AsyncGenerator<Uint8Array>, encoding: 'gzip' | 'zstd'): AsyncGenerator<Uint8Array> {
  const decompressor = createDecompressor(encoding);
  pipeline(Readable.from(wire, { objectMode: false, highWaterMark: 65_536 }), decompressor, () => {
    // The error, if any, reaches the reader of the decompressor below.
  });
  try {
    for await (const chunk of decompressor) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new EventIntakeError('body_corrupt', `Cannot decompress the body as ${encoding}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    decompressor.destroy();
  }
}

/** The body as it comes over the wire, counted, with a bound on size and on the time spent waiting for the client. */
async function* readWire(raw: Readable, received: { bytes: number }, needs: BodyNeeds): AsyncGenerator<Uint8Array> {
  const { clock, limits } = needs;
  const iterator = raw.iterator({ destroyOnReturn: false });
  let waitedMs = 0;
  try {
    for (;;) {
      const earned = limits.bodyGraceMs + (received.bytes / limits.minBytesPerSecond) * 1000;
      const allowedMs = Math.min(earned, limits.bodyDeadlineMs) - waitedMs;
      const since = clock.monotonicMs();
      const next = await within(iterator.next(), allowedMs, needs.signal);
      waitedMs += clock.monotonicMs() - since;
      if (next.done === true) return;
      const chunk: unknown = next.value;
      if (!(chunk instanceof Uint8Array)) continue;
      received.bytes += chunk.byteLength;
      if (received.bytes > limits.maxCompressedBytes) {
        throw new EventIntakeError(
          'events_too_large',
          `Cannot read the body: it must be at most ${limits.maxCompressedBytes} bytes`,
        );
      }
      yield chunk;
    }
  } finally {
    void iterator.return?.();
  }
}

function within<Value>(promise: Promise<Value>, limitMs: number, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const slow = (): void =>
      settle(() => reject(new EventIntakeError('body_too_slow', 'Cannot wait for the body: it must arrive faster')));
    const abort = (): void => settle(() => reject(aborted()));
    const timer = setTimeout(slow, Math.max(0, limitMs));
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      finish();
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    promise.then(
      (value) => settle(() => resolve(value)),
      // A limit of the edge speaks for itself; any other end of the stream is the client's.
      (error: unknown) => settle(() => reject(error instanceof CodedError ? error : aborted())),
    );
  });
}

function aborted(): EventIntakeError {
  return new EventIntakeError('request_aborted', 'Cannot read the body: the connection was closed');
}

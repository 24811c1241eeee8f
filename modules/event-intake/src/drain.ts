import type { Readable } from 'node:stream';

/**
 * Reads and forgets what is left of a body that was given up, at most `maxBytes` and `maxMs`, so that a client still
 * sending gets to see the reply; false when there was more, and the connection has to be closed.
 */
export function drain(body: Readable, bounds: { readonly maxBytes: number; readonly maxMs: number }): Promise<boolean> {
  if (body.readableEnded || body.destroyed) return Promise.resolve(body.readableEnded);
  return new Promise((resolve) => {
    let left = bounds.maxBytes;
    const finish = (isWhole: boolean): void => {
      clearTimeout(timer);
      body.off('data', count).off('end', whole).off('close', gone).off('error', gone);
      if (!isWhole) body.pause();
      resolve(isWhole);
    };
    const whole = (): void => finish(true);
    const gone = (): void => finish(false);
    const count = (chunk: Uint8Array): void => {
      left -= chunk.byteLength;
      if (left < 0) finish(false);
    };
    const timer = setTimeout(gone, bounds.maxMs);
    body.on('data', count).on('end', whole).on('close', gone).on('error', gone);
    body.resume();
  });
}

// Streams cost a program that lives for one question as much as the question: a pipe is read and written as the file it is, and as a stream
// only where it must not be waited for.
import { readSync, writeSync } from 'node:fs';

const pieceBytes = 64 * 1024;

/** All that comes, until the other end closes. What is longer than `maxBytes` is read too, so that whoever writes is not cut off, and is not kept. */
export async function readInput(maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const keep = (chunk: Buffer): void => {
    // One more than fits tells that it did not.
    if (bytes <= maxBytes) chunks.push(chunk);
    bytes += chunk.length;
  };
  if (!readWaiting(keep)) {
    const input: AsyncIterable<Buffer> = process.stdin;
    for await (const chunk of input) keep(chunk);
  }
  return Buffer.concat(chunks);
}

/** False where the pipe does not wait, and has nothing yet. */
function readWaiting(keep: (chunk: Buffer) => void): boolean {
  for (;;) {
    const piece = Buffer.allocUnsafe(pieceBytes);
    let read: number;
    try {
      read = readSync(0, piece);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EAGAIN') return false;
      // How a pipe ends on Windows.
      if (code === 'EOF') return true;
      throw error;
    }
    if (read === 0) return true;
    keep(piece.subarray(0, read));
  }
}

/** Comes back when all of it is handed over. Rejects where it cannot be: an answer that nobody got is no answer. */
export async function writeOutput(to: 'stdout' | 'stderr', text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(to === 'stdout' ? 1 : 2, bytes, at);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      const rest = bytes.subarray(at);
      return new Promise((resolve, reject) => {
        process[to].on('error', reject);
        // Without an error it is handed over: `null` where all went well.
        process[to].write(rest, (failed) => (failed ? reject(failed) : resolve()));
      });
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

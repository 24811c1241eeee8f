import { createHash } from 'node:crypto';
import { CliError } from '../errors.ts';
import { openRegularFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';

/** What a file holds, whatever its name. */
export type ContentIdentity = { readonly sha256: string; readonly sizeBytes: number };

/**
 * The identity of a file's whole content, and of its first `prefixBytes` bytes (undefined when it is shorter):
 * a file that grew still begins with what it held before.
 */
export async function identifyContent(
  path: string,
  prefixBytes: number | undefined,
  signal: AbortSignal,
): Promise<{ content: ContentIdentity; prefixSha256: string | undefined }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let prefixSha256 = prefixBytes === 0 ? hash.copy().digest('hex') : undefined;
  try {
    const file = await openRegularFile(path);
    // Closes the file with it.
    const chunks: AsyncIterable<Buffer> = file.createReadStream({ highWaterMark: 1 << 20 });
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      const rest = prefixBytes === undefined ? -1 : prefixBytes - sizeBytes;
      if (rest > 0 && rest <= chunk.length) prefixSha256 = hash.copy().update(chunk.subarray(0, rest)).digest('hex');
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`, {
      cause: error,
      hint: 'check the path; files are named one by one, or with a pattern of your shell',
    });
  }
  return { content: { sha256: hash.digest('hex'), sizeBytes }, prefixSha256 };
}

/** The source a file is sent under unless the caller names one: the same content is the same source, on any machine. */
export function defaultSource(content: ContentIdentity): string {
  return `file-${content.sha256.slice(0, 12)}`;
}

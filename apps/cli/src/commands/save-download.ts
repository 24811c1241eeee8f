import { codeOf } from '@sallyport/platform/errors';
import { open, rm } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { whyNot } from '../system-errors.ts';

/** Never over a file that is there, and never half of one. Throws `CliError` `output_unwritable`. */
export async function saveDownload(chunks: AsyncIterable<Buffer>, out: string): Promise<void> {
  const unwritable = (error: unknown, hint: string): CliError =>
    new CliError('output_unwritable', `Cannot write "${out}": ${whyNot(error)}`, { cause: error, hint });
  const file = await open(out, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(
      error,
      codeOf(error) === 'EEXIST'
        ? 'name a file that does not exist yet'
        : 'name a file in a directory that exists and can be written',
    );
  });
  let isWhole = false;
  try {
    for await (const chunk of chunks) {
      await file.write(chunk).catch((error: unknown) => {
        throw unwritable(error, 'make room, or name a file elsewhere');
      });
    }
    isWhole = true;
  } finally {
    await file.close();
    if (!isWhole) await rm(out, { force: true });
  }
}

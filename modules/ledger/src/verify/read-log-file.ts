import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf } from '@sallyport/platform/errors';
import { LedgerError } from '../errors.ts';

// Opening a pipe nobody writes to would wait for ever; a device has no end.
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** An entry bundle of 256 entries of 65,535 bytes with their lengths is the largest file that is read whole. */
const maxFileBytes = 256 * (65_535 + 2) + 1;

/** A descriptor of a file that somebody else may have put there: what is no regular file is refused, not waited for. */
export function openLogFile(path: string): number {
  const descriptor = openSync(path, flags);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new LedgerError('ledger_corrupt', `Cannot read "${path}": it is no regular file`);
}

/** The content, or undefined where there is no such file. Throws for what is no regular file or too large for a log's. */
export function readLogFile(path: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openLogFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxFileBytes)
      throw new LedgerError(
        'ledger_corrupt',
        `Cannot read "${path}": size is ${size} bytes, must be at most ${maxFileBytes}`,
      );
    return readAt(descriptor, 0, size);
  } finally {
    closeSync(descriptor);
  }
}

/** Fewer bytes only at the end of the file. */
export function readAt(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

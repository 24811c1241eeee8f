import { join } from 'node:path';
import { readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { LedgerError } from '../errors.ts';

const file = 'minimum-index';

/**
 * The minimum index of a log (C2SP `tlog-tiles`, "Pruning"): entries below it are published as hashes alone. 0 for a log that was
 * never pruned. Throws `ledger_corrupt` for a file that holds no number.
 */
export function readMinimumIndex(directory: string): number {
  const text = readFileIfPresent(join(directory, file))?.toString('utf8');
  if (text === undefined) return 0;
  const value = Number(text.trimEnd());
  if (/^(?:0|[1-9]\d{0,15})\n$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new LedgerError('ledger_corrupt', `Cannot read "${file}": must hold one number`);
}

/** It only grows. */
export function writeMinimumIndex(directory: string, minimumIndex: number): void {
  if (minimumIndex < readMinimumIndex(directory))
    throw new LedgerError('entry_invalid', `Cannot lower the minimum index to ${minimumIndex}`);
  writeFileDurably(join(directory, file), Buffer.from(`${minimumIndex}\n`));
}

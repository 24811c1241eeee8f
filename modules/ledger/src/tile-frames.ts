import { join } from 'node:path';
import { TILE_WIDTH, parseTilePath } from '@sallyport/merkle-log';
import type { TilePath } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { readFileIfPresent } from '@sallyport/platform/files';
import type { FrameBody } from '@sallyport/platform/frames';
import { LedgerError } from './errors.ts';
import { readMinimumIndex } from './pruning/minimum-index.ts';

/** A tile or bundle of a log as it lies on the disk. Throws `not_found`, and `pruned` for entries that are hashes alone. */
export function readTile(directory: string, path: string): FrameBody {
  let parsed: TilePath;
  try {
    parsed = parseTilePath(path);
  } catch (cause) {
    throw new LedgerError('not_found', `Cannot find tile "${path.slice(0, 100)}": ${messageOf(cause)}`);
  }
  const minimumIndex = readMinimumIndex(directory);
  if (parsed.kind === 'entries' && (parsed.index + 1) * TILE_WIDTH <= minimumIndex)
    throw new LedgerError(
      'pruned',
      `Cannot give "${path}": entries below ${minimumIndex} are published as hashes alone`,
      { details: { minimum_index: minimumIndex } },
    );
  const bytes = readFileIfPresent(join(directory, path));
  if (bytes === undefined) throw new LedgerError('not_found', `Cannot find tile "${path}"`);
  return { head: {}, payload: bytes };
}

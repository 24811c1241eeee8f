import { blockPrefixBytes, decodeBlock, recordLength } from '../block.ts';
import { LedgerError } from '../errors.ts';
import type { SegmentFiles } from '../segment-files.ts';
import type { BlockPlace, BlockPlaces } from './block-places.ts';

/**
 * A stop between the renaming of a segment that was written anew and the index: the file tells where its blocks lie now. They
 * must be the very blocks the index knows. Throws `ledger_corrupt`.
 */
export function repairPlaces(
  segments: Pick<SegmentFiles, 'segments' | 'sizeOf' | 'read'>,
  places: Pick<BlockPlaces, 'ends' | 'inSegment' | 'move'>,
): void {
  const closed = segments.segments().slice(0, -1);
  const ends = places.ends();
  const newest = Math.max(...ends.keys());
  for (const segment of closed) {
    const end = ends.get(segment);
    // One that the index does not know yet is found by the scan behind this.
    if (end === undefined || end === segments.sizeOf(segment)) continue;
    const { found, offset } = placesIn(segments, segment, places.inSegment(segment));
    // An index that a stop left behind knows a part of the newest segment it has; the scan finds the rest, and of no other.
    if (segment !== newest && offset !== segments.sizeOf(segment)) throw corrupt(segment, offset);
    places.move(segment, found);
  }
}

function placesIn(
  segments: Pick<SegmentFiles, 'sizeOf' | 'read'>,
  segment: number,
  known: readonly BlockPlace[],
): { readonly found: BlockPlace[]; readonly offset: number } {
  const size = segments.sizeOf(segment);
  let offset = 0;
  const found = known.map(({ first, eventCount }) => {
    const length = recordLength(segments.read({ segment, offset, length: blockPrefixBytes }));
    if (length === undefined || offset + length > size) throw corrupt(segment, offset);
    const { header } = decodeBlock(segments.read({ segment, offset, length }));
    if (header.firstIndex !== first || header.eventCount !== eventCount) throw corrupt(segment, offset);
    offset += length;
    return { first, eventCount, offset: offset - length, length };
  });
  return { found, offset };
}

function corrupt(segment: number, offset: number): LedgerError {
  return new LedgerError(
    'ledger_corrupt',
    `Cannot open the log: block at ${segment}+${offset} is not the one its index names`,
    {
      hint: 'restore the ledger directory from a backup and start with --after-restore',
    },
  );
}

import { hashLeaf } from '@sallyport/merkle-log';
import type { BlockHeader } from '../block-header.ts';
import { leafBytes, leafKinds, leafVersion } from '../leaf.ts';
import { placed } from './block-faults.ts';
import type { Place } from './block-faults.ts';
import { byteFault, faultRanks, hexText } from './log-fault.ts';
import type { PlacedFault } from './log-fault.ts';
import type { PublishedEntries } from './published-entries.ts';
import type { BlocksResult } from './verify-jobs.ts';

/** A block's own leaf names none. */
const noCollector = Buffer.alloc(16);

/** The first leaf of a block that is not the published one, and which of both fits the tile. */
export function compareLeaves(
  header: BlockHeader,
  place: Place,
  published: PublishedEntries,
): BlocksResult['disagreement'] {
  for (let order = 0; order <= header.eventCount; order += 1) {
    // Bundle by bundle as long as all is as published.
    const there = published.leavesFrom(header.firstIndex + order);
    const here = header.leaves.subarray(order * leafBytes, order * leafBytes + (there?.length ?? 0));
    if (there !== undefined && there.subarray(0, here.length).equals(here)) {
      order += here.length / leafBytes - 1;
      continue;
    }
    const leaf = header.leaves.subarray(order * leafBytes, (order + 1) * leafBytes);
    const entry = header.firstIndex + order;
    const { bundle, tile } = published.at(entry);
    const isAsBundled = bundle === undefined || leaf.equals(bundle.bytes);
    const fitsTile = tile === undefined || (isAsBundled && bundle !== undefined) || tile.bytes.equals(hashLeaf(leaf));
    if (isAsBundled && (bundle !== undefined || fitsTile)) continue;
    const other = bundle ?? tile;
    if (other === undefined) continue;
    const offset = place.offset + order * leafBytes;
    const block =
      bundle === undefined
        ? {
            path: place.path,
            offset,
            length: leafBytes,
            reason: `The leaf of entry ${entry} is not the one that the tree commits to`,
            expected: `leaf hash ${hexText(other.bytes)}`,
            found: `leaf hash ${hexText(hashLeaf(leaf))}`,
          }
        : byteFault(
            { path: place.path, offset, reason: `The leaf of entry ${entry} is not the published one` },
            bundle.bytes,
            leaf,
          );
    return {
      block: placed(entry, block),
      other: {
        entry,
        rank: bundle === undefined ? faultRanks.tile : faultRanks.bundle,
        fault: byteFault(
          { path: other.path, offset: other.offset, reason: `Entry ${entry} is not the one its block holds` },
          bundle === undefined ? Buffer.from(hashLeaf(leaf)) : leaf,
          other.bytes,
        ),
      },
      fitsTile,
    };
  }
  return undefined;
}

/** Leaves say again what the header says. */
export function wrongInLeaves(header: BlockHeader, place: Place): PlacedFault | undefined {
  const wrong = firstWrongLeaf(header);
  if (wrong === -1) return undefined;
  return placed(header.firstIndex + wrong, {
    path: place.path,
    offset: place.offset + wrong * leafBytes,
    length: leafBytes,
    reason: `The leaf of entry ${header.firstIndex + wrong} is not one of its block`,
    expected: 'time, block, count and ciphertext hash of the header',
    found: 'others',
  });
}

function firstWrongLeaf({ leaves, eventCount, blockId, receivedAtMs, ciphertextHash }: BlockHeader): number {
  const id = Buffer.from(blockId);
  for (let order = 0; order <= eventCount; order += 1) {
    const at = order * leafBytes;
    const isLast = order === eventCount;
    const fits =
      leaves[at] === leafVersion &&
      leaves[at + 1] === (isLast ? leafKinds.block : leafKinds.event) &&
      leaves.readUIntBE(at + 2, 6) === receivedAtMs &&
      id.compare(leaves, at + 28, at + 44) === 0;
    if (!fits) return order;
    if (!isLast) continue;
    const isOwn =
      leaves.readUInt32BE(at + 8) === eventCount &&
      noCollector.compare(leaves, at + 12, at + 28) === 0 &&
      Buffer.from(ciphertextHash).compare(leaves, at + 44, at + leafBytes) === 0;
    if (!isOwn) return order;
  }
  return -1;
}

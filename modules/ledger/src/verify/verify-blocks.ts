import { hash } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import {
  HASH_BYTES,
  TILE_WIDTH,
  formatEntryBundlePath,
  formatTilePath,
  hashLeaf,
  tileWidth,
} from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { blockPrefixBytes, decodeBlock, hollowRecord, leavesOf, openBlock, recordLength } from '../block.ts';
import type { BlockHeader } from '../block.ts';
import { leafBytes } from '../leaf.ts';
import { segmentName } from '../segment-files.ts';
import { byteFault, faultRanks, hexText } from './log-fault.ts';
import type { LogFault, PlacedFault } from './log-fault.ts';
import { openLogFile, readAt } from './read-log-file.ts';
import { entriesOf, readWide } from './verify-tiles.ts';
import type { BlocksResult, VerifyJob, VerifyWork } from './verify-jobs.ts';

type BlocksJob = Extract<VerifyJob, { kind: 'blocks' }>;
type Place = { readonly path: string; readonly offset: number };

const headerHashBytes = 16;

/** The sealed side of one segment: headers, ciphertexts, leaves against the published ones, and contents where keys are there. */
export function verifyBlocks(job: BlocksJob, work: (done: VerifyWork) => void): BlocksResult {
  const { directory, treeSize, segment } = job;
  const path = `blocks/${segmentName(segment)}`;
  const faults: PlacedFault[] = [];
  const published = createPublished(directory, treeSize);
  let disagreement: BlocksResult['disagreement'];
  let next = segment;
  let blocks = 0;
  let hollow = 0;
  let opened = 0;
  let firstReceivedAtMs = 0;
  let lastReceivedAtMs = 0;
  let unsigned = 0;
  let unfinishedBytes = 0;
  const descriptor = openLogFile(join(directory, path));
  try {
    const { size } = fstatSync(descriptor);
    let offset = 0;
    while (offset < size) {
      const place = { path, offset };
      const length = recordLength(readAt(descriptor, offset, blockPrefixBytes));
      if (length === undefined || offset + length > size) {
        // A server that runs may be writing; but only after everything that was signed.
        if (job.end === undefined && next >= treeSize) unfinishedBytes = size - offset;
        else faults.push(placed(next, prefixFault(place, length, size - offset)));
        break;
      }
      const record = readAt(descriptor, offset, length);
      const found = readRecord(record, place);
      if ('fault' in found && found.header !== undefined && !beginsAt(descriptor, offset + length, size)) {
        // The header holds and no block follows where this one says it ends: the length before it is what changed.
        faults.push(placed(next, prefixFault(place, undefined, size - offset)));
        break;
      }
      if ('fault' in found) faults.push(placed(next, found.fault));
      const { header } = found;
      if (header === undefined) {
        // Its length is all that is known of it; the next one says where the log goes on.
        const after = firstIndexAt(descriptor, offset + length, size);
        if (after === undefined) break;
        next = after;
        offset += length;
        continue;
      }
      if (header.firstIndex !== next) {
        faults.push(placed(next, orderFault(place, next, header.firstIndex)));
        break;
      }
      blocks += 1;
      if (!('ciphertext' in found) && !('fault' in found)) hollow += 1;
      if (header.receivedAtMs < lastReceivedAtMs) faults.push(placed(next, timeFault(place, lastReceivedAtMs, header)));
      if (blocks === 1) firstReceivedAtMs = header.receivedAtMs;
      lastReceivedAtMs = header.receivedAtMs;
      const leavesAt = offset + blockPrefixBytes + record.readUInt32BE(4) - header.leaves.length;
      disagreement ??= compareLeaves(header, { path, offset: leavesAt }, published);
      const wrongLeaf = wrongInLeaves(header, { path, offset: leavesAt });
      if (wrongLeaf !== undefined) faults.push(wrongLeaf);
      const key = job.keys[header.dataKeyId];
      if (key !== undefined && 'ciphertext' in found && found.ciphertext !== undefined) {
        const wrong = openAndCompare(
          { header, ciphertext: found.ciphertext },
          { job, key, place: { path, offset: offset + length - found.ciphertext.length } },
        );
        if (wrong === undefined) opened += header.eventCount;
        else faults.push(wrong);
      }
      next += header.eventCount + 1;
      if (next > treeSize) unsigned += header.eventCount;
      work({ entries: header.eventCount + 1, bytes: length });
      offset += length;
    }
    if (job.end !== undefined && next !== job.end && faults.length === 0)
      faults.push(placed(next, endFault({ path, offset: size }, job.end, next)));
    return {
      kind: 'blocks',
      segment,
      blocks,
      hollow,
      opened,
      end: next,
      firstReceivedAtMs,
      lastReceivedAtMs,
      unsigned,
      unfinishedBytes,
      faults,
      disagreement,
    };
  } finally {
    closeSync(descriptor);
  }
}

type ReadRecord =
  | { readonly header: BlockHeader; readonly ciphertext?: Buffer }
  | { readonly header: BlockHeader | undefined; readonly fault: LogFault };

/** Told apart: a header that is not what it was leaves nothing of the block to believe, a ciphertext only itself. */
function readRecord(record: Buffer, { path, offset }: Place): ReadRecord {
  const headerLength = record.readUInt32BE(4);
  const headerEnd = blockPrefixBytes + headerLength;
  const header = record.subarray(blockPrefixBytes, headerEnd);
  const stored = record.subarray(headerEnd, headerEnd + headerHashBytes);
  const computed = hash('sha256', header, 'buffer').subarray(0, headerHashBytes);
  if (!computed.equals(stored)) {
    return {
      header: undefined,
      fault: {
        path,
        offset,
        length: headerEnd + headerHashBytes,
        reason: 'The header of the block does not match its hash',
        expected: hexText(stored),
        found: hexText(computed),
      },
    };
  }
  try {
    const { header: parsed, ciphertext } = decodeBlock(record);
    return ciphertext === undefined ? { header: parsed } : { header: parsed, ciphertext };
  } catch (error) {
    const ciphertext = record.subarray(headerEnd + headerHashBytes);
    const expected = expectedCiphertextHash(header);
    const fault = {
      path,
      offset: offset + headerEnd + headerHashBytes,
      length: Math.max(1, ciphertext.length),
      reason: messageOf(error),
      expected: expected === undefined ? 'a whole block' : hexText(expected),
      found: hexText(hash('sha256', ciphertext, 'buffer')),
    };
    return { header: headerAlone(record), fault };
  }
}

/** The header of a record whose ciphertext is damaged: read as that of one without any. */
function headerAlone(record: Buffer): BlockHeader | undefined {
  try {
    return decodeBlock(hollowRecord(record)).header;
  } catch {
    return undefined;
  }
}

function expectedCiphertextHash(header: Buffer): Buffer | undefined {
  // The block's own leaf is the last of the header, its hash the last of the leaf.
  return header.length < HASH_BYTES ? undefined : header.subarray(header.length - HASH_BYTES);
}

type Published = (index: number) => {
  readonly bundle: { readonly path: string; readonly offset: number; readonly bytes: Buffer } | undefined;
  readonly tile: { readonly path: string; readonly offset: number; readonly bytes: Buffer } | undefined;
};

/** What bundles and tiles say of an entry; one file of each is held. Undefined where they are missing or misshapen. */
function createPublished(directory: string, treeSize: number): Published {
  let held = -1;
  let bundle: { path: string; entries: ReturnType<typeof entriesOf> } | undefined;
  let tile: { path: string; bytes: Buffer } | undefined;
  return (index) => {
    const at = index % TILE_WIDTH;
    const number = (index - at) / TILE_WIDTH;
    if (number !== held) {
      held = number;
      const width = tileWidth({ level: 0, index: number, treeSize });
      const found = readWide(directory, width, (wide) => formatEntryBundlePath({ index: number, width: wide }));
      bundle = found === undefined ? undefined : { path: found.path, entries: entriesOf(found.bytes, width) };
      tile = readWide(directory, width, (wide) => formatTilePath({ level: 0, index: number, width: wide }));
    }
    const entry = bundle?.entries?.[at];
    const hashAt = at * HASH_BYTES;
    return {
      bundle:
        bundle === undefined || entry === undefined
          ? undefined
          : { path: bundle.path, offset: entry.offset + 2, bytes: entry.bytes },
      tile:
        tile === undefined || tile.bytes.length < hashAt + HASH_BYTES
          ? undefined
          : { path: tile.path, offset: hashAt, bytes: tile.bytes.subarray(hashAt, hashAt + HASH_BYTES) },
    };
  };
}

function compareLeaves(header: BlockHeader, place: Place, published: Published): BlocksResult['disagreement'] {
  for (let order = 0; order <= header.eventCount; order += 1) {
    const leaf = header.leaves.subarray(order * leafBytes, (order + 1) * leafBytes);
    const entry = header.firstIndex + order;
    const { bundle, tile } = published(entry);
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
function wrongInLeaves(header: BlockHeader, place: Place): PlacedFault | undefined {
  const leaves = leavesOf(header);
  const wrong = leaves.findIndex((leaf, order) => {
    const isLast = order === header.eventCount;
    const fits = Buffer.from(leaf.blockId).equals(header.blockId) && leaf.receivedAtMs === header.receivedAtMs;
    if (!fits || (leaf.kind === 'block') !== isLast) return true;
    return (
      leaf.kind === 'block' &&
      (leaf.eventCount !== header.eventCount || !Buffer.from(leaf.hash).equals(header.ciphertextHash))
    );
  });
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

function openAndCompare(
  block: { readonly header: BlockHeader; readonly ciphertext: Buffer },
  about: { readonly job: BlocksJob; readonly key: string; readonly place: Place },
): PlacedFault | undefined {
  const { header, ciphertext } = block;
  const fault = (entry: number, reason: string): PlacedFault =>
    placed(entry, {
      ...about.place,
      length: ciphertext.length,
      reason,
      expected: 'contents as the leaves commit to',
      found: 'others',
    });
  try {
    const events = openBlock(block, { logId: about.job.origin, dataKey: Buffer.from(about.key, 'hex') });
    const wrong = events.findIndex(({ salt, body }, order) => {
      const leaf = header.leaves.subarray(order * leafBytes, (order + 1) * leafBytes);
      return !hash('sha256', Buffer.concat([salt, body]), 'buffer').equals(leaf.subarray(leafBytes - HASH_BYTES));
    });
    return wrong === -1
      ? undefined
      : fault(
          header.firstIndex + wrong,
          `The content of entry ${header.firstIndex + wrong} is not what its leaf commits to`,
        );
  } catch (error) {
    return fault(header.firstIndex, messageOf(error));
  }
}

function placed(entry: number, fault: LogFault): PlacedFault {
  return { entry, rank: faultRanks.block, fault };
}

function prefixFault({ path, offset }: Place, length: number | undefined, left: number): LogFault {
  return {
    path,
    offset,
    length: Math.min(blockPrefixBytes, left),
    reason: length === undefined ? 'No block begins here' : 'The block is cut short',
    expected: length === undefined ? 'the lengths of a block' : `${length} bytes`,
    found: length === undefined ? 'none that can be' : `${left} bytes`,
  };
}

function orderFault(place: Place, expected: number, found: number): LogFault {
  return {
    ...place,
    length: blockPrefixBytes,
    reason: 'The block does not follow the one before it',
    expected: `first entry ${expected}`,
    found: `first entry ${found}`,
  };
}

function timeFault(place: Place, before: number, { receivedAtMs }: BlockHeader): LogFault {
  return {
    ...place,
    length: blockPrefixBytes,
    reason: 'The block is older than the one before it',
    expected: `received at ${new Date(before).toISOString()} or later`,
    found: `received at ${new Date(receivedAtMs).toISOString()}`,
  };
}

function endFault(place: Place, expected: number, found: number): LogFault {
  return {
    ...place,
    length: 1,
    reason: 'Entries are missing before the next segment',
    expected: `entries up to ${expected}`,
    found: `entries up to ${found}`,
  };
}

/** Whether a block begins at a place, or the segment ends there. */
function beginsAt(descriptor: number, offset: number, size: number): boolean {
  return offset === size || recordLength(readAt(descriptor, offset, blockPrefixBytes)) !== undefined;
}

/** The first entry of the block at a place, where one begins there. */
function firstIndexAt(descriptor: number, offset: number, size: number): number | undefined {
  if (offset >= size) return undefined;
  const length = recordLength(readAt(descriptor, offset, blockPrefixBytes));
  if (length === undefined || offset + length > size) return undefined;
  const found = readRecord(readAt(descriptor, offset, length), { path: '', offset });
  return found.header?.firstIndex;
}

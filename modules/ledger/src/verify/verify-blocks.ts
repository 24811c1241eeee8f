import { hash } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { HASH_BYTES } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { openBlock } from '../block-content.ts';
import { blockPrefixBytes, decodeBlock, hollowRecord, recordLength } from '../block.ts';
import type { BlockHeader } from '../block-header.ts';
import { leafBytes } from '../leaf.ts';
import { segmentName } from '../segment-files.ts';
import { endFault, orderFault, placed, prefixFault, timeFault } from './block-faults.ts';
import type { Place } from './block-faults.ts';
import { compareLeaves, wrongInLeaves } from './compare-leaves.ts';
import { hexText } from './log-fault.ts';
import type { LogFault, PlacedFault } from './log-fault.ts';
import { createPublishedEntries } from './published-entries.ts';
import { openLogFile, readAt } from './read-log-file.ts';
import type { BlocksResult, VerifyJob, VerifyWork } from './verify-jobs.ts';

type BlocksJob = Extract<VerifyJob, { kind: 'blocks' }>;

const headerHashBytes = 16;

/** The sealed side of one segment: headers, ciphertexts, leaves against the published ones, and contents where keys are there. */
export function verifyBlocks(job: BlocksJob, work: (done: VerifyWork) => void): BlocksResult {
  const { directory, treeSize, segment } = job;
  const path = `blocks/${segmentName(segment)}`;
  const faults: PlacedFault[] = [];
  const published = createPublishedEntries(directory, treeSize);
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
  try {
    const { header, ciphertext } = decodeBlock(record);
    return ciphertext === undefined ? { header } : { header, ciphertext };
  } catch (error) {
    return damagedRecord(record, { path, offset }, messageOf(error));
  }
}

function damagedRecord(record: Buffer, { path, offset }: Place, reason: string): ReadRecord {
  const headerEnd = blockPrefixBytes + record.readUInt32BE(4);
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
  const ciphertext = record.subarray(headerEnd + headerHashBytes);
  const expected = expectedCiphertextHash(header);
  const fault = {
    path,
    offset: offset + headerEnd + headerHashBytes,
    length: Math.max(1, ciphertext.length),
    reason,
    expected: expected === undefined ? 'a whole block' : hexText(expected),
    found: hexText(hash('sha256', ciphertext, 'buffer')),
  };
  return { header: headerAlone(record), fault };
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
    for (let order = 0; order < events.count; order += 1) {
      const { salt, body } = events.at(order) ?? {};
      const committed = header.leaves.subarray((order + 1) * leafBytes - HASH_BYTES, (order + 1) * leafBytes);
      if (salt !== undefined && body !== undefined)
        if (hash('sha256', Buffer.concat([salt, body]), 'buffer').equals(committed)) continue;
      const entry = header.firstIndex + order;
      return fault(entry, `The content of entry ${entry} is not what its leaf commits to`);
    }
    return undefined;
  } catch (error) {
    return fault(header.firstIndex, messageOf(error));
  }
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

import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, syncDirectory, writeFileDurably, writeFully } from '@sallyport/platform/files';
import { codeOf } from '@sallyport/platform/errors';
import { blockPrefixBytes, recordLength } from './block.ts';
import { LedgerError } from './errors.ts';

/** Where a record lies: the first index of its file names the file. */
export type RecordPlace = { readonly segment: number; readonly offset: number; readonly length: number };

/**
 * Append-only files of block records. The only durable truth of the ledger: everything else is rebuilt from them.
 * One writer; `append` writes without syncing, `sync` makes all of it durable. Any failed sync ends the process
 * (see `fatal`): after one, the page cache cannot be trusted, and only a rescan tells what is on disk.
 */
export type SegmentFiles = {
  append(firstIndex: number, record: Buffer): RecordPlace;
  sync(): void;
  /** Drops what was appended since the last sync, after a failed write, and the segments begun since. */
  rollBack(): void;
  read(place: RecordPlace): Buffer;
  /** Records from a place on, in order, and the place of the first bytes that are not a whole record. */
  scan(from: { segment: number; offset: number }, visit: (record: Buffer, place: RecordPlace) => void): ScanEnd;
  segments(): readonly number[];
  sizeOf(segment: number): number;
  /** After the file of a segment was replaced: reads it from the new one. */
  reopen(segment: number): void;
  /**
   * Makes what the last segment holds after a place durable, by writing it again: a process killed before its sync leaves
   * whole records that are not on disk, and after a failed sync the kernel may hold them as if they were.
   */
  writeAgain(from: { segment: number; offset: number }): void;
  /** Sets the bytes after `end` aside in a file of their own and cuts the segment there. */
  setAside(end: { segment: number; offset: number }): { readonly bytes: number };
  close(): void;
};

export type ScanEnd =
  | { readonly kind: 'complete' }
  | {
      readonly kind: 'torn';
      readonly segment: number;
      readonly offset: number;
      readonly bytes: number;
      readonly isLast: boolean;
    };

const chunkBytes = 4 * 1024 * 1024;
const nameDigits = 16;
const suffix = '.blocks';

/** What the file of the segment that begins with this entry is called. */
export function segmentName(firstIndex: number): string {
  return `${String(firstIndex).padStart(nameDigits, '0')}${suffix}`;
}

export function openSegmentFiles(
  directory: string,
  fatal: (error: unknown) => never,
  maxSegmentBytes = 64 * 1024 * 1024,
): SegmentFiles {
  makePrivateDirectory(directory);
  const descriptors = new Map<number, number>();
  const known = listSegments(directory);
  let syncedEnd = known.length === 0 ? undefined : { segment: lastOf(known), offset: sizeOf(lastOf(known)) };
  let end = syncedEnd;

  function pathOf(segment: number): string {
    return join(directory, segmentName(segment));
  }
  function descriptorOf(segment: number): number {
    return descriptors.get(segment) ?? keepOpen(segment, openSync(pathOf(segment), 'r+'));
  }
  function keepOpen(segment: number, opened: number): number {
    // Old segments are read now and then; a bounded number stays open.
    if (descriptors.size >= 32) {
      for (const [other, descriptor] of descriptors) {
        if (other === end?.segment) continue;
        closeSync(descriptor);
        descriptors.delete(other);
        break;
      }
    }
    descriptors.set(segment, opened);
    return opened;
  }
  function begin(segment: number): void {
    // Never over another: its name says which entries it begins with.
    keepOpen(segment, openSync(pathOf(segment), 'wx+', 0o600));
    known.push(segment);
    syncDirectoryOrDie();
  }
  function drop(segment: number): void {
    const descriptor = descriptors.get(segment);
    if (descriptor !== undefined) closeSync(descriptor);
    descriptors.delete(segment);
    rmSync(pathOf(segment), { force: true });
    known.splice(known.indexOf(segment), 1);
  }
  function sizeOf(segment: number): number {
    return fstatSync(descriptorOf(segment)).size;
  }
  function readAt(segment: number, offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(descriptorOf(segment), bytes, done, length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }

  return {
    append(firstIndex, record) {
      if (end === undefined || end.offset + record.length > maxSegmentBytes) {
        // The old segment is complete: make it durable before the new one can hold anything that follows it.
        if (end !== undefined) fdatasync(descriptorOf(end.segment));
        begin(firstIndex);
        end = { segment: firstIndex, offset: 0 };
      }
      const place = { segment: end.segment, offset: end.offset, length: record.length };
      writeFully(descriptorOf(end.segment), record, end.offset);
      end = { segment: end.segment, offset: end.offset + record.length };
      return place;
    },
    sync() {
      if (end === undefined) return;
      fdatasync(descriptorOf(end.segment));
      syncedEnd = end;
    },
    rollBack() {
      if (end === undefined) return;
      try {
        // Newest first: a crash on the way leaves whole segments in order, never a hole before one.
        const begun = known.filter((segment) => syncedEnd === undefined || segment > syncedEnd.segment);
        for (const segment of begun.toReversed()) drop(segment);
        if (begun.length > 0) syncDirectory(directory);
        if (syncedEnd !== undefined) {
          ftruncateSync(descriptorOf(syncedEnd.segment), syncedEnd.offset);
          fdatasyncSync(descriptorOf(syncedEnd.segment));
        }
      } catch (error) {
        fatal(error);
      }
      end = syncedEnd;
    },
    read: (place) => readAt(place.segment, place.offset, place.length),
    scan(from, visit) {
      for (const segment of known.filter((candidate) => candidate >= from.segment)) {
        const size = sizeOf(segment);
        let offset = segment === from.segment ? from.offset : 0;
        while (offset < size) {
          const length = recordLength(readAt(segment, offset, blockPrefixBytes));
          const record = length === undefined || offset + length > size ? undefined : readAt(segment, offset, length);
          const taken =
            record !== undefined && tryVisit(() => visit(record, { segment, offset, length: record.length }));
          if (!taken || record === undefined) {
            return { kind: 'torn', segment, offset, bytes: size - offset, isLast: segment === lastOf(known) };
          }
          offset += record.length;
        }
      }
      return { kind: 'complete' };
    },
    segments: () => known,
    sizeOf,
    reopen(segment) {
      const descriptor = descriptors.get(segment);
      if (descriptor !== undefined) closeSync(descriptor);
      descriptors.delete(segment);
    },
    writeAgain(from) {
      if (known.length === 0) return;
      const last = lastOf(known);
      const size = sizeOf(last);
      for (let at = from.segment === last ? from.offset : 0; at < size; at += chunkBytes) {
        writeFully(descriptorOf(last), readAt(last, at, Math.min(chunkBytes, size - at)), at);
      }
      fdatasync(descriptorOf(last));
      syncDirectoryOrDie();
    },
    setAside(at) {
      const size = sizeOf(at.segment);
      const bytes = readAt(at.segment, at.offset, size - at.offset);
      writeFileDurably(join(directory, `${at.segment}-${at.offset}.torn`), bytes);
      ftruncateSync(descriptorOf(at.segment), at.offset);
      fdatasync(descriptorOf(at.segment));
      end = { segment: at.segment, offset: at.offset };
      syncedEnd = end;
      return { bytes: bytes.length };
    },
    close() {
      for (const descriptor of descriptors.values()) closeSync(descriptor);
      descriptors.clear();
    },
  };

  function fdatasync(descriptor: number): void {
    try {
      fdatasyncSync(descriptor);
    } catch (error) {
      fatal(error);
    }
  }
  function syncDirectoryOrDie(): void {
    try {
      syncDirectory(directory);
    } catch (error) {
      fatal(error);
    }
  }
}

/** Only a record that is not intact is torn; any other failure of the visitor is its own. */
function tryVisit(visit: () => void): boolean {
  try {
    visit();
    return true;
  } catch (error) {
    if (codeOf(error) === 'ledger_corrupt') return false;
    throw error;
  }
}

function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(suffix))
    .map((name) => {
      const first = Number(name.slice(0, -suffix.length));
      if (!Number.isSafeInteger(first))
        throw new LedgerError('ledger_corrupt', `Cannot read segment "${name}": its name is not an index`);
      return first;
    })
    .toSorted((a, b) => a - b);
}

function lastOf(segments: readonly number[]): number {
  return segments.at(-1) ?? 0;
}

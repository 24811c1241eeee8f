import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory, writeFully } from '@sallyport/platform/files';
import { IdentityError } from '../errors.ts';

/*
 * The list as it is kept: 4 bytes a password. A head, then a directory of 65,536 buckets (by the first 16 bits of the hash: how many
 * entries, and a check of them), then the entries: the next 32 bits of each hash, in order. One question is one read of one bucket.
 * Of passwords that are not on a list of a billion, four in a million are taken for one that is.
 */
const magic = Buffer.from('sallyport breached passwords 1\n');
const headBytes = 96;
const buckets = 65_536;
const checkBytes = 12;
const slotBytes = 4 + checkBytes;
const directoryBytes = buckets * slotBytes;
const entryBytes = 4;
const bufferBytes = 1024 * 1024;

export type BreachedFileFacts = {
  readonly entries: number;
  readonly bytes: number;
  readonly importedAtMs: number;
};

/** Writes a list beside the one in use. Nothing is replaced before `finish`, and that at once. */
export function createBreachedFileWriter(path: string): {
  /** In ascending order. The same again is passed over. */
  add(bucket: number, rest: number): void;
  finish(importedAtMs: number): BreachedFileFacts;
  /** Gives it up; the one in use stays. */
  abandon(): void;
} {
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, 'w', 0o600);
  const directory = Buffer.alloc(directoryBytes);
  const buffer = Buffer.alloc(bufferBytes);
  let filled = 0;
  let position = headBytes + directoryBytes;
  let entries = 0;
  let current = -1;
  let inBucket = 0;
  let last = -1;
  let check: Hash | undefined;
  let hashedTo = 0;
  let isOpen = true;

  const hashBuffered = (): void => {
    if (filled > hashedTo) check?.update(buffer.subarray(hashedTo, filled));
    hashedTo = filled;
  };
  const flush = (): void => {
    hashBuffered();
    writeFully(descriptor, buffer.subarray(0, filled), position);
    position += filled;
    filled = 0;
    hashedTo = 0;
  };
  const endBucket = (): void => {
    if (check === undefined) return;
    hashBuffered();
    directory.writeUInt32LE(inBucket, current * slotBytes);
    directory.set(check.digest().subarray(0, checkBytes), current * slotBytes + 4);
    check = undefined;
  };

  return {
    add(bucket, rest) {
      if (bucket !== current) {
        endBucket();
        current = bucket;
        inBucket = 0;
        last = -1;
        check = bucketCheck(bucket);
      }
      if (rest === last) return;
      if (filled === bufferBytes) flush();
      buffer.writeUInt32BE(rest, filled);
      filled += entryBytes;
      inBucket += 1;
      entries += 1;
      last = rest;
    },
    finish(importedAtMs) {
      endBucket();
      flush();
      const head = headOf(entries, importedAtMs, directory);
      writeFully(descriptor, head, 0);
      writeFully(descriptor, directory, headBytes);
      fsyncSync(descriptor);
      closeSync(descriptor);
      isOpen = false;
      renameSync(temporary, path);
      syncDirectory(dirname(path));
      return { entries, bytes: position, importedAtMs };
    },
    abandon() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
      rmSync(temporary, { force: true });
    },
  };
}

export type BreachedFile = {
  readonly facts: BreachedFileFacts;
  /** Throws `breached_list_damaged` when what it read is not what was written. */
  has(bucket: number, rest: number): Promise<boolean>;
  close(): Promise<void>;
};

/** Undefined when there is none. Throws `breached_list_damaged`. */
export async function openBreachedFile(path: string): Promise<BreachedFile | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const head = await readFully(file, headBytes, 0);
    const directory = await readFully(file, directoryBytes, headBytes);
    const entries = Number(head.readBigUInt64LE(32));
    const importedAtMs = Number(head.readBigUInt64LE(40));
    if (!head.equals(headOf(entries, importedAtMs, directory))) throw damaged('its head is not what was written');
    const starts = new Float64Array(buckets + 1);
    for (let bucket = 0; bucket < buckets; bucket += 1)
      starts[bucket + 1] = (starts[bucket] ?? 0) + directory.readUInt32LE(bucket * slotBytes);
    const bytes = headBytes + directoryBytes + entries * entryBytes;
    if (starts[buckets] !== entries || (await file.stat()).size !== bytes) throw damaged('its length is wrong');
    return {
      facts: { entries, bytes, importedAtMs },
      async has(bucket, rest) {
        const count = directory.readUInt32LE(bucket * slotBytes);
        if (count === 0) return false;
        const start = headBytes + directoryBytes + (starts[bucket] ?? 0) * entryBytes;
        const own = await readFully(file, count * entryBytes, start);
        const written = directory.subarray(bucket * slotBytes + 4, (bucket + 1) * slotBytes);
        if (!bucketCheck(bucket).update(own).digest().subarray(0, checkBytes).equals(written))
          throw damaged('what stands in it is not what was written');
        return holds(own, rest);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function holds(entries: Buffer, rest: number): boolean {
  let low = 0;
  let high = entries.length / entryBytes - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = entries.readUInt32BE(middle * entryBytes);
    if (found === rest) return true;
    if (found < rest) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

function bucketCheck(bucket: number): Hash {
  return createHash('sha256').update(`sallyport breached bucket ${bucket}\0`);
}

function headOf(entries: number, importedAtMs: number, directory: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.set(magic);
  head.writeBigUInt64LE(BigInt(entries), 32);
  head.writeBigUInt64LE(BigInt(importedAtMs), 40);
  head.set(createHash('sha256').update(head.subarray(0, 48)).update(directory).digest(), 48);
  return head;
}

async function readFully(file: FileHandle, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) throw damaged('it ends too early');
    read += bytesRead;
  }
  return buffer;
}

function damaged(why: string): IdentityError {
  return new IdentityError('breached_list_damaged', `Cannot read the list of breached passwords: ${why}`, {
    hint: 'import it again, or remove it',
  });
}

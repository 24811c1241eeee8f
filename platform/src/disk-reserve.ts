import { closeSync, existsSync, fsyncSync, openSync, statfsSync, unlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { codeOf } from './errors.ts';
import { writeFully } from './files.ts';

/** Room on a disk, held by a file, for what must be written even when the disk is full. */
export type DiskReserve = {
  /** Call before a write: gives the room back to the file system when little else is left, takes it again when there is plenty. */
  makeRoom(): void;
};

const chunkBytes = 1024 * 1024;

export function createDiskReserve(file: string, bytes: number): DiskReserve {
  let isHeld = existsSync(file);
  return {
    makeRoom() {
      const { bavail, bsize } = statfsSync(dirname(file));
      const freeBytes = bavail * bsize;
      if (isHeld && freeBytes < bytes / 2) {
        unlinkSync(file);
        isHeld = false;
      } else if (!isHeld && freeBytes > 16 * bytes) isHeld = tryToHold(file, bytes);
    },
  };
}

/** Random bytes: zeros could be stored as a hole or compressed away, and then reserve nothing. */
function tryToHold(file: string, bytes: number): boolean {
  const descriptor = openSync(file, 'w', 0o600);
  try {
    for (let left = bytes; left > 0; left -= chunkBytes)
      writeFully(descriptor, randomBytes(Math.min(left, chunkBytes)));
    fsyncSync(descriptor);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error;
    unlinkSync(file);
    return false;
  } finally {
    closeSync(descriptor);
  }
}

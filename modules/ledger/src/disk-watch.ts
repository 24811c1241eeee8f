import { closeSync, fsyncSync, openSync, rmSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFully } from '@sallyport/platform/files';
import { isDiskFull } from './disk-errors.ts';

export type DiskLimits = {
  /** Intake stops when less than this is free. */
  readonly watermarkBytes: number;
  /** Preallocated on disk; given back when even control entries no longer fit. A quarter of it stays free for the index. */
  readonly reserveBytes: number;
};

/**
 * Keeps a full disk from locking the operator out: intake stops at a watermark, and a preallocated file holds room
 * for sign-ins, rights-narrowing commands and their audit events.
 */
export type DiskWatch = {
  /** Whether an entry of this priority may be written now. Looks at the disk at most ten times a second. */
  allows(priority: 'intake' | 'control'): boolean;
  /** Gives the reserve back when the disk has filled, whoever filled it: the control database needs room as well. */
  look(): void;
  /** Gives the reserve's room back to the file system. False when it was already given. */
  releaseReserve(): boolean;
};

const lookEveryMs = 100;
const chunkBytes = 1024 * 1024;

export function createDiskWatch(needs: {
  readonly directory: string;
  readonly limits: DiskLimits;
  readonly monotonicMs: () => number;
  readonly random: (bytes: number) => Buffer;
}): DiskWatch {
  const { directory, limits } = needs;
  const reserve = join(directory, 'reserve');
  const floorBytes = Math.floor(limits.reserveBytes / 4);
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let freeBytes = 0;

  const look = (): void => {
    const now = needs.monotonicMs();
    if (now - lookedAtMs < lookEveryMs) return;
    lookedAtMs = now;
    freeBytes = free();
    if (freeBytes < floorBytes && releaseReserve()) freeBytes = free();
    else if (!isReserved() && freeBytes > limits.watermarkBytes + 2 * limits.reserveBytes) preallocate();
  };
  const free = (): number => {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  };
  /** A shorter file is what a crash while writing it left. */
  const isReserved = (): boolean => (statSync(reserve, { throwIfNoEntry: false })?.size ?? -1) >= limits.reserveBytes;
  const releaseReserve = (): boolean => {
    if (statSync(reserve, { throwIfNoEntry: false }) === undefined) return false;
    rmSync(reserve, { force: true });
    return true;
  };

  // Random bytes: zeros could be stored as a hole or compressed away, and then reserve nothing.
  function preallocate(): void {
    const descriptor = openSync(reserve, 'w', 0o600);
    try {
      for (let left = limits.reserveBytes; left > 0; left -= chunkBytes) {
        writeFully(descriptor, needs.random(Math.min(left, chunkBytes)));
      }
      fsyncSync(descriptor);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      rmSync(reserve, { force: true });
    } finally {
      closeSync(descriptor);
    }
  }

  return {
    look,
    allows(priority) {
      look();
      return freeBytes > (priority === 'control' ? floorBytes : limits.watermarkBytes);
    },
    releaseReserve,
  };
}

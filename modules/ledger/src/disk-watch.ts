import { closeSync, existsSync, fsyncSync, openSync, statfsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeFully } from '@sallyport/platform/files';

export type DiskLimits = {
  /** Intake stops when less than this is free. */
  readonly watermarkBytes: number;
  /** Preallocated on disk; given back when even control entries no longer fit. */
  readonly reserveBytes: number;
};

/**
 * Keeps a full disk from locking the operator out: intake stops at a watermark, and a preallocated file holds room
 * for sign-ins, rights-narrowing commands and their audit events.
 */
export type DiskWatch = {
  /** Whether an entry of this priority may be written now. Looks at the disk at most ten times a second. */
  allows(priority: 'intake' | 'control'): boolean;
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
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let freeBytes = 0;

  const look = (): void => {
    const now = needs.monotonicMs();
    if (now - lookedAtMs < lookEveryMs) return;
    lookedAtMs = now;
    const { bavail, bsize } = statfsSync(directory);
    freeBytes = bavail * bsize;
    if (!existsSync(reserve) && freeBytes > limits.watermarkBytes + 2 * limits.reserveBytes) preallocate();
  };

  // Random bytes: zeros could be stored as a hole or compressed away, and then reserve nothing.
  function preallocate(): void {
    const descriptor = openSync(reserve, 'w', 0o600);
    try {
      for (let left = limits.reserveBytes; left > 0; left -= chunkBytes) {
        writeFully(descriptor, needs.random(Math.min(left, chunkBytes)));
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  return {
    allows(priority) {
      if (priority === 'control') return true;
      look();
      return freeBytes > limits.watermarkBytes;
    },
    releaseReserve() {
      if (!existsSync(reserve)) return false;
      unlinkSync(reserve);
      return true;
    },
  };
}

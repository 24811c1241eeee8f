import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';

export type TemporaryDisk = {
  readonly directory: string;
  freeBytes(): number;
  /** Writes a file until only this much is free; 0 fills the disk to its last byte. */
  fillTo(freeBytes: number): void;
  /** Removes that file. */
  clear(): void;
  setReadOnly(isReadOnly: boolean): void;
  remove(): void;
};

const mebibyte = 1024 * 1024;

/** A small file system in memory, mounted in a new directory; or why there can be none here. */
export function mountTemporaryDisk(sizeMegabytes: number): TemporaryDisk | { readonly refused: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
  const options = `size=${sizeMegabytes}m,mode=0700`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { encoding: 'utf8' });
  if (mounted.status !== 0) {
    rmdirSync(directory);
    const reason = mounted.error?.message ?? mounted.stderr.trim();
    return { refused: `needs root to run "mount -t tmpfs -o ${options} tmpfs DIRECTORY": ${reason}` };
  }
  const ballast = join(directory, 'ballast');
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  };
  return {
    directory,
    freeBytes,
    fillTo(wantedBytes) {
      const file = openSync(ballast, 'a');
      try {
        for (let left = freeBytes() - wantedBytes; left > 0 || wantedBytes === 0; left = freeBytes() - wantedBytes)
          writeSync(file, Buffer.alloc(wantedBytes === 0 ? mebibyte : Math.min(left, mebibyte), 1));
      } catch (error) {
        if (wantedBytes !== 0 || codeOf(error) !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    clear: () => rmSync(ballast, { force: true }),
    setReadOnly(isReadOnly) {
      const remounted = spawnSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, directory], {
        encoding: 'utf8',
      });
      if (remounted.status !== 0) throw new Error(`Cannot remount: ${remounted.stderr}`);
    },
    remove() {
      // Lazily: what a process killed just now still holds goes with it.
      const unmounted = spawnSync('umount', ['--lazy', directory], { encoding: 'utf8' });
      if (unmounted.status !== 0) throw new Error(`Cannot unmount: ${unmounted.stderr}`);
      rmdirSync(directory);
    },
  };
}

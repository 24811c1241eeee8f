import type { Clock } from '@sallyport/platform/clock';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

export type HashAlgorithm = 'sha256' | 'sha1' | 'md5';
export type FileHashes = {
  readonly sha256: string;
  readonly sha1?: string | undefined;
  readonly md5?: string | undefined;
};

export type FileHasher = {
  /** SHA-256 of a regular file, hexadecimal; undefined when it cannot be read or is over the bound. Known until inode, time or size change. */
  sha256(path: string): Promise<string | undefined>;
  /** That, and the hashes that were asked for. */
  hashes(path: string): Promise<FileHashes | undefined>;
  /** From now on these are made too. What is known without them is read again when it is asked for. */
  alsoMake(algorithms: ReadonlySet<HashAlgorithm>): void;
};

const maxKnown = 4096;
const chunkBytes = 256 * 1024;

/** Reads in pieces, so a large file neither fills memory nor holds up everything else. */
export function createFileHasher(maxFileBytes: number = 256 << 20): FileHasher {
  /** In the order of last use. */
  const known = new Map<string, FileHashes>();
  let wanted: ReadonlySet<HashAlgorithm> = new Set(['sha256']);

  const isEnough = (found: FileHashes): boolean => [...wanted].every((algorithm) => found[algorithm] !== undefined);

  async function hashes(path: string): Promise<FileHashes | undefined> {
    try {
      // A pipe that was put in the place of the file must not hold the sensor up.
      await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = await file.stat({ bigint: true });
      if (!stat.isFile() || stat.size > maxFileBytes) return undefined;
      const name = `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.size}`;
      const found = known.get(name);
      if (found !== undefined && isEnough(found)) {
        known.delete(name);
        known.set(name, found);
        return found;
      }
      const making = [...wanted].map((algorithm) => [algorithm, createHash(algorithm)] as const);
      const buffer = Buffer.allocUnsafe(chunkBytes);
      let total = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
        if (bytesRead === 0) break;
        total += bytesRead;
        if (total > maxFileBytes) return undefined;
        for (const [, hash] of making) hash.update(buffer.subarray(0, bytesRead));
      }
      const made = new Map(making.map(([algorithm, hash]) => [algorithm, hash.digest('hex')]));
      const digests = { sha256: made.get('sha256') ?? '', sha1: made.get('sha1'), md5: made.get('md5') };
      known.set(name, digests);
      const oldest = known.size > maxKnown ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      return digests;
    } catch {
      return undefined;
    }
  }

  return {
    hashes,
    sha256: async (path) => (await hashes(path))?.sha256,
    alsoMake(algorithms) {
      wanted = new Set(['sha256', ...algorithms]);
    },
  };
}

/** Hashes while there is time for it, of this consumer alone: what many long files would hold up goes without. */
export function withAllowance(hasher: FileHasher, clock: Clock, allowance: HashAllowance): FileHasher {
  let leftMs = allowance.burstMs;
  let atMs = clock.monotonicMs();
  const measured = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    const beganMs = clock.monotonicMs();
    leftMs = Math.min(allowance.burstMs, leftMs + ((beganMs - atMs) / 1000) * allowance.msPerSecond);
    atMs = beganMs;
    if (leftMs <= 0) return undefined;
    const result = await work();
    leftMs -= clock.monotonicMs() - beganMs;
    return result;
  };
  return {
    sha256: (path) => measured(() => hasher.sha256(path)),
    hashes: (path) => measured(() => hasher.hashes(path)),
    alsoMake: (algorithms) => hasher.alsoMake(algorithms),
  };
}

export type HashAllowance = { readonly msPerSecond: number; readonly burstMs: number };

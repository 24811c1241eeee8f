import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

export type FileHasher = {
  /** SHA-256 of a regular file, hexadecimal; undefined when it cannot be read or is over the bound. Known until inode, time or size change. */
  sha256(path: string): Promise<string | undefined>;
};

const maxKnown = 4096;
const chunkBytes = 256 * 1024;

/** Reads in pieces, so a large file neither fills memory nor holds up everything else. */
export function createFileHasher(maxFileBytes: number = 256 << 20): FileHasher {
  /** In the order of last use. */
  const known = new Map<string, string>();
  return {
    async sha256(path) {
      try {
        await using file = await open(path, 'r');
        const stat = await file.stat({ bigint: true });
        if (!stat.isFile() || stat.size > maxFileBytes) return undefined;
        const name = `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.size}`;
        const found = known.get(name);
        if (found !== undefined) {
          known.delete(name);
          known.set(name, found);
          return found;
        }
        const hash = createHash('sha256');
        const buffer = Buffer.allocUnsafe(chunkBytes);
        let total = 0;
        for (;;) {
          const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
          if (bytesRead === 0) break;
          total += bytesRead;
          if (total > maxFileBytes) return undefined;
          hash.update(buffer.subarray(0, bytesRead));
        }
        const digest = hash.digest('hex');
        known.set(name, digest);
        const oldest = known.size > maxKnown ? known.keys().next().value : undefined;
        if (oldest !== undefined) known.delete(oldest);
        return digest;
      } catch {
        return undefined;
      }
    },
  };
}

import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stampName = '.sources';

/** A name for everything a bundle is made of: the same sources, the same hash. Tests are not part of it. */
export function hashSources(root: string, patterns: readonly string[]): string {
  const hash = createHash('sha256');
  const files = globSync(patterns, { cwd: root, exclude: (name) => name === 'node_modules' });
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).toSorted())
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n');
  return hash.digest('hex');
}

/**
 * Leaves in `directory` what `build` makes of the sources with this hash, and does nothing when it is there. It is built
 * beside and moved into place, so that nobody is given half of it, and two builds at once do no harm. Rejects with what
 * `build` throws.
 */
export async function leaveBuilt(
  directory: string,
  sources: string,
  build: (staging: string) => Promise<unknown>,
): Promise<void> {
  const isThere = (): boolean => {
    const stamp = join(directory, stampName);
    return existsSync(stamp) && readFileSync(stamp, 'utf8') === sources;
  };
  if (isThere()) return;
  const staging = `${directory}-${process.pid}`;
  try {
    await build(staging);
    writeFileSync(join(staging, stampName), sources);
    rmSync(directory, { recursive: true, force: true });
    renameSync(staging, directory);
  } catch (error) {
    // Whoever was faster has built the same.
    if (!isThere()) throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stampName = '.sources';

/** What something is built of: all files below `root` that one of the patterns names, those of tests left out. */
export type Sources = { readonly root: string; readonly patterns: readonly string[] };

/** A name for the sources as they are: the same files, the same hash. */
function hashOf({ root, patterns }: Sources): string {
  const hash = createHash('sha256');
  const files = globSync(patterns, { cwd: root, exclude: (name) => name === 'node_modules' });
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).toSorted())
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n');
  return hash.digest('hex');
}

/** What `leaveBuilt` leaves beside what it has built: of which sources, and as they were. */
function stampOf(sources: Sources): string {
  return [hashOf(sources), ...sources.patterns, ''].join('\n');
}

function readStamp(directory: string): string {
  const stamp = join(directory, stampName);
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
}

/**
 * Whether what `leaveBuilt` left is of the sources as they are now: for whoever does not know what it is built of, and looks
 * before it starts a process that does. What builds has to be among its sources itself.
 */
export function isBuilt(directory: string, root: string): boolean {
  const stamp = readStamp(directory);
  const [, ...patterns] = stamp.split('\n').filter((line) => line !== '');
  return patterns.length > 0 && stampOf({ root, patterns }) === stamp;
}

/**
 * Leaves in `directory` what `build` makes of these sources, and does nothing when it is there. It is built
 * beside and moved into place, so that nobody is given half of it, and two builds at once do no harm. Rejects with what
 * `build` throws.
 */
export async function leaveBuilt(
  directory: string,
  sources: Sources,
  build: (staging: string) => Promise<unknown>,
): Promise<void> {
  const stamp = stampOf(sources);
  const isThere = (): boolean => readStamp(directory) === stamp;
  if (isThere()) return;
  const staging = `${directory}-${process.pid}`;
  try {
    await build(staging);
    writeFileSync(join(staging, stampName), stamp);
    rmSync(directory, { recursive: true, force: true });
    renameSync(staging, directory);
  } catch (error) {
    // Whoever was faster has built the same.
    if (!isThere()) throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

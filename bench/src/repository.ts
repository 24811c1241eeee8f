import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const repositoryRoot: string = join(import.meta.dirname, '..', '..');

/** Published rules and recordings, beside the checkout where they are present. */
export const sharedDirectory: string = join(repositoryRoot, '..', 'shared', 'data');

/** A directory that is gone afterwards, on the disk to be measured. */
export async function withDirectory<Result>(
  parent: string | undefined,
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(parent ?? tmpdir(), 'sallyport-bench-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes Node write a CPU profile of each thread when the process ends. */
export function profileFlags(directory: string | undefined): string[] {
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}

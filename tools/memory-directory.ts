// Where the tests' temporary files go: in memory, where there is room. Servers, databases and ledgers of tests sync tens of
// thousands of small writes to a disk on which all of them wait; no test pulls the plug of the machine, so none can tell.
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { availableMemory } from 'node:process';

const gibibyte = 1024 ** 3;
/** What the tests that run at once were seen to take, several times over. */
const wantedBytes = 2 * gibibyte;
/** Files there are memory: this much has to be left for the programs. */
const wantedFreeBytes = 6 * gibibyte;

export type MemoryDirectory = { readonly path: string; remove(): void };

/** A new directory in memory, or undefined: no such file system, not enough room, or programs may not be run from it. */
export function createMemoryDirectory(
  needs: { readonly parent?: string; readonly mounts?: string; readonly freeBytes?: number } = {},
): MemoryDirectory | undefined {
  const { parent = '/dev/shm', mounts = mountsOfSystem(), freeBytes = availableMemory() } = needs;
  const mounted = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === parent);
  if (mounted === undefined || mounted[2] !== 'tmpfs') return undefined;
  const options = mounted[3]?.split(',') ?? [];
  if (options.includes('noexec') || options.includes('ro') || freeBytes < wantedFreeBytes) return undefined;
  try {
    accessSync(parent, constants.W_OK);
    const { bavail, bsize } = statfsSync(parent);
    if (bavail * bsize < wantedBytes) return undefined;
    // Short: addresses of sockets have at most 107 characters.
    const path = mkdtempSync(join(parent, 't-'));
    // As /tmp: a PostgreSQL that root tests with runs as another user.
    chmodSync(path, 0o1777);
    // What a test left running may still write: what stays for that reason is no failure of a test.
    return { path, remove: () => void spawnSync('rm', ['-rf', path]) };
  } catch {
    return undefined;
  }
}

function mountsOfSystem(): string {
  try {
    return readFileSync('/proc/mounts', 'utf8');
  } catch {
    return '';
  }
}

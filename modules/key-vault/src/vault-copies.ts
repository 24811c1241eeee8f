import { join } from 'node:path';
import type { KeyVaultNeeds } from './needs.ts';

type CopyNeeds = Pick<KeyVaultNeeds, 'directories' | 'files'>;

export const vaultFileName = 'epochs.vault';

/** What lies in each directory. */
export function readCopies(needs: CopyNeeds, name: string): readonly (Buffer | undefined)[] {
  return needs.directories.map((directory) => needs.files.read(join(directory, name)));
}

/** Writes both copies, one after the other. Whatever it throws, at most the first holds the new bytes. */
export function writeCopies(needs: CopyNeeds, name: string, bytes: Uint8Array): void {
  for (const directory of needs.directories) needs.files.write(join(directory, name), bytes);
}

/** Makes every copy hold these bytes. One that holds others is kept beside it first: somebody may have to look at it. */
export function healCopies(needs: CopyNeeds, name: string, bytes: Buffer, isSuspect: (other: Buffer) => boolean): void {
  for (const directory of needs.directories) {
    const path = join(directory, name);
    const found = needs.files.read(path);
    if (found?.equals(bytes) === true) continue;
    if (found !== undefined && isSuspect(found)) needs.files.write(`${path}.damaged`, found);
    needs.files.write(path, bytes);
  }
}

export function eraseCopies(needs: CopyNeeds, name: string): void {
  for (const directory of needs.directories) needs.files.erase(join(directory, name));
}

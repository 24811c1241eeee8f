import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';
import { vaultFileName } from '../vault-copies.ts';
import { parseVaultFile } from '../vault-format.ts';

/**
 * The wrapped keys as they lie in one of the vault's directories, under the names they are kept by elsewhere: the vault's file by
 * its generation, pages of subject keys by size and sum. None of it opens without the master key of an epoch, which lies
 * with its provider (in the sealed file's case in a file of its own that is never among these).
 */
export async function readVaultExport(
  directory: string,
): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]> {
  const bytes = await readIfPresent(join(directory, vaultFileName));
  const header = bytes === undefined ? undefined : parseVaultFile(bytes)?.header;
  if (bytes === undefined || header === undefined) return [];
  const files = [{ name: `vault/${header.vault}/${String(header.generation).padStart(12, '0')}.vault`, bytes }];
  const pages = join(directory, 'subject-pages');
  for (const file of (await namesIn(pages)).toSorted()) {
    const page = /^([0-9a-f]{32})\.rows$/.exec(file)?.[1];
    const rows = page === undefined ? undefined : await readIfPresent(join(pages, file));
    if (page === undefined || rows === undefined) continue;
    const mark = `${String(rows.length).padStart(16, '0')}-${hash('sha256', rows, 'hex').slice(0, 16)}`;
    files.push({ name: `vault/${header.vault}/pages/${page}/${mark}`, bytes: rows });
  }
  return files;
}

/** What the clear header of the vault's file says; undefined where there is none. */
export async function readVaultHeader(
  directory: string,
): Promise<
  { readonly bytes: Buffer; readonly vault: string; readonly generation: number; readonly epoch: number } | undefined
> {
  const bytes = await readIfPresent(join(directory, vaultFileName));
  return bytes === undefined ? undefined : activeEpochOf(bytes);
}

/** Of a vault's file, what its clear header says; which epoch seals its list. */
function activeEpochOf(
  bytes: Buffer,
): { readonly bytes: Buffer; readonly vault: string; readonly generation: number; readonly epoch: number } | undefined {
  const header = parseVaultFile(bytes)?.header;
  const active = header?.epochs.find(({ stage }) => stage === 'active');
  if (header === undefined || active === undefined) return undefined;
  return { bytes, vault: header.vault, generation: header.generation, epoch: active.epoch };
}

async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

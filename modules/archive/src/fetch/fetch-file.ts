import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { syncDirectory } from '@sallyport/platform/files';
import { ArchiveError } from '../errors.ts';
import { parseSpanName } from '../names.ts';
import type { KeptFile } from '../place.ts';
import type { ArchiveSource } from './bucket-source.ts';
import type { PlannedFile } from './fetch-plan.ts';

export type FetchedFile = {
  readonly kind: 'fetched' | 'present';
  readonly bytes: number;
  /** The store states no sum of it that can be compared. */
  readonly isUnsummed: boolean;
};

const pieceBytes = 1024 * 1024;

/**
 * Brings one file into the directory, unless it is there already with the bytes the archive states. It gets its name when size,
 * SHA-256 and what its name says are right; until then it is `NAME.new`. Throws `off_site_mismatch` when no version of it is sound,
 * else as of `OffSite`, and `restore_refused` for a disk that does not take it.
 */
export async function fetchFile(
  source: ArchiveSource,
  file: PlannedFile,
  given: { readonly directory: string; readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<FetchedFile> {
  let first: ArchiveError | undefined;
  for (const { version } of file.versions) {
    try {
      return await fetchVersion(source, { ...file, version }, given);
    } catch (error) {
      const isUnsound =
        error instanceof ArchiveError && (error.code === 'off_site_mismatch' || error.code === 'off_site_missing');
      if (!isUnsound) throw error;
      first ??= error;
    }
  }
  throw first ?? new ArchiveError('off_site_missing', `The archive has no version of "${file.name}"`);
}

async function fetchVersion(
  source: ArchiveSource,
  { name, version }: { readonly name: string; readonly version: string },
  { directory, signal, onBytes }: Parameters<typeof fetchFile>[2],
): Promise<FetchedFile> {
  const kept = await source.find(name, version, signal);
  if (kept === undefined) throw new ArchiveError('off_site_missing', `The archive does not give "${name}" any more`);
  const { bytes } = kept;
  const span = parseSpanName(name);
  if (span !== undefined && span.bytes !== bytes)
    throw unsound(name, `it has ${bytes} bytes, its name says ${span.bytes}`);
  const path = join(directory, name);
  if ((await sizeOf(path)) === bytes) {
    const standing = await compare(source, kept, { path, sum: createHash('sha256'), isRead: false, signal });
    if (standing === 'same') return { kind: 'present', bytes, isUnsummed: false };
  }
  const temporary = `${path}.new`;
  const sum = createHash('sha256');
  let received = 0;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    {
      await using target = await open(temporary, 'w', 0o600);
      for await (const chunk of source.read(name, version, bytes, signal)) {
        sum.update(chunk);
        received += chunk.length;
        await target.writeFile(chunk);
        onBytes(chunk.length);
      }
      await target.sync();
    }
    if (received !== bytes) throw unsound(name, `it gave ${received} bytes of ${bytes}`);
    const standing = await compare(source, kept, { path: temporary, sum, isRead: true, signal });
    if (standing === 'other') throw unsound(name, 'its SHA-256 is another than when it was stored');
    await rename(temporary, path);
    syncDirectory(dirname(path));
    return { kind: 'fetched', bytes, isUnsummed: standing === 'unknown' };
  } catch (error) {
    onBytes(-received);
    await rm(temporary, { force: true });
    throw error instanceof ArchiveError || signal.aborted ? error : notTaken(name, error);
  }
}

/** The file on this disk against what the archive states of it, and against the sum in its own name. */
async function compare(
  source: ArchiveSource,
  { name, bytes, sum: stated }: KeptFile,
  on: { readonly path: string; readonly sum: Hash; readonly isRead: boolean; readonly signal: AbortSignal },
): Promise<'same' | 'other' | 'unknown'> {
  await using file = await open(on.path, 'r');
  const read = async (offset: number, length: number): Promise<Buffer> => {
    on.signal.throwIfAborted();
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  if (!on.isRead)
    for (let at = 0; at < bytes; at += pieceBytes) on.sum.update(await read(at, Math.min(pieceBytes, bytes - at)));
  const sha256 = on.sum.digest('hex');
  const ownSum = sumInName(name);
  if (ownSum !== undefined && !sha256.startsWith(ownSum)) return 'other';
  if (stated === undefined) return 'unknown';
  if (stated.kind === 'whole') return stated.value === sha256 ? 'same' : 'other';
  const composed = await source.sumOf({ name, bytes, sha256, read }, on.signal);
  if (composed?.value === stated.value) return 'same';
  // Of parts of another size, as when it was copied from bucket to bucket: no sum of ours can be held against it.
  return countOfParts(composed?.value) === countOfParts(stated.value) ? 'other' : 'unknown';
}

/** Checkpoints and pages of subject keys have the first half of theirs in their name. */
function sumInName(name: string): string | undefined {
  return /\/(?:checkpoints|pages\/[0-9a-f]{32})\/\d{16}-([0-9a-f]{16})$/.exec(name)?.[1];
}

const countOfParts = (value: string | undefined): string | undefined => /-(\d+)$/.exec(value ?? '')?.[1];

/** Undefined where there is no file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function unsound(name: string, why: string): ArchiveError {
  return new ArchiveError('off_site_mismatch', `The archive does not give "${name}" as it was kept: ${why}`);
}

function notTaken(name: string, error: unknown): ArchiveError {
  return new ArchiveError('restore_refused', `Cannot write "${name}": ${messageOf(error)}`, {
    cause: error,
    hint: 'run it again with room and rights there: what was fetched is kept',
  });
}

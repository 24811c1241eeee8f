import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';
import { ArchiveError } from '../errors.ts';
import { isName, parseSpanName } from '../names.ts';
import type { SpanName } from '../names.ts';

/** A downloaded copy of an archive, or the directory one is kept in. Whatever lies in it is somebody else's. */
export type ArchiveDirectory = {
  readonly spans: readonly (SpanName & { readonly name: string })[];
  readonly names: readonly string[];
  size(name: string): Promise<number>;
  /** Small files only. Throws `archive_invalid` above `mostBytes`. */
  read(name: string, mostBytes: number): Promise<Buffer>;
  /** Record by record or piece by piece, in order, without holding the file. */
  openReader(name: string): Promise<{ read(offset: number, length: number): Promise<Buffer>; close(): Promise<void> }>;
};

const mostFiles = 1_000_000;

export async function openArchiveDirectory(path: string): Promise<ArchiveDirectory> {
  const root = resolve(path);
  const names: string[] = [];
  try {
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const name = join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join('/');
      if (isName(name) && !name.endsWith('.new')) names.push(name);
      if (names.length > mostFiles)
        throw new ArchiveError('archive_invalid', `Cannot read "${path}": it has over ${mostFiles} files`);
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    throw new ArchiveError('archive_invalid', `Cannot read "${path}": there is no such directory`, { cause: error });
  }
  const spans = names.flatMap((name) => {
    const span = parseSpanName(name);
    return span === undefined ? [] : [{ ...span, name }];
  });
  if (spans.length === 0)
    throw new ArchiveError('archive_invalid', `Cannot find an archive in "${path}": it has no blocks of a ledger`, {
      hint: 'name the directory that has ledger/ in it: the bucket below its prefix',
    });
  return {
    names: names.toSorted(),
    spans,
    size: async (name) => (await stat(join(root, name))).size,
    async read(name, mostBytes) {
      const { size } = await stat(join(root, name));
      if (size > mostBytes)
        throw new ArchiveError(
          'archive_invalid',
          `Cannot read "${name}": size is ${size} bytes, must be at most ${mostBytes}`,
        );
      return readFile(join(root, name));
    },
    async openReader(name) {
      const file = await open(join(root, name), 'r');
      return {
        async read(offset, length) {
          const bytes = Buffer.allocUnsafe(length);
          let done = 0;
          while (done < length) {
            const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
            if (bytesRead === 0) break;
            done += bytesRead;
          }
          return bytes.subarray(0, done);
        },
        close: () => file.close(),
      };
    },
  };
}

import { codeOf } from '@sallyport/platform/errors';
import type { BigIntStats } from 'node:fs';
import { readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openRegularFile } from '../regular-file.ts';

/** A place in a file that may be renamed meanwhile. */
export type FilePlace = { readonly file: string; readonly offset: number };

/** What came, with the place before it; or that there is nothing more for now; or that the file ended for good. */
export type Followed =
  | { readonly kind: 'chunk'; readonly file: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'idle' }
  | { readonly kind: 'ended' };

const chunkBytes = 256 * 1024;

/**
 * The bytes of a file as it grows, from `place` on. When another file takes its name, the old one is read to its end first, and then the
 * new one from its beginning; so is one that was cut short. What was renamed while nobody looked is found by its number beside it.
 */
export async function* followChunks(
  path: string,
  place: FilePlace | undefined,
  waitForMore: () => Promise<void>,
): AsyncGenerator<Followed> {
  let from = place;
  const old = place === undefined ? undefined : await renamed(path, place.file);
  if (old !== undefined && place !== undefined) {
    yield* rest(old, place);
    yield { kind: 'ended' };
    from = undefined;
  }
  for (;;) {
    const handle = await openWhenThere(path);
    if (handle === undefined) {
      yield { kind: 'idle' };
      await waitForMore();
      continue;
    }
    try {
      yield* readAsItGrows(handle, { path, from, waitForMore });
    } finally {
      await handle.close();
    }
    from = undefined;
    yield { kind: 'ended' };
  }
}

/** Until another file has its name and everything is read. */
async function* readAsItGrows(
  handle: FileHandle,
  { path, from, waitForMore }: { path: string; from: FilePlace | undefined; waitForMore: () => Promise<void> },
): AsyncGenerator<Followed> {
  const file = await numberOf(handle);
  let offset = from?.file === file ? from.offset : 0;
  let isReplaced = false;
  for (;;) {
    const bytes = await readAt(handle, offset);
    if (bytes.length > 0) {
      yield { kind: 'chunk', file, offset, bytes };
      offset += bytes.length;
    } else if ((await handle.stat()).size < offset) {
      yield { kind: 'ended' };
      offset = 0;
    } else if (isReplaced) {
      return;
    } else if ((await currentNumber(path)) === file) {
      yield { kind: 'idle' };
      await waitForMore();
    } else {
      // Once more, for what was written before the writer let go of it.
      isReplaced = true;
    }
  }
}

async function* rest(path: string, { file, offset }: FilePlace): AsyncGenerator<Followed> {
  const handle = await openRegularFile(path);
  try {
    for (let at = offset; ;) {
      const bytes = await readAt(handle, at);
      if (bytes.length === 0) return;
      yield { kind: 'chunk', file, offset: at, bytes };
      at += bytes.length;
    }
  } finally {
    await handle.close();
  }
}

/** Where the file with that number is now, when it is no longer at `path`: `log.1`, `log-20251011`. */
async function renamed(path: string, file: string): Promise<string | undefined> {
  if ((await currentNumber(path)) === file) return undefined;
  const name = basename(path);
  const beside = (await readdir(dirname(path))).filter((other) => other !== name && other.startsWith(name));
  for (const other of beside.slice(0, 1000)) {
    const found = join(dirname(path), other);
    if ((await currentNumber(found)) === file) return found;
  }
  return undefined;
}

async function openWhenThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await openRegularFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function currentNumber(path: string): Promise<string | undefined> {
  try {
    return numberIn(await stat(path, { bigint: true }));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function numberOf(handle: FileHandle): Promise<string> {
  return numberIn(await handle.stat({ bigint: true }));
}

/** The time it was made tells a file from one that had its number before. */
function numberIn({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${birthtimeNs}`;
}

async function readAt(handle: FileHandle, offset: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, offset);
  return buffer.subarray(0, bytesRead);
}

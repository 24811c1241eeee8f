import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import yauzl from 'yauzl';
import { openRegularFile } from '../regular-file.ts';

const endSignature = 0x06054b50;
const endBytes = 22;
const maxCommentBytes = 0xffff;
/** Archives often pick up a newline or padding on their way; this much is looked past, as other tools do. */
const maxTrailingBytes = 64 * 1024;

/** Opens a zip whose end of central directory (APPNOTE 4.3.16) may be followed by bytes that do not belong to it. */
export async function openZipFile(path: string): Promise<yauzl.ZipFile> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    const end = (await findArchiveEnd(handle, size)) ?? size;
    return await yauzl.fromRandomAccessReaderPromise(new FileReader(path, handle), end, {
      autoClose: false,
      decodeStrings: false,
      lazyEntries: true,
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Where the archive ends: the last end record whose comment fits into the file. */
async function findArchiveEnd(handle: FileHandle, size: number): Promise<number | undefined> {
  const length = Math.min(size, endBytes + maxCommentBytes + maxTrailingBytes);
  const tail = Buffer.alloc(length);
  const { bytesRead } = await handle.read(tail, 0, length, size - length);
  for (let at = bytesRead - endBytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== endSignature) continue;
    const end = at + endBytes + tail.readUInt16LE(at + 20);
    if (end <= bytesRead) return size - length + end;
  }
  return undefined;
}

class FileReader extends yauzl.RandomAccessReader {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    super();
    this.#path = path;
    this.#handle = handle;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    // yauzl's end is one past the last byte.
    return createReadStream(this.#path, { start, end: end - 1 });
  }

  override read(...request: Parameters<yauzl.RandomAccessReader['read']>): void {
    const [buffer, offset, length, position, callback] = request;
    const readFully = async (): Promise<void> => {
      const { bytesRead } = await this.#handle.read(buffer, offset, length, position);
      if (bytesRead < length) throw new Error('unexpected end of file');
    };
    callbackify(readFully)((error) => callback(error));
  }

  override close(callback: (error: Error | null) => void): void {
    callbackify(() => this.#handle.close())((error) => callback(error));
  }
}

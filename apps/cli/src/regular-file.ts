import { constants, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

// Opening a pipe nobody writes to would wait for ever; a device has no end.
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for reading. Throws the error of the operating system, and `RangeError` for what is no file: a directory,
 * a pipe, a device.
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const handle = await open(path, flags);
  try {
    refuseOthers(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All of a file that holds at most `maxBytes`, also when it grows meanwhile. Throws as `openRegularFile`, and `RangeError` for a larger one. */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw tooLarge(size, maxBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stream: AsyncIterable<Buffer> = handle.createReadStream({ autoClose: false, end: maxBytes });
    for await (const chunk of stream) {
      bytes += chunk.length;
      chunks.push(chunk);
    }
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

/** `readBoundedFile` for the small files that are read before anything else happens. */
export function readBoundedFileSync(path: string, maxBytes: number): Buffer {
  const descriptor = openSync(path, flags);
  try {
    refuseOthers(fstatSync(descriptor));
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got)
      got = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (length > maxBytes) throw tooLarge(length, maxBytes);
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function refuseOthers(found: { isFile(): boolean; isDirectory(): boolean }): void {
  if (found.isFile()) return;
  throw new RangeError(found.isDirectory() ? 'it is a directory' : 'it is a pipe or a device, must be a file');
}

function tooLarge(size: number, maxBytes: number): RangeError {
  return new RangeError(`size is ${size} bytes, must be at most ${maxBytes}`);
}

import { codeOf } from '@sallyport/platform/errors';
import { closeSync, constants, fstatSync, lstatSync, openSync, opendirSync, readSync, readlinkSync } from 'node:fs';
import type { Dir } from 'node:fs';
import { join } from 'node:path';

export type FileFacts = {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
};

/** The host's files as this process may read them. What cannot be read is undefined or empty: what is missing is no error here. */
export type HostFiles = {
  /** Where `/` is: elsewhere in tests. */
  readonly root: string;
  text(path: string, maxBytes?: number): string | undefined;
  bytes(path: string, maxBytes?: number): Buffer | undefined;
  /** A regular file from its beginning, piece by piece; an empty one for an empty file, none for one that cannot be read. */
  pieces(path: string, maxBytes: number): Generator<Buffer>;
  /** Names in a folder, at most 65,536. */
  list(path: string): readonly string[];
  /** The same one by one: a folder with a million names costs no more than one. It stays open until the last, or until given up. */
  names(path: string): Generator<string>;
  /** Of the link itself, when it is one. */
  facts(path: string): FileFacts | undefined;
  link(path: string): string | undefined;
  access(path: string): 'readable' | 'denied' | 'missing';
  /** The path as this process opens it. */
  at(path: string): string;
};

const defaultMaxBytes = 4 << 20;
const maxNames = 65_536;
const pieceBytes = 256 * 1024;

export function createHostFiles(root = '/'): HostFiles {
  const at = (path: string): string => (root === '/' ? path : join(root, path));

  function bytes(path: string, maxBytes = defaultMaxBytes): Buffer | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(at(path), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    try {
      // Files of /proc say that they are empty, so it reads to the end instead of to the size.
      const size = fstatSync(descriptor).size;
      let buffer = Buffer.allocUnsafe(Math.min(maxBytes, size > 0 ? size + 1 : 4096));
      let used = 0;
      for (;;) {
        const read = readSync(descriptor, buffer, used, buffer.length - used, null);
        used += read;
        if (read === 0 || used >= maxBytes) return buffer.subarray(0, Math.min(used, maxBytes));
        if (used === buffer.length)
          buffer = Buffer.concat([buffer, Buffer.allocUnsafe(Math.min(buffer.length, maxBytes - used))]);
      }
    } catch {
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  function* pieces(path: string, maxBytes: number): Generator<Buffer> {
    let descriptor: number;
    try {
      descriptor = openSync(at(path), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return;
    }
    try {
      if (!fstatSync(descriptor).isFile()) return;
      yield Buffer.alloc(0);
      for (let used = 0; used < maxBytes;) {
        const piece = Buffer.allocUnsafe(Math.min(pieceBytes, maxBytes - used));
        const read = readSync(descriptor, piece, 0, piece.length, null);
        if (read === 0) return;
        used += read;
        yield piece.subarray(0, read);
      }
    } catch {
      // It ends where it cannot be read on.
    } finally {
      closeSync(descriptor);
    }
  }

  function* names(path: string): Generator<string> {
    let folder: Dir;
    try {
      folder = opendirSync(at(path));
    } catch {
      return;
    }
    try {
      for (let count = 0; count < maxNames; count += 1) {
        const entry = folder.readSync();
        if (entry === null) return;
        yield entry.name;
      }
    } catch {
      // Gone in between.
    } finally {
      folder.closeSync();
    }
  }

  return {
    root,
    at,
    bytes,
    pieces,
    names,
    text: (path, maxBytes) => bytes(path, maxBytes)?.toString('utf8'),
    list: (path) => [...names(path)],
    facts(path) {
      try {
        const stat = lstatSync(at(path));
        return {
          kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : 'other',
          device: stat.dev,
          inode: stat.ino,
          size: stat.size,
          modifiedMs: Math.floor(stat.mtimeMs),
          changedMs: Math.floor(stat.ctimeMs),
          mode: stat.mode & 0o7777,
          userId: stat.uid,
          groupId: stat.gid,
        };
      } catch {
        return undefined;
      }
    },
    link(path) {
      try {
        return readlinkSync(at(path));
      } catch {
        return undefined;
      }
    },
    access(path) {
      try {
        // access(2) asks about the user alone, and says no to one who reads by a capability.
        const descriptor = openSync(at(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
        const stat = fstatSync(descriptor);
        closeSync(descriptor);
        // A log that became a pipe or /dev/null holds nothing.
        return stat.isFile() || stat.isDirectory() ? 'readable' : 'missing';
      } catch (error) {
        return codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' ? 'denied' : 'missing';
      }
    },
  };
}

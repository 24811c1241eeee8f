import { codeOf } from '@sallyport/platform/errors';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
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
  /** Names in a folder, at most 65,536. */
  list(path: string): readonly string[];
  /** Of the link itself, when it is one. */
  facts(path: string): FileFacts | undefined;
  link(path: string): string | undefined;
  access(path: string): 'readable' | 'denied' | 'missing';
  /** The path as this process opens it. */
  at(path: string): string;
};

const defaultMaxBytes = 4 << 20;
const maxNames = 65_536;

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

  return {
    root,
    at,
    bytes,
    text: (path, maxBytes) => bytes(path, maxBytes)?.toString('utf8'),
    list(path) {
      try {
        return readdirSync(at(path)).slice(0, maxNames);
      } catch {
        return [];
      }
    },
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
        closeSync(openSync(at(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
        return 'readable';
      } catch (error) {
        return codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' ? 'denied' : 'missing';
      }
    },
  };
}

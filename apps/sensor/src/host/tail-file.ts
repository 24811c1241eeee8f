import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, fstatSync, readSync } from 'node:fs';
import { dirname, basename, join } from 'node:path';
import { isCount } from '../spool/frame-content.ts';
import type { HostFiles } from './host-files.ts';

/** Where reading stopped, and what was there, so that a file put in its place is recognised. */
type TailPosition = {
  readonly inode: number;
  readonly offset: number;
  readonly headBytes: number;
  readonly head: string;
};

export type TailRead = {
  readonly bytes: Buffer;
  /** The file was cut or replaced without a rotation that kept what was not read: somebody may have removed traces. */
  readonly shrunk: { readonly wasBytes: number; readonly isBytes: number } | undefined;
  readonly position: string;
};

export type TailFile = {
  /** What was appended since, at most `maxBytes` of whole units; undefined when the file is not there. */
  read(): TailRead | undefined;
};

const headLimit = 256;

/**
 * Follows a log over rotation by renaming (what was not read yet is read from the renamed file) and by copying and cutting.
 * A file that is there at the first start is read from its end, one that appears later from its beginning.
 * `unitEnd` gives how much of the bytes read is whole: lines, or records of fixed size.
 */
export function createTailFile(
  files: HostFiles,
  path: string,
  options: {
    readonly position: string | undefined;
    readonly maxBytes: number;
    readonly unitEnd: (bytes: Buffer) => number;
  },
): TailFile {
  let position = options.position === undefined ? undefined : parsePosition(options.position);
  let isFirst = position === undefined;

  function readFrom(
    name: string,
    offset: number,
  ): { bytes: Buffer; inode: number; size: number; head: Buffer } | undefined {
    let descriptor: number;
    try {
      // A pipe in the place of the log would hold up everything until somebody writes to it.
      descriptor = openSync(files.at(name), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) return undefined;
      const { ino, size } = stat;
      const head = Buffer.alloc(Math.min(headLimit, size));
      readSync(descriptor, head, 0, head.length, 0);
      const bytes = Buffer.alloc(Math.max(0, Math.min(options.maxBytes, size - offset)));
      const read = bytes.length === 0 ? 0 : readSync(descriptor, bytes, 0, bytes.length, offset);
      return { bytes: bytes.subarray(0, read), inode: ino, size, head };
    } catch {
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  const isSame = (known: TailPosition, found: { inode: number; head: Buffer }): boolean =>
    known.inode === found.inode && digest(found.head.subarray(0, known.headBytes)) === known.head;

  /** What was left to read in the file that was renamed away. */
  function rotatedRest(known: TailPosition): { bytes: Buffer; name: string } | undefined {
    const folder = dirname(path);
    for (const name of files.list(folder)) {
      if (!name.startsWith(`${basename(path)}.`) && !name.startsWith(`${basename(path)}-`)) continue;
      const facts = files.facts(join(folder, name));
      if (facts?.inode !== known.inode) continue;
      const found = readFrom(join(folder, name), known.offset);
      if (found !== undefined && isSame(known, found)) return { bytes: found.bytes, name };
    }
    return undefined;
  }

  function advance(
    found: { bytes: Buffer; inode: number; head: Buffer },
    offset: number,
    shrunk: TailRead['shrunk'],
  ): TailRead {
    const whole = options.unitEnd(found.bytes);
    // A unit that fills the whole bound would never end: it is given as it is.
    const used = whole === 0 && found.bytes.length === options.maxBytes ? found.bytes.length : whole;
    position = { inode: found.inode, offset: offset + used, headBytes: found.head.length, head: digest(found.head) };
    return { bytes: found.bytes.subarray(0, used), shrunk, position: JSON.stringify(position) };
  }

  return {
    read() {
      const known = position;
      if (known === undefined) {
        const from = isFirst ? (files.facts(path)?.size ?? 0) : 0;
        isFirst = false;
        const found = readFrom(path, from);
        return found === undefined ? undefined : advance(found, from, undefined);
      }
      const found = readFrom(path, known.offset);
      if (found !== undefined && isSame(known, found) && found.size >= known.offset)
        return advance(found, known.offset, undefined);
      const rest = rotatedRest(known);
      if (rest !== undefined && options.unitEnd(rest.bytes) > 0) {
        const used = options.unitEnd(rest.bytes);
        position = { ...known, offset: known.offset + used };
        return { bytes: rest.bytes.subarray(0, used), shrunk: undefined, position: JSON.stringify(position) };
      }
      const fresh = readFrom(path, 0);
      if (fresh === undefined) return undefined;
      const shrunk = rest === undefined ? { wasBytes: known.offset, isBytes: fresh.size } : undefined;
      return advance(fresh, 0, shrunk);
    },
  };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

function parsePosition(text: string): TailPosition | undefined {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { inode, offset, headBytes, head } = value;
  if (!isCount(inode) || !isCount(offset) || !isCount(headBytes) || typeof head !== 'string') return undefined;
  return { inode, offset, headBytes, head };
}

/** Behind the last line feed. */
export function endOfLines(bytes: Buffer): number {
  return bytes.lastIndexOf(10) + 1;
}

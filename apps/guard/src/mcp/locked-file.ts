import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const triesMs = 20;
const defaultWaitMs = 3000;
/** Nobody holds a file so long: its holder was ended in the middle. */
const staleMs = 30_000;

/** Does something with a file, within half a minute, that no other gateway does at the same time. Throws when it stays held. */
export async function withLock<Value>(
  file: string,
  work: () => Value | Promise<Value>,
  { waitMs = defaultWaitMs }: { readonly waitMs?: number } = {},
): Promise<Value> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  for (let left = waitMs / triesMs; ; left -= 1) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      break;
    } catch (error) {
      if (!isThere(error)) throw error;
      if (left <= 0) throw new Error(`"${file}" is held by another gateway`, { cause: error });
      const held = statSync(lock, { throwIfNoEntry: false });
      if (held !== undefined && Date.now() - held.mtimeMs > staleMs) rmSync(lock, { force: true });
      else await delay(triesMs);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whole or not at all, and on the disk when it returns. */
export function replaceFile(file: string, text: string): void {
  const fresh = `${file}.new`;
  const open = openSync(fresh, 'w', 0o600);
  try {
    writeSync(open, text);
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
  renameSync(fresh, file);
}

export function appendDurably(file: string, line: string): void {
  const open = openSync(file, 'a', 0o600);
  try {
    writeSync(open, line);
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}

/** Undefined when there is none. Throws for one that others may write, or read where it is secret, or that is too long. */
export function readOwnFile(
  file: string,
  maxBytes: number,
  { isSecret = false }: { readonly isSecret?: boolean } = {},
): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new Error(`"${file}" is no file`);
  // On Windows these bits say nothing.
  if (process.platform !== 'win32') {
    if (isSecret && (found.mode & 0o077) !== 0)
      throw new Error(`"${file}" holds a credential and may be read by others: chmod go= it`);
    if ((found.mode & 0o022) !== 0) throw new Error(`"${file}" may be written by others: chmod go-w it`);
  }
  if (found.size > maxBytes) throw new Error(`"${file}" is longer than ${maxBytes} bytes`);
  return readFileSync(file, 'utf8');
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

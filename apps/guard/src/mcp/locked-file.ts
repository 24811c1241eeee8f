import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const triesMs = 20;
const defaultWaitMs = 3000;
/** Nobody holds a file so long without a word: its holder was ended in the middle, or sleeps. */
const staleMs = 30_000;

/** Of a holder who lives, which says so again and again; its machine may have slept. */
const beatMs = 500;
const watchMs = 2000;

/** That it is still ours: who slept, and was taken for dead, may do nothing more with the file. */
export type Lock = { isOurs(): boolean };

/** Does something with a file that no other gateway does at the same time. Throws when it stays held. */
export async function withLock<Value>(
  file: string,
  work: (lock: Lock) => Value | Promise<Value>,
  { waitMs = defaultWaitMs }: { readonly waitMs?: number } = {},
): Promise<Value> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  const word = randomBytes(16).toString('hex');
  const open = await takeLock(lock, word, waitMs).catch((error: unknown) => {
    throw isThere(error) ? new Error(`"${file}" is held by another gateway`, { cause: error }) : error;
  });
  // Of our own file, whoever may have another under its name by now.
  const alive = setInterval(() => futimesSync(open, new Date(), new Date()), beatMs);
  const isOurs = (): boolean => wordIn(lock) === word;
  try {
    return await work({ isOurs });
  } finally {
    clearInterval(alive);
    closeSync(open);
    if (isOurs()) rmSync(lock, { force: true });
  }
}

/** Open, so that it can be kept young. */
async function takeLock(lock: string, word: string, waitMs: number): Promise<number> {
  let stale: { readonly seen: string; readonly sinceMs: number } | undefined;
  for (let left = waitMs / triesMs; ; left -= 1) {
    try {
      const open = openSync(lock, 'wx', 0o600);
      writeFileSync(open, word);
      return open;
    } catch (error) {
      if (!isThere(error)) throw error;
      const seen = marksOf(lock);
      // Old by the clock is who slept as well: it has to stay as it is while we look, by a clock that sleeps with us.
      if (seen === undefined || !seen.isOld) stale = undefined;
      else if (stale?.seen !== seen.marks) stale = { seen: seen.marks, sinceMs: performance.now() };
      else if (performance.now() - stale.sinceMs > watchMs) {
        steal(lock, stale.seen);
        stale = undefined;
        continue;
      }
      if (left <= 0) throw error;
      await delay(triesMs);
    }
  }
}

/** Takes away the lock of somebody who was ended in the middle, and none that came in its place meanwhile. */
function steal(lock: string, marks: string): void {
  if (marksOf(lock)?.marks !== marks) return;
  const aside = `${lock}.${randomBytes(8).toString('hex')}`;
  try {
    renameSync(lock, aside);
  } catch {
    // Another was first.
    return;
  }
  try {
    if (marksOf(aside)?.marks !== marks) linkSync(aside, lock);
  } catch {
    // A third has it already; whose this one was sees that it is not theirs any more.
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Which file it is, and when its holder last said that it lives. */
function marksOf(lock: string): { readonly marks: string; readonly isOld: boolean } | undefined {
  const found = statSync(lock, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const { ino, mtimeMs } = found;
  return { marks: `${ino} ${mtimeMs} ${wordIn(lock) ?? ''}`, isOld: Date.now() - mtimeMs > staleMs };
}

function wordIn(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and on the disk when it returns. */
export function replaceFile(file: string, text: string): void {
  const fresh = `${file}.${randomBytes(8).toString('hex')}.new`;
  try {
    writeFileSync(fresh, text, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
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

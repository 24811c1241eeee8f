import { createHash } from 'node:crypto';
import { openSync, closeSync, fstatSync, readSync } from 'node:fs';
import type { JsonObject } from '@sallyport/contracts';
import { appendDurably, withLock } from './locked-file.ts';

/** What passed and what did not, where there is no server: one line each, durable before the call goes. */
export type Journal = { /** Throws when it cannot be written. */ write(entry: JsonObject): Promise<void> };

const longestLine = 16 * 1024;

/**
 * Each line holds the SHA-256 of the one before, so that a line changed or taken out in the middle shows. Whoever may write the file can
 * write all of it anew, or leave out its end: that only a server elsewhere would see.
 */
export function createJournal(file: string): Journal {
  return {
    write: (entry) =>
      withLock(file, () => {
        appendDurably(file, `${JSON.stringify({ ...entry, previous: digestOfLast(file) })}\n`);
      }),
  };
}

function digestOfLast(file: string): string {
  let open: number;
  try {
    open = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(open);
    const tail = Buffer.alloc(Math.min(size, longestLine));
    readSync(open, tail, 0, tail.length, size - tail.length);
    const line = tail.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    return line === '' ? '' : createHash('sha256').update(line).digest('hex');
  } finally {
    closeSync(open);
  }
}

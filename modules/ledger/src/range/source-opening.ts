import { hash } from 'node:crypto';
import { idBytes } from '../leaf.ts';

/** Of an opening: never more or less, else what follows it could be read as the end of it. */
export const openingBytes = 32;

/**
 * What a leaf names a source by: the first 16 bytes of a hash over its name and an opening nobody can guess. Without the opening
 * nobody can tell or try out names; with it, the id is this name's and no other's. Root could prepare two names for one id with
 * some 2^64 hashes before anything is appended, when it can as well leave events out; afterwards it would take 2^128.
 */
export function sourceIdOf(name: string, opening: Uint8Array): Buffer {
  const text = Buffer.from(`sallyport-source@v1\n${name}`);
  return hash('sha256', Buffer.concat([opening, text]), 'buffer').subarray(0, idBytes);
}

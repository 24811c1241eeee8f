import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EventSearchError } from '../errors.ts';

const fileName = 'key-check';

/**
 * Refuses a key other than the one the directory was written with, before the engine sees either: it would only say that it
 * cannot start. The file holds a keyed hash of a fixed text; it does not help to find a random 256-bit key.
 * Throws `EventSearchError` `store_key_invalid`, `store_key_wrong`.
 */
export function checkKey(directory: string, key: Uint8Array): void {
  if (key.byteLength !== 32) {
    throw new EventSearchError(
      'store_key_invalid',
      `Cannot open the event store: key is ${key.byteLength} bytes, must be 32`,
    );
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, fileName);
  const expected = createHmac('sha256', key).update('sallyport event store key check').digest();
  if (!existsSync(file)) {
    if (existsSync(join(directory, 'metadata'))) {
      throw new EventSearchError(
        'store_key_wrong',
        'Cannot open the event store: its key check is missing, must be beside its tables',
        {
          hint: 'remove the store directory; it is rebuilt from the ledger',
        },
      );
    }
    writeDurably(directory, file, expected);
    return;
  }
  const found = readFileSync(file);
  if (found.length === expected.length && timingSafeEqual(found, expected)) return;
  throw new EventSearchError(
    'store_key_wrong',
    'Cannot open the event store: the key is not the one it was written with',
    {
      hint: `restore the key vault that belongs to this data directory, or remove the store directory; it is rebuilt from the ledger`,
    },
  );
}

function writeDurably(directory: string, file: string, content: Uint8Array): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  writeSync(handle, content);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(temporary, file);
  const folder = openSync(directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

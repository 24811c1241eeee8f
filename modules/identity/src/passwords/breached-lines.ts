import { IdentityError } from '../errors.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const hexLength = 40;
const bucketLength = 4;
const keptLength = 12;
/** 40 digits, a colon and a number. */
const maxLineLength = 64;

/**
 * Reads `SHA1:count` lines as they come, however they are cut, ordered by hash (the form of Have I Been Pwned's "ordered by hash"
 * file; the count may be missing, empty lines are passed over). Holds nothing but the line it is in. `onHash` is called in
 * ascending order. Throws `breached_list_invalid` with the number of the line.
 */
export function createBreachedLines(onHash: (bucket: number, rest: number) => void): {
  push(bytes: Uint8Array): void;
  /** After the last byte. How many lines held a hash. */
  end(): number;
} {
  let line = 1;
  let hashes = 0;
  let column = 0;
  let bucket = 0;
  let rest = 0;
  let before = -1;
  let hasReturn = false;

  const refuse = (what: string): IdentityError =>
    new IdentityError('breached_list_invalid', `Cannot read line ${line} of the list: ${what}`, {
      details: { line },
      hint: 'the file must have lines like 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:123, ordered by hash',
    });
  const endLine = (): void => {
    if (column > 0) {
      if (column < hexLength) throw refuse('must begin with 40 hexadecimal digits');
      // Exact up to 2^53.
      const now = bucket * 0x1_0000_0000 + rest;
      if (now < before) throw refuse('must not sort before the line above it');
      before = now;
      hashes += 1;
      onHash(bucket, rest);
    }
    line += 1;
    column = 0;
    bucket = 0;
    rest = 0;
    hasReturn = false;
  };

  return {
    push(bytes) {
      for (const byte of bytes) {
        if (byte === lineFeed) {
          endLine();
          continue;
        }
        if (hasReturn) throw refuse('a carriage return must be followed by a line feed');
        if (byte === carriageReturn) {
          hasReturn = true;
          continue;
        }
        if (column >= maxLineLength) throw refuse(`must be at most ${maxLineLength} characters long`);
        if (column < hexLength) {
          const digit = hexDigit(byte);
          if (digit < 0) throw refuse('must begin with 40 hexadecimal digits');
          if (column < bucketLength) bucket = bucket * 16 + digit;
          else if (column < keptLength) rest = rest * 16 + digit;
        } else if (column === hexLength ? byte !== colon : byte < 0x30 || byte > 0x39) {
          throw refuse('behind the hash must be a colon and a number');
        }
        column += 1;
      }
    },
    end() {
      endLine();
      return hashes;
    },
  };
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const upper = byte & ~0x20;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
}

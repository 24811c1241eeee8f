import { constants, gunzipSync, inflateSync } from 'node:zlib';
import type { Encoding } from '../finding.ts';

/** A run of base64 or hexadecimal that held something. */
export type DecodedRun = {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly encodings: readonly Encoding[];
  readonly isBytes: boolean;
};

const shortest = 16;
const wrapped = 40;

/**
 * Runs of at least sixteen characters that decode to text, packed text or bytes with text in them; lines of one length are one run. `take`
 * says how many characters may still be decoded, and is told; where it does not reach, `isCut`.
 */
export function undoRuns(
  text: string,
  take: (characters: number) => boolean,
): { readonly runs: readonly DecodedRun[]; readonly isCut: boolean } {
  const runs: DecodedRun[] = [];
  let isCut = false;
  for (const { start, end } of runsIn(text)) {
    if (!take(end - start)) {
      isCut = true;
      break;
    }
    const run = text.slice(start, end).replaceAll(/\s/g, '');
    for (const encoding of isHex(run) ? (['hex', 'base64'] as const) : (['base64'] as const)) {
      const decoded = readBytes(Buffer.from(run, encoding), take);
      isCut ||= decoded === 'too long';
      if (decoded === undefined || decoded === 'too long') continue;
      runs.push({
        start,
        end,
        text: decoded.text,
        isBytes: decoded.isBytes,
        encodings: [encoding, ...decoded.encodings],
      });
    }
  }
  return { runs, isCut };
}

function* runsIn(text: string): Generator<{ start: number; end: number }> {
  const pattern = /[A-Za-z\d+/_-]{16,}={0,2}/g;
  let open: { start: number; end: number; line: number } | undefined;
  for (const match of text.matchAll(pattern)) {
    const start = match.index;
    const end = start + match[0].length;
    // A line that goes on where one of the same length ended.
    const gap = open === undefined ? 'none' : text.slice(open.end, Math.min(start, open.end + 12));
    const isNext =
      open !== undefined &&
      open.line >= wrapped &&
      end - start <= open.line &&
      /^(?:\r?\n|\\r?\\n|\\n)[ \t]{0,8}$/.test(gap);
    if (open !== undefined && isNext) {
      open.end = end;
      continue;
    }
    if (open !== undefined) yield open;
    open = { start, end, line: end - start };
  }
  if (open !== undefined) yield open;
}

function isHex(run: string): boolean {
  return run.length >= shortest && run.length % 2 === 0 && /^[\da-f]+$/i.test(run);
}

type Read = { readonly text: string; readonly isBytes: boolean; readonly encodings: readonly Encoding[] };

function readBytes(bytes: Buffer, take: (characters: number) => boolean): Read | 'too long' | undefined {
  const packed = unpack(bytes, take);
  if (packed === 'too long') return packed;
  const inner = packed ?? bytes;
  const encodings: Encoding[] = packed === undefined ? [] : ['gzip'];
  const text = readUtf8(inner);
  if (text !== undefined) return { text, isBytes: false, encodings };
  const wide = readUtf16(inner);
  if (wide !== undefined) return { text: wide, isBytes: false, encodings: [...encodings, 'utf-16'] };
  // What can be read in between: a key with a zero before it is a key.
  const readable = inner
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]+/g, '\n')
    .trim();
  return readable.length >= shortest ? { text: readable, isBytes: true, encodings } : undefined;
}

/** gzip and zlib, as far as a bound; beyond it nothing of it is looked at. */
function unpack(bytes: Buffer, take: (characters: number) => boolean): Buffer | 'too long' | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const isZlib = bytes[0] === 0x78 && ((bytes[0] << 8) | (bytes[1] ?? 0)) % 31 === 0;
  if (!isGzip && !isZlib) return undefined;
  if (!take(longestUnpacked / 4)) return 'too long';
  try {
    return isGzip ? gunzipSync(bytes, bounds) : inflateSync(bytes, bounds);
  } catch (error) {
    // What is not packed after all is bytes.
    return error instanceof RangeError ? 'too long' : undefined;
  }
}

const longestUnpacked = 1_000_000;
/** What is cut off in the middle is read as far as it goes. */
const bounds = { maxOutputLength: longestUnpacked, finishFlush: constants.Z_SYNC_FLUSH };

function readUtf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return isReadable(text) ? text : undefined;
}

/** PowerShell's `-EncodedCommand`. */
function readUtf16(bytes: Buffer): string | undefined {
  if (bytes.length < 8 || bytes[1] !== 0 || bytes[3] !== 0) return undefined;
  const text = bytes.toString('utf16le');
  return isReadable(text) ? text : undefined;
}

function isReadable(text: string): boolean {
  return text.length >= 4 && !/[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\ufffd]/.test(text);
}

// What the C2SP text formats share: strict base64 (RFC 4648 section 4), decimals, UTF-8 without control characters.
import { isUtf8 } from 'node:buffer';

/** Undefined unless the text is the one encoding of some bytes: padded, no other characters, no stray bits. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Undefined unless the text is a decimal without sign and leading zeroes, up to 2^53 - 1. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The text, or why it is none: a byte order mark stays, ill-formed text is refused rather than repaired. */
export function readText(input: Uint8Array | string, maxBytes: number): { text: string } | { fault: string } {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (size > maxBytes) return { fault: `it has ${size} bytes, must be at most ${maxBytes}` };
  if (typeof input === 'string') return input.isWellFormed() ? { text: input } : { fault: 'it must be valid Unicode' };
  if (!isUtf8(input)) return { fault: 'it must be valid UTF-8' };
  return { text: Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8') };
}

/** Byte offset of the first control character below U+0020 other than newline, or undefined. */
export function findControlCharacter(text: string): number | undefined {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a) return byteOffset(text, at);
  }
  return undefined;
}

export function byteOffset(text: string, at: number): number {
  return Buffer.byteLength(text.slice(0, at));
}

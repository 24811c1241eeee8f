import { Buffer, isUtf8 } from 'node:buffer';

export type TextEncodingName = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
export type DecodedText = {
  readonly text: string;
  readonly encoding: TextEncodingName;
  readonly byteOrderMark: boolean;
};

/**
 * Bytes of a log as text. Nothing is lost: what is not UTF-8 (and has no UTF-16 mark) is read as windows-1252, in which
 * every byte is some character, and says so. A leading byte order mark is taken off.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return marked(bytes, 2, 'utf-16le');
  if (first === 0xfe && second === 0xff) return marked(bytes, 2, 'utf-16be');
  const mark = first === 0xef && second === 0xbb && third === 0xbf;
  if (!isUtf8(bytes)) return { text: decode(bytes, 'windows-1252'), encoding: 'windows-1252', byteOrderMark: false };
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { text: view.toString('utf8', mark ? 3 : 0), encoding: 'utf-8', byteOrderMark: mark };
}

function marked(bytes: Uint8Array, skip: number, encoding: TextEncodingName): DecodedText {
  return { text: decode(bytes.subarray(skip), encoding), encoding, byteOrderMark: true };
}

function decode(bytes: Uint8Array, encoding: TextEncodingName): string {
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
}

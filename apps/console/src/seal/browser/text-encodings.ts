const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map(
  Array.from(`${alphabet}-_`, (character, at): [string, number] => [character, at < 64 ? at : at - 2]),
);
const chunkBytes = 8192;

export function fromUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Ill-formed bytes become U+FFFD. */
export function toUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One character a byte. */
export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += chunkBytes)
    text += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  return text;
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(toLatin1(bytes));
}

/**
 * As lenient as Node: both alphabets, other characters skipped, the end at the first "=". Callers who need the one
 * encoding encode again and compare.
 */
export function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let pending = 0;
  for (const character of text) {
    if (character === '=') break;
    const value = values.get(character);
    if (value === undefined) continue;
    pending = ((pending << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length] = (pending >> bits) & 0xff;
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** Strings of one character a byte, as `btoa` takes them. */
export type ByteString = string;

export function utf8Bytes(text: string): ByteString {
  return bytesToString(new TextEncoder().encode(text));
}

export function utf16Bytes(text: string, endian: 'little' | 'big'): ByteString {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at += 1) view.setUint16(at * 2, text.charCodeAt(at), endian === 'little');
  return bytesToString(bytes);
}

export function base64(bytes: ByteString): string {
  return btoa(bytes);
}

/**
 * The three texts of which one appears in the Base64 form of any longer string that holds `bytes`, according to where in a group
 * of three the bytes begin. Characters that also depend on the neighbours are cut off.
 */
export function base64Offsets(bytes: ByteString): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = btoa(' '.repeat(shift) + bytes);
    const start = [0, 2, 3][shift] ?? 0;
    const cut = [0, 3, 2][(bytes.length + shift) % 3] ?? 0;
    return encoded.slice(start, encoded.length - cut);
  });
}

function bytesToString(bytes: Uint8Array): ByteString {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

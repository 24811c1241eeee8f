import { crc32 } from 'node:zlib';

/**
 * `sp_<id>_<secret><checksum>`, digits in base 62: id 11 (64 bits), secret 43 (256 bits), checksum 6 (CRC-32 of what stands
 * before it). The fixed prefix and the checksum let scanners find leaked keys without asking us, and let us refuse a
 * mistyped key without asking the database. The checksum is no protection.
 */
export type KeyToken = { readonly id: string; readonly token: string };

export const idBytes = 8;
export const secretBytes = 32;
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idDigits = 11;
const secretDigits = 43;
const checksumDigits = 6;
const shape = /^sp_([0-9A-Za-z]{11})_[0-9A-Za-z]{43}([0-9A-Za-z]{6})$/;

export function formatToken(id: Uint8Array, secret: Uint8Array): KeyToken {
  if (id.length !== idBytes || secret.length !== secretBytes)
    throw new TypeError('Cannot format a token: wrong number of random bytes');
  const idText = base62(id, idDigits);
  const body = `sp_${idText}_${base62(secret, secretDigits)}`;
  return { id: idText, token: body + checksum(body) };
}

/** Another secret under the same id. */
export function formatTokenOf(id: string, secret: Uint8Array): KeyToken {
  if (!/^[0-9A-Za-z]{11}$/.test(id) || secret.length !== secretBytes)
    throw new TypeError('Cannot format a token: no such id');
  const body = `sp_${id}_${base62(secret, secretDigits)}`;
  return { id, token: body + checksum(body) };
}

/** The id inside, or undefined when `text` cannot be a key. The secret is not checked here. */
export function parseToken(text: string): KeyToken | undefined {
  const match = shape.exec(text);
  if (match === null || match[1] === undefined) return undefined;
  if (checksum(text.slice(0, -checksumDigits)) !== match[2]) return undefined;
  return { id: match[1], token: text };
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return base62(bytes, checksumDigits);
}

/** Big-endian, padded to `length`, which must hold every value of so many bytes. */
function base62(bytes: Uint8Array, length: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let position = 0; position < length; position += 1) {
    text = (digits[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}

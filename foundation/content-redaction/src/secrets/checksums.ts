import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Whether the last six characters are a CRC-32 in base 62: of what stands between the prefix and them, as GitHub and npm write tokens, or of
 * all before them.
 */
export function endsInChecksum(token: string, check: 'crc32-base62' | 'crc32-of-all'): boolean {
  const secret = check === 'crc32-of-all' ? token : token.slice(token.indexOf('_') + 1);
  if (check === 'crc32-base62' && secret.length !== 36) return false;
  return secret.slice(-6) === base62(crc32(secret.slice(0, -6)));
}

/** Six digits at least. */
function base62(value: number): string {
  let rest = value;
  let text = '';
  while (rest > 0) {
    text = (digits[rest % 62] ?? '') + text;
    rest = Math.floor(rest / 62);
  }
  return text.padStart(6, '0');
}

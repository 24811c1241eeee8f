export type CountedHeader =
  | { readonly kind: 'header'; readonly bytes: number; readonly end: number }
  | { readonly kind: 'partial' }
  | { readonly kind: 'none' };

const maxDigits = 9;

/**
 * MSG-LEN SP of RFC 6587 section 3.4.1 at `at`, and the `<` that must follow. `partial`: all that is there could still
 * become one, so the answer waits for more; at most 11 bytes are ever partial.
 */
export function readCountedHeader(chunk: Uint8Array, at: number): CountedHeader {
  let bytes = 0;
  let position = at;
  for (; ; position += 1) {
    const byte = chunk[position];
    if (byte === undefined) return position - at > maxDigits ? { kind: 'none' } : { kind: 'partial' };
    if (byte < 48 || byte > 57) break;
    if ((position === at && byte === 48) || position - at >= maxDigits) return { kind: 'none' };
    bytes = bytes * 10 + byte - 48;
  }
  if (position === at || chunk[position] !== 32) return { kind: 'none' };
  const first = chunk[position + 1];
  if (first === undefined) return { kind: 'partial' };
  return first === 60 ? { kind: 'header', bytes, end: position + 1 } : { kind: 'none' };
}

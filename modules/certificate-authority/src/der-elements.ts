/** One element of DER (X.690); `content` is a view. */
export type DerElement = { readonly tag: number; readonly content: Uint8Array };

/** The elements one after the other, of at most 65,535 bytes each, or undefined when the bytes are not that. */
export function elements(der: Uint8Array): DerElement[] | undefined {
  const found: DerElement[] = [];
  for (let at = 0; at < der.length;) {
    const tag = der[at] ?? 0;
    const short = der[at + 1] ?? 0xff;
    const extra = short < 0x80 ? 0 : short - 0x80;
    if (extra > 2) return undefined;
    const length =
      extra === 0 ? short : der.subarray(at + 2, at + 2 + extra).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + extra;
    if (start + length > der.length) return undefined;
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

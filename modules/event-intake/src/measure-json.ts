const quote = 34;
const colon = 58;
const backslash = 92;

/**
 * How deep the brackets of a JSON text go and how many names it has, in one pass over its bytes and without recursion:
 * asked before anything is parsed. Of what is no JSON it tells nothing useful, and does no harm.
 */
export function measureJson(bytes: Uint8Array): { readonly depth: number; readonly fields: number } {
  let depth = 0;
  let deepest = 0;
  let fields = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (isInString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) isInString = false;
    } else if (byte === quote) isInString = true;
    else if (byte === colon) fields += 1;
    // [ and { differ from ] and } by 2; the bit that tells [ from { is masked.
    else if ((byte & 0xdf) === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if ((byte & 0xdf) === 0x5d) depth -= 1;
  }
  return { depth: deepest, fields };
}

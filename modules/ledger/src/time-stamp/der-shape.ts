// X.690, before anything is parsed: what nests too deeply, has too many parts or a length that is not there costs a parser more than it is worth.

/** Those of time-stamps have a dozen levels and a few hundred parts. */
const maxDepth = 32;
const maxParts = 4000;

/** Why the bytes are not one element with definite lengths, within bounds; undefined when they are. Looks at each byte at most once. */
export function shapeFault(bytes: Uint8Array): string | undefined {
  const ends: number[] = [];
  let at = 0;
  let parts = 0;
  do {
    const header = readHeader(bytes, at);
    if (typeof header === 'string') return `${header} at byte ${at}`;
    const end = header.contentAt + header.length;
    if (end > (ends.at(-1) ?? bytes.length)) return `an element reaches past its end at byte ${at}`;
    parts += 1;
    if (parts > maxParts) return `it has more than ${maxParts} parts`;
    if (header.isConstructed) {
      if (ends.length >= maxDepth) return `it nests more than ${maxDepth} levels deep`;
      ends.push(end);
      at = header.contentAt;
    } else at = end;
    while (ends.at(-1) === at) ends.pop();
  } while (ends.length > 0);
  return at === bytes.length ? undefined : `${bytes.length - at} bytes follow it`;
}

type Header = { readonly contentAt: number; readonly length: number; readonly isConstructed: boolean };

/** Tags of one byte and lengths of up to four are all that is in use. */
function readHeader(bytes: Uint8Array, at: number): Header | string {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return 'it ends within an element';
  if ((tag & 0x1f) === 0x1f) return 'a tag has more than one byte';
  const isConstructed = (tag & 0x20) !== 0;
  if (first < 0x80) return { contentAt: at + 2, length: first, isConstructed };
  const lengthBytes = first & 0x7f;
  if (lengthBytes === 0 || lengthBytes > 4) return 'a length is indefinite or too long';
  let length = 0;
  for (let offset = 0; offset < lengthBytes; offset += 1) length = length * 256 + (bytes[at + 2 + offset] ?? 0);
  return { contentAt: at + 2 + lengthBytes, length, isConstructed };
}

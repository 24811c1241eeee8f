/**
 * How personal data stands inside a body of the ledger. A *marked* body is a TAB and then JSON in which string literals
 * may stand as `"sealed1.<base64url>"`, a token. Opening a token gives the JSON text that stood there, quotes included, so that
 * an opened body is byte for byte what was handed in. A literal that looked like a token before is written `"sealed1.=…"`.
 * Bodies without the mark hold no tokens, whatever they say.
 *
 * A token: version (1: one literal, 2: the whole body) · number of keys n · n key ids of 16 bytes · SHA-256(salt ‖ plain) ·
 * AES-256-GCM of salt (16 bytes) ‖ plain · tag of 16 bytes.
 */
export type SealedToken = {
  readonly holds: 'literal' | 'body';
  /** 32 hexadecimal digits each; all of them are needed to open it. */
  readonly keyIds: readonly string[];
  /** SHA-256(salt ‖ plain). */
  readonly commitment: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
};

export const sealedBodyMark = 0x09;
export const sealedSaltBytes = 16;
/** As many keys as one token may need. */
export const maxTokenKeys = 80;

/** What is read in the place of text whose key was destroyed. */
export const erasedText = '[erased]';
/** In the place of text that cannot be opened though nobody erased it: damage, never erasure. */
export const lostText = '[unreadable]';

const prefix = '"sealed1.';
const keyIdBytes = 16;
const commitmentBytes = 32;
const tagBytes = 16;

export function isSealedBody(body: Uint8Array): boolean {
  return body[0] === sealedBodyMark;
}

/** Whether a literal, quotes included, would be taken for a token in a marked body. */
export function looksSealed(literal: string): boolean {
  return literal.startsWith(prefix);
}

/** The literal as it stands in a marked body so that it is not taken for a token. */
export function escapeLiteral(literal: string): string {
  return `${prefix}=${literal.slice(1)}`;
}

export function formatToken({ holds, keyIds, commitment, sealed }: SealedToken): string {
  const head = Buffer.from([holds === 'literal' ? 1 : 2, keyIds.length]);
  const keys = keyIds.map((id) => Buffer.from(id, 'hex'));
  return `${prefix}${Buffer.concat([head, ...keys, commitment, sealed]).toString('base64url')}"`;
}

/** Undefined for what `formatToken` does not write. */
function parseToken(text: string): SealedToken | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const [version, count = 0] = bytes;
  const keysEnd = 2 + count * keyIdBytes;
  const sealedFrom = keysEnd + commitmentBytes;
  if (bytes.length < sealedFrom + sealedSaltBytes + tagBytes) return undefined;
  if (count < 1 || count > maxTokenKeys || (version !== 1 && version !== 2)) return undefined;
  if (bytes.toString('base64url') !== text) return undefined;
  const keyIds: string[] = [];
  for (let at = 2; at < keysEnd; at += keyIdBytes) keyIds.push(hexOf(bytes.subarray(at, at + keyIdBytes)));
  return {
    holds: version === 1 ? 'literal' : 'body',
    keyIds,
    commitment: bytes.subarray(keysEnd, sealedFrom),
    sealed: bytes.subarray(sealedFrom),
  };
}

/**
 * The JSON text a marked body stands for, each token replaced by what `open` gives for it. Tokens come in the order in which
 * they stand; `isName`: it names a member of an object. A body's token gives the whole body, or one literal to stand in its place.
 * A token no sealer of ours wrote, which only a damaged body holds, is left as it is.
 */
export function openSealedText(marked: string, open: (token: SealedToken, isName: boolean) => string): string {
  // A quote inside a literal has a backslash before it, and after one that ends a literal there is no letter: what is found
  // starts a literal.
  const parts: string[] = [];
  let done = 1;
  for (let at = marked.indexOf(prefix, done); at !== -1; at = marked.indexOf(prefix, at + prefix.length)) {
    if (marked[at - 1] === '\\') continue;
    const start = at + prefix.length;
    if (marked[start] === '=') {
      parts.push(marked.slice(done, at + 1));
      done = start + 1;
      continue;
    }
    const end = marked.indexOf('"', start);
    const token = end === -1 ? undefined : parseToken(marked.slice(start, end));
    if (token === undefined) continue;
    const opened = open(token, /^\s*:/u.test(marked.slice(end + 1, end + 9)));
    if (token.holds === 'body' && opened.startsWith('{')) return opened;
    parts.push(marked.slice(done, at), opened);
    done = end + 1;
  }
  parts.push(marked.slice(done));
  return parts.join('');
}

// As Node's Buffer does it, where there is none.
function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The tokens of a marked body, in the order in which they stand. */
export function tokensOf(marked: string): readonly SealedToken[] {
  const tokens: SealedToken[] = [];
  openSealedText(marked, (token) => {
    tokens.push(token);
    return '""';
  });
  return tokens;
}

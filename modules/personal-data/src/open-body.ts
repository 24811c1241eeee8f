import { erasedText, lostText, openSealedText, tokensOf } from '@sallyport/contracts';
import type { SealedToken } from '@sallyport/contracts';
import { openToken } from './string-token.ts';
import type { Opening } from './string-token.ts';

/** A subject's key, or why there is none: destroyed by an erasure, or missing though it never was. */
export type KnownKey = Uint8Array | 'erased' | 'lost';

/** The body a marked one stands for: as it was handed in, but for strings whose keys are gone. */
export function openBody(
  marked: string,
  keyOf: (keyId: string) => KnownKey,
): { text: string; erased: number; lost: number } {
  let erased = 0;
  let lost = 0;
  let names = 0;
  const text = openSealedText(marked, (token, isName) => {
    const keys = keysFor(token, keyOf);
    const opened = typeof keys === 'string' ? undefined : openToken(token, keys);
    if (opened !== undefined) return opened.plain.toString('utf8');
    const isErased = keys === 'erased';
    if (isErased) erased += 1;
    else lost += 1;
    if (isName) names += 1;
    const shown = isErased ? erasedText : lostText;
    // Two members of one name would be one for whoever reads it.
    return JSON.stringify(isName && names > 1 ? `${shown} ${names}` : shown);
  });
  return { text, erased, lost };
}

/** For an auditor without keys: what opens the commitments of the tokens that can still be opened, the others undefined. */
export function openingsOf(marked: string, keyOf: (keyId: string) => KnownKey): readonly (Opening | undefined)[] {
  return tokensOf(marked).map((token) => {
    const keys = keysFor(token, keyOf);
    return typeof keys === 'string' ? undefined : openToken(token, keys);
  });
}

export function keyIdsOf(marked: string): ReadonlySet<string> {
  return new Set(tokensOf(marked).flatMap(({ keyIds }) => keyIds));
}

function keysFor(token: SealedToken, keyOf: (keyId: string) => KnownKey): readonly Uint8Array[] | 'erased' | 'lost' {
  const keys: Uint8Array[] = [];
  let missing: 'erased' | 'lost' | undefined;
  for (const id of token.keyIds) {
    const key = keyOf(id);
    if (key === 'erased') missing = 'erased';
    else if (key === 'lost') missing ??= 'lost';
    else keys.push(key);
  }
  return missing ?? keys;
}

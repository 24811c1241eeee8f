import type { Found } from '../finding.ts';
import { tokenPattern, type KnownValue } from './known-values.ts';

/**
 * What tokens stand for, in one session. In memory alone and bounded: what gave way, and all of it after a restart, can never be put back,
 * and `restore` says so.
 */
export type Vault = {
  /** The same text gives the same token. */
  tokenFor(found: Pick<Found, 'class' | 'kind'>, text: string): string;
  /** Texts of tokens put back. `values`: what was put back, each once; `unknown`: tokens that stand for nothing here, as they are written. */
  restore(text: string): {
    readonly text: string;
    readonly restored: number;
    readonly values: readonly KnownValue[];
    readonly unknown: readonly string[];
  };
  /** What its tokens stand for, but what is so short that it stands in any text. */
  values(): readonly KnownValue[];
};

export type VaultOptions = {
  /** Four to twelve small letters and digits that nobody can guess, of this session alone: a token of another one is none here. */
  readonly mark: string;
  readonly maxEntries?: number;
  readonly maxCharacters?: number;
};

/** What is shorter is a word of everyday texts, and only looked for where it was put back. */
const shortestKnown = 8;

export function createVault({ mark, maxEntries = 2000, maxCharacters = 2_000_000 }: VaultOptions): Vault {
  if (!/^[a-z\d]{4,12}$/.test(mark))
    throw new TypeError('Cannot make a vault: the mark must be 4 to 12 small letters and digits');
  /** The one used last stands last. */
  const tokens = new Map<string, string>();
  const texts = new Map<string, KnownValue>();
  let counted = 0;
  let characters = 0;

  const forget = (): void => {
    for (const [oldest, { text }] of texts) {
      if (texts.size <= maxEntries && characters <= maxCharacters) return;
      texts.delete(oldest);
      tokens.delete(text);
      characters -= text.length;
    }
  };

  return {
    tokenFor({ class: of, kind }, text) {
      const known = tokens.get(text);
      const made = known ?? `<${of}:${kind}:${(counted += 1)}.${mark}>`;
      const kept = texts.get(made);
      if (known !== undefined) texts.delete(known);
      else {
        tokens.set(text, made);
        characters += text.length;
      }
      texts.set(made, kept ?? { class: of, kind, text });
      forget();
      return made;
    },
    restore(text) {
      if (!text.includes('<secret:') && !text.includes('<personal:'))
        return { text, restored: 0, values: [], unknown: [] };
      let restored = 0;
      const values = new Set<KnownValue>();
      const unknown = new Set<string>();
      const whole = text.replaceAll(tokenPattern, (written) => {
        const kept = texts.get(written);
        if (kept === undefined) {
          if (unknown.size < 20) unknown.add(written);
          return written;
        }
        restored += 1;
        values.add(kept);
        return kept.text;
      });
      return { text: whole, restored, values: [...values], unknown: [...unknown] };
    },
    values: () => [...texts.values()].filter(({ text }) => text.length >= shortestKnown),
  };
}

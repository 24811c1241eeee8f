import { plural } from '../../parts/numbers.ts';
import type { KeyTone } from './key-words.ts';
import type { Asset, AssetKind } from './inventory-query.ts';

export const assetKindNames: Readonly<Record<AssetKind, string>> = {
  key: 'Keys',
  certificate: 'Certificates',
  protocol: 'Protocols',
  algorithm: 'Algorithms',
  library: 'Libraries',
  store: 'Places at rest',
};

const reasonWords: Readonly<Record<Asset['weaknesses'][number]['reason'], string>> = {
  compromised: 'Compromised',
  expired: 'Expired',
  expiring: 'Expires soon',
  overdue: 'Overdue',
  'weak-key': 'Weak key',
  'weak-signature': 'Weak signature',
  'weak-protocol': 'Weak protocol',
  'weak-password-hash': 'Weak password hash',
};

/** What to do about each sort of weakness. */
const reasonSteps: Readonly<Record<Asset['weaknesses'][number]['reason'], string>> = {
  compromised: 'Replace it, and encrypt or sign anew what it protects.',
  expired: 'Replace it now: whoever checks it refuses it.',
  expiring: 'Renew it before that day; what renews by itself shows here only when that fails.',
  overdue: 'Replace it: keys of the vault under “Hierarchy”, others where they were made.',
  'weak-key': 'Replace it with a longer or newer kind of key.',
  'weak-signature': 'Have it signed anew by an authority that uses SHA-256 or better.',
  'weak-protocol': 'Switch the old version off where it is offered.',
  'weak-password-hash': 'Each is hashed anew when its owner signs in next.',
};

export function reasonWord(reason: Asset['weaknesses'][number]['reason']): string {
  return reasonWords[reason];
}

export function reasonStep(reason: Asset['weaknesses'][number]['reason']): string {
  return reasonSteps[reason];
}

const levels: readonly Asset['weaknesses'][number]['level'][] = ['critical', 'high', 'medium', 'low', 'informational'];

/** The worst of what is wrong with an asset. */
export function worstOf({ weaknesses }: Pick<Asset, 'weaknesses'>): Asset['weaknesses'][number] | undefined {
  return weaknesses.toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level))[0];
}

/** The worst first; of the same level what ends first. */
export function worstFirst(assets: readonly Asset[]): Asset[] {
  const rank = (asset: Asset): number => {
    const worst = worstOf(asset);
    return worst === undefined ? levels.length : levels.indexOf(worst.level);
  };
  return assets.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.expires_ms ?? Number.MAX_SAFE_INTEGER) - (b.expires_ms ?? Number.MAX_SAFE_INTEGER) ||
      a.name.localeCompare(b.name),
  );
}

/** Against today's computers and against quantum computers; undefined for what has no strength of its own. */
export function strengthWords({
  strength_bits: bits,
  quantum_category: category,
}: Pick<Asset, 'strength_bits' | 'quantum_category'>): string | undefined {
  const quantum =
    category === undefined
      ? undefined
      : category === 0
        ? 'broken by a quantum computer'
        : `quantum category ${category}`;
  const parts = [bits === undefined ? undefined : `${bits} bits`, quantum].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Read from the thing itself, or written down; by what. */
export function knownWords({ known, known_by: by }: Pick<Asset, 'known' | 'known_by'>): string {
  return known === 'asked' ? `Read just now from ${by}` : `Declared in ${by}`;
}

/** How old it is and when it ends. */
export function ageWords({
  age_days: age,
  expires_in_days: left,
}: Pick<Asset, 'age_days' | 'expires_in_days'>): string {
  const parts = [
    age === undefined ? undefined : age === 0 ? 'made today' : `${plural(age, 'day')} old`,
    left === undefined
      ? undefined
      : left < 0
        ? `ended ${plural(-left, 'day')} ago`
        : left === 0
          ? 'ends today'
          : `ends in ${plural(left, 'day')}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

const storeWords = {
  sealed: { word: 'Encrypted', tone: 'good' },
  partly: { word: 'Partly in clear', tone: 'warn' },
  clear: { word: 'In clear', tone: 'warn' },
} as const satisfies Readonly<
  Record<NonNullable<Asset['encryption']>, { readonly word: string; readonly tone: KeyTone }>
>;

/** What an asset of its kind is, in a few words: algorithm, version, encryption. */
export function whatWords(asset: Asset): string {
  if (asset.encryption !== undefined) return storeWords[asset.encryption].word;
  const sized = asset.size_bits === undefined ? '' : `, ${asset.size_bits} bits`;
  if (asset.kind === 'library' || asset.kind === 'protocol') return asset.version ?? '';
  if (asset.kind === 'algorithm') return plural(asset.uses ?? 0, 'use');
  return asset.algorithm === undefined ? '' : `${asset.algorithm}${sized}`;
}

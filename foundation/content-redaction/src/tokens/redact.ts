import { findContent, longestText, type FindOptions } from '../find-content.ts';
import { isAtLeast, withoutOverlaps, type Found } from '../finding.ts';
import { judgeNamed } from '../secrets/find-assignments.ts';
import { mapTexts, type JsonInput, type JsonValue } from './json.ts';
import type { Vault } from './vault.ts';

/** How often something of a kind was found. Says nothing of what it was. */
export type KindCount = { readonly class: Found['class']; readonly kind: string; readonly count: number };

export type RedactOptions = FindOptions & {
  /** Whether what was found is replaced; left out, all of it is. Without a vault nothing is. */
  readonly replaces?: (found: Pick<Found, 'class' | 'kind' | 'confidence'>) => boolean;
  readonly vault?: Vault;
};

export type Redacted<T> = {
  /** The value with tokens in it; the same one where nothing was replaced. */
  readonly value: T | JsonValue;
  /** What was found, replaced or not; the most frequent first. */
  readonly found: readonly KindCount[];
  /** What was found as it is written, for whoever asks whose it is; never to be kept or told. At most 100. */
  readonly pieces: readonly (Pick<Found, 'class' | 'kind'> & { readonly text: string })[];
  readonly replaced: number;
  /** There was more than is looked at. Where anything may be replaced, that rest is left out of `value`. */
  readonly isCut: boolean;
};

/** No form goes on over it, but that of keys, which are also written line by line. */
const between = '\n\u0000\n';
const leftOut = '[Sallyport left out the rest: it is longer than what is looked at]';
const maxPieces = 100;

/**
 * Secrets and personal data of a text, or of all texts in a value, counted and replaced by tokens of the vault. All texts are looked at as
 * one, so that many short ones cost what a long one does.
 */
export function redact<T extends JsonInput>(value: T, options: RedactOptions = {}): Redacted<T> {
  const { vault, replaces = () => true } = options;
  const { texts, labels, isCut: isLong } = textsIn(value);
  const { starts, all } = joined(texts);
  const content = findContent(all, options);
  const found = withoutOverlaps([...content.found, ...namedIn({ texts, labels, starts }, options)]);
  const pieces = found.flatMap((each) => piecesOf(each, { starts, texts }));
  const counts = new Map<string, { class: Found['class']; kind: string; count: number }>();
  for (const { class: of, kind } of found) {
    const counted = counts.get(`${of} ${kind}`) ?? { class: of, kind, count: 0 };
    counted.count += 1;
    counts.set(`${of} ${kind}`, counted);
  }
  const isCut = isLong || content.isCut;
  const replacing = vault === undefined ? [] : pieces.filter((piece) => replaces(piece));
  return {
    value:
      vault === undefined || (replacing.length === 0 && !isLong)
        ? value
        : replacedIn(value, { pieces: replacing, vault, texts }),
    found: [...counts.values()].toSorted((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1)),
    pieces: pieces.slice(0, maxPieces).map(({ class: of, kind, of: index, from, to }) => ({
      class: of,
      kind,
      text: (texts[index] ?? '').slice(from, to),
    })),
    replaced: replacing.length,
    isCut,
  };
}

export type Restored<T> = {
  readonly value: T | JsonValue;
  readonly restored: number;
  /** Tokens that stand for nothing any more, as they are written; at most 20. */
  readonly unknown: readonly string[];
};

/** Tokens of a value put back to what they stand for. */
export function restore<T extends JsonInput>(value: T, vault: Vault): Restored<T> {
  let restored = 0;
  const unknown = new Set<string>();
  const changed = mapTexts(value, (text) => {
    const whole = vault.restore(text);
    restored += whole.restored;
    for (const one of whole.unknown) if (unknown.size < 20) unknown.add(one);
    return whole.text;
  });
  return { value: restored === 0 ? value : changed, restored, unknown: [...unknown] };
}

type Texts = {
  readonly texts: readonly string[];
  readonly labels: readonly (string | undefined)[];
  readonly isCut: boolean;
};

function textsIn(value: JsonInput): Texts {
  const texts: string[] = [];
  const labels: (string | undefined)[] = [];
  let left = longestText;
  let isCut = false;
  mapTexts(value, (text, label) => {
    const looked = text.slice(0, Math.max(0, left));
    left -= text.length + between.length;
    isCut ||= looked.length < text.length;
    texts.push(looked);
    labels.push(label);
    return text;
  });
  return { texts, labels, isCut };
}

function joined(texts: readonly string[]): { readonly starts: readonly number[]; readonly all: string } {
  const starts: number[] = [];
  let at = 0;
  for (const text of texts) {
    starts.push(at);
    at += text.length + between.length;
  }
  return { starts, all: texts.join(between) };
}

/** Values that are secret by the name they stand under. */
function namedIn(
  { texts, labels, starts }: Pick<Texts, 'texts' | 'labels'> & { readonly starts: readonly number[] },
  { classes = ['secret', 'personal'], least = 'medium' }: FindOptions,
): Found[] {
  if (!classes.includes('secret')) return [];
  return texts.flatMap((text, index) => {
    const label = labels[index];
    const match = label === undefined ? undefined : judgeNamed(label, text);
    if (match === undefined || !isAtLeast(match.confidence, least)) return [];
    const start = starts[index] ?? 0;
    return [{ ...match, layers: [], start, end: start + text.length }];
  });
}

type Piece = Found & { readonly of: number; readonly from: number; readonly to: number };

/** A finding in each of the texts that it stands in. */
function piecesOf(
  found: Found,
  { starts, texts }: { readonly starts: readonly number[]; readonly texts: readonly string[] },
): Piece[] {
  const pieces: Piece[] = [];
  let of = indexAt(starts, found.start);
  for (let start = starts[of] ?? 0; of < texts.length && start < found.end; of += 1, start = starts[of] ?? Infinity) {
    const length = texts[of]?.length ?? 0;
    const from = Math.max(0, found.start - start);
    const to = Math.min(length, found.end - start);
    if (to > from) pieces.push({ ...found, of, from, to });
  }
  return pieces;
}

/** The last that begins at or before a place. */
function indexAt(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

function replacedIn(
  value: JsonInput,
  {
    pieces,
    vault,
    texts,
  }: { readonly pieces: readonly Piece[]; readonly vault: Vault; readonly texts: readonly string[] },
): JsonValue {
  const byText = new Map<number, Piece[]>();
  for (const piece of pieces) {
    const others = byText.get(piece.of);
    if (others === undefined) byText.set(piece.of, [piece]);
    else others.push(piece);
  }
  let index = -1;
  return mapTexts(value, (text) => {
    index += 1;
    const looked = texts[index] ?? '';
    const parts: string[] = [];
    let from = 0;
    for (const piece of byText.get(index) ?? []) {
      parts.push(looked.slice(from, piece.from), vault.tokenFor(piece, looked.slice(piece.from, piece.to)));
      from = piece.to;
    }
    if (from === 0 && looked.length === text.length) return text;
    return `${parts.join('')}${looked.slice(from)}${looked.length < text.length ? leftOut : ''}`;
  });
}

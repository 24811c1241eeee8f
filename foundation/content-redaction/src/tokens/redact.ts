import { findContent, longestText, type FindOptions } from '../find-content.ts';
import { isAtLeast, withoutOverlaps, type Found } from '../finding.ts';
import { judgeNamed } from '../secrets/find-assignments.ts';
import { findKnown, tokensIn, type KnownValue } from './known-values.ts';
import { mapTexts, type JsonInput, type JsonValue } from './json.ts';
import type { Vault } from './vault.ts';

/** How often something of a kind was found. Says nothing of what it was. */
export type KindCount = { readonly class: Found['class']; readonly kind: string; readonly count: number };

export type RedactOptions = FindOptions & {
  /** Whether what was found is replaced; left out, all of it is. Without a vault nothing is. */
  readonly replaces?: (found: Pick<Found, 'class' | 'kind' | 'confidence'>) => boolean;
  readonly vault?: Vault;
  /** Found wherever they stand, whatever is looked for; what tokens of the vault stand for is. */
  readonly known?: readonly KnownValue[];
};

export type Redacted<T> = {
  /** The value with tokens in it; the same one where nothing was replaced. */
  readonly value: T | JsonValue;
  /** What was found, replaced or not; the most frequent first. */
  readonly found: readonly KindCount[];
  /**
   * What was found as it is written, each once, for whoever asks whose it is; never to be kept or told. At most 1000 secrets and 1000 about
   * people: no number of the ones leaves out the others.
   */
  readonly pieces: readonly KnownValue[];
  readonly replaced: number;
  /** There was more than is looked at. Where anything may be replaced, that rest is left out of `value`. */
  readonly isCut: boolean;
};

/** No form goes on over it, but that of keys, which are also written line by line. */
const between = '\n\u0000\n';
const leftOut = '[Sallyport left out the rest: it is longer than what is looked at]';
const maxPieces = 1000;

/**
 * Secrets and personal data of a text, or of all texts in a value, counted and replaced by tokens of the vault. All texts are looked at as
 * one, so that many short ones cost what a long one does.
 */
export function redact<T extends JsonInput>(value: T, options: RedactOptions = {}): Redacted<T> {
  const { vault, replaces = () => true } = options;
  const { texts, labels, isCut: isLong } = textsIn(value);
  const { starts, all } = joined(texts);
  const content = findContent(all, options);
  // Those put back in this call first: no flood of others leaves them out.
  const known = [options.known ?? [], vault?.values() ?? []].map((values) => findKnown(all, values));
  const found = withoutTokens(
    withoutOverlaps([
      ...content.found,
      ...namedIn({ texts, labels, starts }, options),
      ...known.flatMap((each) => each.found),
    ]),
    { all, vault },
  );
  const pieces = found.flatMap((each) => piecesOf(each, { starts, texts }));
  const counts = new Map<string, { class: Found['class']; kind: string; count: number }>();
  for (const { class: of, kind } of found) {
    const counted = counts.get(`${of} ${kind}`) ?? { class: of, kind, count: 0 };
    counted.count += 1;
    counts.set(`${of} ${kind}`, counted);
  }
  const isCut = isLong || content.isCut || known.some((each) => each.isCut);
  const replacing = vault === undefined ? [] : pieces.filter((piece) => replaces(piece));
  return {
    value:
      vault === undefined || (replacing.length === 0 && !isLong)
        ? value
        : replacedIn(value, { pieces: replacing, vault, texts }),
    found: [...counts.values()].toSorted((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1)),
    pieces: toldOf(pieces, texts),
    replaced: replacing.length,
    isCut,
  };
}

export type Restored<T> = {
  readonly value: T | JsonValue;
  readonly restored: number;
  /** What was put back, each once. */
  readonly values: readonly KnownValue[];
  /** Tokens that stand for nothing any more, as they are written; at most 20. */
  readonly unknown: readonly string[];
};

/** Tokens of a value put back to what they stand for. */
export function restore<T extends JsonInput>(value: T, vault: Vault): Restored<T> {
  let restored = 0;
  const values = new Set<KnownValue>();
  const unknown = new Set<string>();
  const changed = mapTexts(value, (text) => {
    const whole = vault.restore(text);
    restored += whole.restored;
    for (const one of whole.values) values.add(one);
    for (const one of whole.unknown) if (unknown.size < 20) unknown.add(one);
    return whole.text;
  });
  return { value: restored === 0 ? value : changed, restored, values: [...values], unknown: [...unknown] };
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

/** `<secret:password:1.k3f9>` reads like a setting; what stands for a value here holds nothing. */
function withoutTokens(found: readonly Found[], { all, vault }: { all: string; vault: Vault | undefined }): Found[] {
  const spans =
    vault === undefined
      ? []
      : tokensIn(all).filter(({ start, end }) => vault.restore(all.slice(start, end)).restored > 0);
  const starts = spans.map(({ start }) => start);
  return spans.length === 0
    ? [...found]
    : found.filter(({ start, end }) => {
        const span = spans[indexAt(starts, start)];
        return span === undefined || start < span.start || end > span.end;
      });
}

function toldOf(pieces: readonly Piece[], texts: readonly string[]): KnownValue[] {
  const told = { secret: new Map<string, KnownValue>(), personal: new Map<string, KnownValue>() };
  for (const { class: of, kind, of: index, from, to } of pieces) {
    const text = (texts[index] ?? '').slice(from, to);
    if (told[of].size < maxPieces && !told[of].has(text)) told[of].set(text, { class: of, kind, text });
  }
  return [...told.secret.values(), ...told.personal.values()];
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

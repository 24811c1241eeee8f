import type { Disguise } from '../action.ts';

// A text as far as it is known. What is only known when it runs stands in it as one private character; so do the wildcards that the shell
// would expand, apart from the same characters between quotes. A script that holds these characters itself is taken for less known.

/** Any text, not known. */
export const hole = '\uF8FF';
/** `*`, `?` and `[` that the shell expands. */
export const wild = { star: '\uE000', one: '\uE001', set: '\uE002' } as const;

export type Text = {
  readonly text: string;
  /** Why there are holes. */
  readonly why?: string;
  /** Encodings that were undone to get at it. */
  readonly disguises?: readonly Disguise[];
};

/** What something may be: one of these, and nothing else. Never empty. */
export type Value = readonly Text[];

export function known(text: string): Text {
  return { text };
}

export function unknown(why: string): Text {
  return { text: hole, why };
}

export function isKnown({ text }: Text): boolean {
  return !text.includes(hole);
}

export function isWild({ text }: Text): boolean {
  return /[\uE000-\uE002]/.test(text);
}

/** What is longer is not known: a text that is cut would be taken for another. */
const maxTextLength = 131_072;

export function concat(a: Text, b: Text): Text {
  const why = a.why ?? b.why;
  const disguises = [...(a.disguises ?? []), ...(b.disguises ?? [])];
  if (a.text.length + b.text.length > maxTextLength) return unknown('it is too long to follow');
  return {
    text: a.text + b.text,
    ...(why === undefined ? {} : { why }),
    ...(disguises.length === 0 ? {} : { disguises: [...new Set(disguises)] }),
  };
}

/** For a person, and for names that are not expanded: wildcards as they were written, holes as `*`. */
export function shown(text: string): string {
  return text.replaceAll(hole, '*').replaceAll(wild.star, '*').replaceAll(wild.one, '?').replaceAll(wild.set, '[');
}

/** With the wildcards of unquoted text marked. */
export function withWildcards(text: string): string {
  return text.replaceAll('*', wild.star).replaceAll('?', wild.one).replaceAll('[', wild.set);
}

/** Most alternatives that are followed; over that it is one unknown. */
export const maxAlternatives = 12;

export function bounded(value: Value): Value {
  const seen = new Map(value.map((text) => [text.text, text]));
  return seen.size > maxAlternatives ? [unknown('it may be too many things')] : [...seen.values()];
}

/** The one known text of a value, or undefined. */
export function onlyText(value: Value | undefined): string | undefined {
  const only = value?.[0];
  return value?.length === 1 && only !== undefined && isKnown(only) ? shown(only.text) : undefined;
}

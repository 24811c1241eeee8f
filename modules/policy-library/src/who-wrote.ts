import type { Principal } from '@sallyport/platform/http';
import { mayBe } from './authors.ts';
import type { Author } from './policy-document.ts';

/** Who wrote the documents that differ from those in force, or took them away. */
export function writersOf<Text extends { readonly id: string }>({
  documents,
  removed,
  inForce,
  hashOf,
}: {
  readonly documents: readonly (Text & { readonly hash: string; readonly writers: readonly Author[] })[];
  readonly removed: ReadonlyMap<string, readonly Author[]>;
  readonly inForce: readonly Text[];
  readonly hashOf: (text: Text) => string;
}): readonly Author[] {
  const known = new Map(inForce.map((one) => [one.id, hashOf(one)]));
  const kept = new Set(documents.map(({ id }) => id));
  return [
    ...documents.filter(({ id, hash }) => known.get(id) !== hash).flatMap(({ writers }) => writers),
    ...inForce.filter(({ id }) => !kept.has(id)).flatMap(({ id }) => removed.get(id) ?? []),
  ];
}

/** Of a version that was in force others agreed to its texts; of one that never was, its authors are those of what is made of it. */
export function writersOfOther({
  authors,
  activatedMs,
}: {
  readonly authors: readonly Author[];
  readonly activatedMs?: number;
}): readonly Author[] {
  return activatedMs === undefined ? authors : [];
}

/** Why somebody is no second person for a version; undefined where they are. The operator on this machine is one for all. */
export function whyNotSecond(
  made: { readonly authors: readonly Author[]; readonly askedBy?: Author },
  by: Principal,
): string | undefined {
  if (by.kind === 'operator') return undefined;
  if (by.kind !== 'user') return `${by.name} is no person, must be somebody else`;
  const involved = [...made.authors, ...(made.askedBy === undefined ? [] : [made.askedBy])];
  return involved.some((author) => mayBe(author, by))
    ? `${by.name} wrote it or asked for it, or by a key of theirs, must be somebody else`
    : undefined;
}

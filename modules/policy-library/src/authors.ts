import type { Principal } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { PolicyLibraryNeeds } from './needs.ts';
import type { Author } from './policy-document.ts';

/** An author as it is kept, sealed. */
export const AuthorBody = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String(),
  owner: Type.Optional(Type.String()),
});

/** Who writes or asks, with the person behind a key or service account: whoever holds it is the same person under another name. */
export type AuthorOf = (by: Principal) => Promise<Author>;

export function createAuthorOf({ subjects }: Pick<PolicyLibraryNeeds, 'subjects'>): AuthorOf {
  return async ({ kind, id, name }) => {
    if (kind !== 'key' && kind !== 'service') return { kind, id, name };
    const owner = (await subjects()).find((one) => one.kind === kind && one.id === id)?.ownerId;
    return { kind, id, name, ...(owner === undefined ? {} : { owner }) };
  };
}

export function distinctAuthors(all: readonly Author[]): readonly Author[] {
  return [...new Map(all.map((one) => [`${one.kind}/${one.id}`, one])).values()];
}

/** The same person, or one who may have acted by a key or service account of theirs. Of one that nobody is known for, anybody may. */
export function mayBe(author: Author, person: Pick<Principal, 'kind' | 'id'>): boolean {
  if (author.kind === person.kind && author.id === person.id) return true;
  if (author.kind !== 'key' && author.kind !== 'service') return false;
  return author.owner === undefined || author.owner === person.id;
}

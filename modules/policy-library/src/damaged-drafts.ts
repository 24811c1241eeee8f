import { messageOf } from '@sallyport/platform/errors';
import type { Author } from './policy-document.ts';

/** A document that stands in the database and does not open. It is overwritten or removed by its revision, unread. */
export type DamagedDraft = { readonly id: string; readonly revision: number; readonly why: string };

/** As it stands: what is written in its place is written on top of that alone. */
export type DamagedRow = DamagedDraft & { readonly sealed: string };

/** Whoever wrote what nobody can read. They gain by every opening: somebody else must agree. */
export const unknownWriter: Author = { kind: 'unknown', id: 'unknown', name: 'whoever wrote what was damaged' };

/** No document is called like this: who took a document away is kept until there is one of its name again. */
export const removedPrefix = '-';

const documentName = /^[a-z0-9][a-z0-9-]{0,39}$/;
const mostRevision = 1_000_000_000;

type Row = { readonly id: string; readonly revision: number; readonly sealed: string };

/** Each read for itself: one that was damaged takes no other with it. What stands under a name no document has was one of nobody. */
export function readDrafts<Made extends { readonly id: string; readonly writers: readonly Author[] }, From extends Row>(
  rows: readonly From[],
  read: (row: From) => Made,
) {
  const documents: Made[] = [];
  const damaged: DamagedRow[] = [];
  const removed = new Map<string, readonly Author[]>();
  for (const row of rows) {
    const isGone = row.id.startsWith(removedPrefix);
    try {
      const made = read(row);
      if (isGone) removed.set(row.id.slice(removedPrefix.length), made.writers);
      else documents.push(made);
    } catch (error) {
      if (isGone) removed.set(row.id.slice(removedPrefix.length), [unknownWriter]);
      else if (documentName.test(row.id)) damaged.push(damagedOf(row, error));
    }
  }
  return { documents, removed, damaged };
}

export function damagedOf({ id, revision, sealed }: Row, error: unknown): DamagedRow {
  // A revision that nobody can name, since somebody wrote it, is the first.
  const named = Number.isSafeInteger(revision) && revision >= 1 && revision < mostRevision ? revision : 1;
  return { id, revision: named, sealed, why: `it is not as it was sealed: ${messageOf(error)}` };
}

/** The row as it was read: by its revision, or of one that does not open, where the revision says nothing, as it stands. */
export function asRead(before: { readonly revision: number; readonly sealed?: string }) {
  const { revision, sealed } = before;
  return sealed === undefined
    ? ({ column: 'revision', value: revision } as const)
    : ({ column: 'sealed', value: sealed } as const);
}

type Refusal<Code> = new (code: Code, message: string, options: { readonly hint: string }) => Error;

export function refuseDamaged<Code extends string>(one: DamagedDraft, Refused: Refusal<Code>, code: Code): never {
  throw new Refused(code, `Cannot use document "${one.id}": ${one.why}`, {
    hint: `save or delete revision ${one.revision} of it, and look for who can write to the control database`,
  });
}

/** Where all documents are meant. */
export function refuseAnyDamaged<Code extends string>(
  damaged: readonly DamagedDraft[],
  Refused: Refusal<Code>,
  code: Code,
): void {
  const [first] = damaged;
  if (first !== undefined) refuseDamaged(first, Refused, code);
}

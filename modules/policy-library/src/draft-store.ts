import type { Database, Transaction } from '@sallyport/platform/database';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { AuthorBody } from './authors.ts';
import { asRead, damagedOf, readDrafts, removedPrefix } from './damaged-drafts.ts';
import type { DamagedRow } from './damaged-drafts.ts';
import { documentHash } from './policy-document.ts';
import type { Author, PolicyDocument, PolicyText } from './policy-document.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import { PolicyTestBody } from './policy-test.ts';
import { createSealedJson } from './sealed-json.ts';

type DocumentRow = { id: string; revision: number; changed_ms: number; sealed: string };
type Tables = { policy_documents: DocumentRow };

const DocumentBody = Type.Object({
  name: Type.String(),
  text: Type.String(),
  tests: Type.Array(PolicyTestBody),
  by: AuthorBody,
  writers: Type.Optional(Type.Array(AuthorBody)),
});
/** All as they were at one moment. */
export type PolicyDrafts = {
  readonly documents: readonly PolicyDocument[];
  /** Who wrote documents that are gone since, and who took them away, by the id of the document. */
  readonly removed: ReadonlyMap<string, readonly Author[]>;
  readonly damaged: readonly DamagedRow[];
};

/** Documents as they are being written. What changes is told inside the caller's transaction. */
export function createDraftStore(needs: SealedStoreNeeds) {
  const { database } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<Tables>();
  const { seal, open } = createSealedJson(needs, { mostBytes: 64 * 1024 * 1024 });

  function documentOf(row: DocumentRow): PolicyDocument {
    const {
      name,
      text,
      tests,
      by,
      writers = [by],
    } = Parse(DocumentBody, open(`document/${row.id}/${row.revision}`, row.sealed));
    const hash = documentHash({ name, text, tests });
    const { id, revision, changed_ms: changedMs } = row;
    return { id, revision, changedMs, name, text, tests, changedBy: by, writers, hash };
  }

  return {
    drafts: async (): Promise<PolicyDrafts> =>
      readDrafts(await tables().selectFrom('policy_documents').selectAll().orderBy('id').execute(), documentOf),
    async document(id: string): Promise<PolicyDocument | DamagedRow | undefined> {
      const row = await tables().selectFrom('policy_documents').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined) return undefined;
      try {
        return documentOf(row);
      } catch (error) {
        return damagedOf(row, error);
      }
    },
    /** False when it is not at `before.revision` any more. */
    async put(
      on: Transaction,
      made: PolicyText & { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
      before: Pick<PolicyDocument, 'revision'> | DamagedRow | undefined,
    ): Promise<boolean> {
      const { id, name, text, tests, by, writers, changedMs } = made;
      const revision = (before?.revision ?? 0) + 1;
      const row = {
        revision,
        changed_ms: changedMs,
        sealed: seal(`document/${id}/${revision}`, { name, text, tests, by, writers }),
      };
      if (before === undefined) {
        const written = await tables(on)
          .insertInto('policy_documents')
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        return (written.numInsertedOrUpdatedRows ?? 0n) > 0n;
      }
      const { column, value } = asRead(before);
      const written = await tables(on)
        .updateTable('policy_documents')
        .set(row)
        .where('id', '=', id)
        .where(column, '=', value)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
    async remove(
      on: Transaction,
      before: Pick<PolicyDocument, 'id' | 'revision'> | DamagedRow,
      removal: { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
    ): Promise<boolean> {
      const { id } = before;
      const kept = `${removedPrefix}${id}`;
      const sealed = seal(`document/${kept}/1`, {
        name: '',
        text: '',
        tests: [],
        by: removal.by,
        writers: removal.writers,
      });
      await tables(on).deleteFrom('policy_documents').where('id', '=', kept).execute();
      await tables(on)
        .insertInto('policy_documents')
        .values({ id: kept, revision: 1, changed_ms: removal.changedMs, sealed })
        .execute();
      const { column, value } = asRead(before);
      const gone = await tables(on)
        .deleteFrom('policy_documents')
        .where('id', '=', id)
        .where(column, '=', value)
        .executeTakeFirst();
      return gone.numDeletedRows > 0n;
    },
  };
}

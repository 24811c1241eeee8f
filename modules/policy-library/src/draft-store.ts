import type { Database, Transaction } from '@sallyport/platform/database';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { AuthorBody } from './authors.ts';
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
/** No document is called like this: who took a document away is kept until there is one of its name again. */
const removedPrefix = '-';

/** Documents as they are being written. What changes is told inside the caller's transaction. Opening a row that somebody without the key changed throws. */
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
    async documents(on?: Transaction): Promise<readonly PolicyDocument[]> {
      const rows = await tables(on).selectFrom('policy_documents').selectAll().orderBy('id').execute();
      return rows.filter(({ id }) => !id.startsWith(removedPrefix)).map(documentOf);
    },
    /** Who wrote documents that are gone since, and who took them away, by the id of the document. */
    async removed(): Promise<ReadonlyMap<string, readonly Author[]>> {
      const rows = await tables().selectFrom('policy_documents').selectAll().execute();
      const gone = rows.filter(({ id }) => id.startsWith(removedPrefix)).map(documentOf);
      return new Map(gone.map(({ id, writers }) => [id.slice(removedPrefix.length), writers]));
    },
    async document(id: string, on?: Transaction): Promise<PolicyDocument | undefined> {
      const row = await tables(on).selectFrom('policy_documents').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : documentOf(row);
    },
    /** False when it is not at `before.revision` any more. */
    async put(
      on: Transaction,
      made: PolicyText & { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
      before: Pick<PolicyDocument, 'revision'> | undefined,
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
      const written = await tables(on)
        .updateTable('policy_documents')
        .set(row)
        .where('id', '=', id)
        .where('revision', '=', before.revision)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
    async remove(
      on: Transaction,
      { id, revision }: Pick<PolicyDocument, 'id' | 'revision'>,
      removal: { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
    ): Promise<boolean> {
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
      const gone = await tables(on)
        .deleteFrom('policy_documents')
        .where('id', '=', id)
        .where('revision', '=', revision)
        .executeTakeFirst();
      return gone.numDeletedRows > 0n;
    },
  };
}

import type { Database, Transaction } from '@sallyport/platform/database';
import { asRead, AuthorBody, createSealedJson, readDrafts, removedPrefix } from '@sallyport/policy-library';
import type { Author, DamagedRow, SealedStoreNeeds } from '@sallyport/policy-library';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { draftHash } from '../decisions/own-policy.ts';
import type { OwnText } from '../decisions/own-policy.ts';
import { KeptTest, ScopeBody, testOf } from './own-schema.ts';
import type { OwnDocument } from './own-version.ts';

type DraftRow = { id: string; revision: number; changed_ms: number; sealed: string };
type Tables = { agent_policy_documents: DraftRow };

const DocumentBody = Type.Object({
  name: Type.String(),
  scope: ScopeBody,
  text: Type.String(),
  tests: Type.Array(KeptTest),
  by: AuthorBody,
  writers: Type.Array(AuthorBody),
});
type Drafts = {
  readonly documents: readonly OwnDocument[];
  /** Who wrote documents that are gone since, and who took them away, by the id of the document. */
  readonly removed: ReadonlyMap<string, readonly Author[]>;
  readonly damaged: readonly DamagedRow[];
};

/** Documents as they are being written. */
export function createOwnDraftStore(needs: SealedStoreNeeds) {
  const { database } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<Tables>();
  const { seal, open } = createSealedJson(needs, { mostBytes: 16 * 1024 * 1024 });

  const documentOf = (row: DraftRow): OwnDocument => {
    const { by, writers, ...kept } = Parse(DocumentBody, open(documentRow(row), row.sealed));
    const said = { ...kept, tests: kept.tests.map(testOf) };
    return {
      id: row.id,
      ...said,
      revision: row.revision,
      changedMs: row.changed_ms,
      changedBy: by,
      writers,
      hash: draftHash(said),
    };
  };

  return {
    /** All as they were at one moment. */
    drafts: async (): Promise<Drafts> =>
      readDrafts(await tables().selectFrom('agent_policy_documents').selectAll().orderBy('id').execute(), documentOf),
    /** False when it is not at `before.revision` any more. */
    async put(
      on: Transaction,
      made: OwnText & { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
      before: Pick<OwnDocument, 'revision'> | DamagedRow | undefined,
    ): Promise<boolean> {
      const { id, name, scope, text, tests, by, writers, changedMs } = made;
      const revision = (before?.revision ?? 0) + 1;
      const sealed = seal(documentRow({ id, revision }), { name, scope, text, tests, by, writers });
      const row = { revision, changed_ms: changedMs, sealed };
      if (before === undefined) {
        const written = await tables(on)
          .insertInto('agent_policy_documents')
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        return (written.numInsertedOrUpdatedRows ?? 0n) > 0n;
      }
      const { column, value } = asRead(before);
      const written = await tables(on)
        .updateTable('agent_policy_documents')
        .set(row)
        .where('id', '=', id)
        .where(column, '=', value)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
    async remove(
      on: Transaction,
      before: Pick<OwnDocument, 'id' | 'revision' | 'scope'> | DamagedRow,
      removal: { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
    ): Promise<boolean> {
      const { id } = before;
      const scope = 'scope' in before ? before.scope : ({ kind: 'all' } as const);
      const kept = `${removedPrefix}${id}`;
      const { by, writers } = removal;
      const sealed = seal(documentRow({ id: kept, revision: 1 }), {
        name: '',
        scope,
        text: '',
        tests: [],
        by,
        writers,
      });
      await tables(on).deleteFrom('agent_policy_documents').where('id', '=', kept).execute();
      await tables(on)
        .insertInto('agent_policy_documents')
        .values({ id: kept, revision: 1, changed_ms: removal.changedMs, sealed })
        .execute();
      const { column, value } = asRead(before);
      const gone = await tables(on)
        .deleteFrom('agent_policy_documents')
        .where('id', '=', id)
        .where(column, '=', value)
        .executeTakeFirst();
      return gone.numDeletedRows > 0n;
    },
  };
}

function documentRow({ id, revision }: { readonly id: string; readonly revision: number }): string {
  return `agent/document/${id}/${revision}`;
}

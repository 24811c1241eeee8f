import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database, Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { openBytes, openText, sealText } from '@sallyport/platform/sealed-text';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { InForceUnreadable, UnreadableRow } from './in-force-mark.ts';
import { documentHash } from './policy-document.ts';
import type { Author, PolicyDocument, PolicyText } from './policy-document.ts';
import { PolicyTestBody } from './policy-test.ts';
import type { PolicyVersion, VersionState, VersionSummary } from './policy-version.ts';

type DocumentRow = { id: string; revision: number; changed_ms: number; sealed: string };
type VersionRow = {
  version: number;
  state: string;
  made_ms: number;
  activated_ms: number | null;
  hash: string;
  bundled_hash: string;
  from_version: number | null;
  /** Sealed: who, why, names of documents. */
  sealed_head: string;
  /** Sealed: the documents. */
  sealed_texts: string;
};
type InForceRow = { name: string; version: number; sealed: string };
type Tables = { policy_documents: DocumentRow; policy_versions: VersionRow; policy_in_force: InForceRow };

export type PolicyStoreNeeds = {
  readonly database: Database;
  /** 32 secret bytes, the same at every start: what people wrote, and who they are, is kept sealed. */
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
};

const AuthorBody = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String(),
  owner: Type.Optional(Type.String()),
});
const TextBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  text: Type.String(),
  tests: Type.Array(PolicyTestBody),
});
const DocumentBody = Type.Object({
  name: Type.String(),
  text: Type.String(),
  tests: Type.Array(PolicyTestBody),
  by: AuthorBody,
  writers: Type.Optional(Type.Array(AuthorBody)),
});
/** No document is called like this: who took a document away is kept until there is one of its name again. */
const removedPrefix = '-';
const HeadBody = Type.Object({
  by: AuthorBody,
  note: Type.String(),
  authors: Type.Array(AuthorBody),
  asked: Type.Optional(AuthorBody),
  approved: Type.Optional(AuthorBody),
  documents: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), hash: Type.String() })),
});
const states: readonly VersionState[] = ['staged', 'waiting', 'active', 'former', 'withdrawn'];
const mostBytes = 64 * 1024 * 1024;
const inForce = 'policies';
/** Versions that are kept besides the one in force. */
const maxVersions = 200;
const headColumns = [
  'version',
  'state',
  'made_ms',
  'activated_ms',
  'hash',
  'bundled_hash',
  'from_version',
  'sealed_head',
] as const;

export type PolicyStore = ReturnType<typeof createPolicyStore>;

/** Policies in the control database. What changes is told inside the caller's transaction. Opening a row that somebody without the key changed throws. */
export function createPolicyStore(needs: PolicyStoreNeeds) {
  const { database, sealingKey } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<Tables>();
  const seal = (row: string, value: unknown): string => sealText(needs, row, zstdCompressSync(JSON.stringify(value)));
  const open = (row: string, sealed: string): unknown =>
    JSON.parse(zstdDecompressSync(openBytes(sealingKey, row, sealed), { maxOutputLength: mostBytes }).toString('utf8'));

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

  function summaryOf(row: Omit<VersionRow, 'sealed_texts'>): VersionSummary {
    const head = Parse(HeadBody, open(headRow(row.version), row.sealed_head));
    return {
      version: row.version,
      state: states.find((state) => state === row.state) ?? 'withdrawn',
      madeMs: row.made_ms,
      madeBy: head.by,
      note: head.note,
      hash: row.hash,
      bundledHash: row.bundled_hash,
      authors: head.authors,
      documents: head.documents,
      ...(row.from_version === null ? {} : { from: row.from_version }),
      ...(row.activated_ms === null ? {} : { activatedMs: row.activated_ms }),
      ...(head.asked === undefined ? {} : { askedBy: head.asked }),
      ...(head.approved === undefined ? {} : { approvedBy: head.approved }),
    };
  }

  const sealedHead = (made: VersionSummary): string =>
    seal(headRow(made.version), {
      by: made.madeBy,
      note: made.note,
      authors: made.authors,
      documents: made.documents,
      ...(made.askedBy === undefined ? {} : { asked: made.askedBy }),
      ...(made.approvedBy === undefined ? {} : { approved: made.approvedBy }),
    });

  /** Whoever writes to the database cannot point at another version: the number is sealed as well, and how many came before. */
  const sealedNumber = (version: number, activations: number): string =>
    sealText(needs, 'in-force', `${version} ${activations}`);

  function openedNumber(sealed: string): string {
    try {
      return openText(sealingKey, 'in-force', sealed);
    } catch (cause) {
      throw new InForceUnreadable(messageOf(cause), { cause });
    }
  }

  /** `activations` is 0 in a row of an earlier version of the product. Throws `InForceUnreadable`. */
  async function standing(on?: Transaction): Promise<{ readonly version: number; readonly activations: number }> {
    const row = await tables(on)
      .selectFrom('policy_in_force')
      .selectAll()
      .where('name', '=', inForce)
      .executeTakeFirst();
    if (row === undefined) return { version: 0, activations: 0 };
    const [, version, activations = '0'] = /^(\d+)(?: (\d+))?$/.exec(openedNumber(row.sealed)) ?? [];
    if (version !== String(row.version))
      throw new InForceUnreadable('the number of the version in force is not what was sealed');
    return { version: row.version, activations: Number(activations) };
  }

  return {
    standing,
    active: async (on?: Transaction): Promise<number> => (await standing(on)).version,
    /** Gives a row of an earlier version of the product its count. */
    async countFirst(version: number): Promise<void> {
      await tables()
        .updateTable('policy_in_force')
        .set({ sealed: sealedNumber(version, 1) })
        .where('name', '=', inForce)
        .where('version', '=', version)
        .execute();
    },
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
    /** Newest first. */
    async versions(): Promise<readonly VersionSummary[]> {
      const rows = await tables()
        .selectFrom('policy_versions')
        .select(headColumns)
        .orderBy('version', 'desc')
        .execute();
      return rows.map(summaryOf);
    },
    /** Throws `UnreadableRow`. */
    async version(version: number, on?: Transaction): Promise<PolicyVersion | undefined> {
      const row = await tables(on)
        .selectFrom('policy_versions')
        .selectAll()
        .where('version', '=', version)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      try {
        const texts = Parse(Type.Array(TextBody), open(`version/${version}/texts`, row.sealed_texts));
        return { ...summaryOf(row), texts };
      } catch (cause) {
        throw new UnreadableRow(cause);
      }
    },
    async nextVersion(on: Transaction): Promise<number> {
      const newest = await tables(on)
        .selectFrom('policy_versions')
        .select(({ fn }) => fn.max('version').as('newest'))
        .executeTakeFirst();
      const named = await tables(on)
        .selectFrom('policy_in_force')
        .select('version')
        .where('name', '=', inForce)
        .executeTakeFirst();
      // The number in force is never given again, though its version be gone: what is staged must not come into force by it.
      return Math.max(newest?.newest ?? 0, named?.version ?? 0) + 1;
    },
    async add(on: Transaction, made: PolicyVersion): Promise<void> {
      await tables(on)
        .insertInto('policy_versions')
        .values({
          version: made.version,
          state: made.state,
          made_ms: made.madeMs,
          activated_ms: null,
          hash: made.hash,
          bundled_hash: made.bundledHash,
          from_version: made.from ?? null,
          sealed_head: sealedHead(made),
          sealed_texts: seal(`version/${made.version}/texts`, made.texts),
        })
        .execute();
      await tables(on)
        .deleteFrom('policy_versions')
        .where('version', '<=', made.version - maxVersions)
        .where('state', '!=', 'active')
        .execute();
    },
    /** False when it is not at `from` any more. */
    async move(on: Transaction, from: VersionState, to: VersionSummary): Promise<boolean> {
      const written = await tables(on)
        .updateTable('policy_versions')
        .set({ state: to.state, activated_ms: to.activatedMs ?? null, sealed_head: sealedHead(to) })
        .where('version', '=', to.version)
        .where('state', '=', from)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
    /** Whatever the row says by now: for when nobody can tell what is in force. It counts on from `last`. */
    async takeOver(on: Transaction, version: number, last: number): Promise<void> {
      const told = await standing(on).catch((error: unknown) => {
        if (error instanceof InForceUnreadable) return { activations: 0 };
        throw error;
      });
      const row = { version, sealed: sealedNumber(version, Math.max(last, told.activations) + 1) };
      await tables(on)
        .insertInto('policy_in_force')
        .values({ name: inForce, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
      await tables(on)
        .updateTable('policy_versions')
        .set({ state: 'former' })
        .where('state', '=', 'active')
        .where('version', '!=', version)
        .execute();
    },
    /** False when another version is in force than `before`. It counts on from the database and from `last`, whichever is greater. */
    async activate(on: Transaction, version: number, before: number, last: number): Promise<boolean> {
      const activations = Math.max(last, (await standing(on)).activations) + 1;
      const row = { version, sealed: sealedNumber(version, activations) };
      if (before === 0) {
        const written = await tables(on)
          .insertInto('policy_in_force')
          .values({ name: inForce, ...row })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .executeTakeFirst();
        return (written.numInsertedOrUpdatedRows ?? 0n) > 0n;
      }
      const written = await tables(on)
        .updateTable('policy_in_force')
        .set(row)
        .where('name', '=', inForce)
        .where('version', '=', before)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
  };
}

function headRow(version: number): string {
  return `version/${version}/head`;
}

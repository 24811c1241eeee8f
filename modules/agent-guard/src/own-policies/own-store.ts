import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database, Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { openBytes, openText, sealText } from '@sallyport/platform/sealed-text';
import { InForceUnreadable, UnreadableRow } from '@sallyport/policy-library';
import type { Author } from '@sallyport/policy-library';
import { Type, type Static } from 'typebox';
import { Parse } from 'typebox/value';
import { draftHash, ownLimits, textsHash } from './own-policy.ts';
import type { OwnText } from './own-policy.ts';
import { KeptTest, ScopeBody, testOf } from './own-schema.ts';
import type { OwnDocument, OwnVersion, OwnVersionSummary } from './own-version.ts';
import { ReplayedKept } from './replay-kept.ts';
import type { ReplayedOwn } from './replay-own.ts';

type Tables = {
  agent_policy_documents: { id: string; revision: number; changed_ms: number; sealed: string };
  agent_policy_versions: {
    version: number;
    /** Sealed: who, why, how it stands. */
    sealed_head: string;
    /** Sealed: the documents. */
    sealed_texts: string;
    /** Sealed: what recorded calls would have been told. */
    sealed_replay: string | null;
  };
  agent_policy_in_force: { name: string; version: number; sealed: string };
};

export type OwnStoreNeeds = {
  readonly database: Database;
  /** 32 secret bytes, the same at every start. */
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
};

const AuthorBody = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String(),
  owner: Type.Optional(Type.String()),
});
const DocumentBody = Type.Object({
  name: Type.String(),
  scope: ScopeBody,
  text: Type.String(),
  tests: Type.Array(KeptTest),
  by: AuthorBody,
  writers: Type.Array(AuthorBody),
});
const TextsBody = Type.Array(
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    scope: ScopeBody,
    text: Type.String(),
    tests: Type.Array(KeptTest),
  }),
);
const HeadBody = Type.Object({
  state: Type.Enum(['staged', 'waiting', 'active', 'former', 'withdrawn']),
  madeMs: Type.Number(),
  madeBy: AuthorBody,
  note: Type.String(),
  digest: Type.String(),
  from: Type.Optional(Type.Number()),
  authors: Type.Array(AuthorBody),
  askedBy: Type.Optional(AuthorBody),
  approvedBy: Type.Optional(AuthorBody),
  activatedMs: Type.Optional(Type.Number()),
  documents: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), hash: Type.String() })),
  openings: Type.Array(Type.Object({ id: Type.String(), kind: Type.Enum(['permit', 'forbid']) })),
  replay: Type.Optional(
    Type.Object({
      digest: Type.String(),
      against: Type.Number(),
      last: Type.Number(),
      atMs: Type.Number(),
      by: AuthorBody,
      calls: Type.Number(),
      untold: Type.Number(),
      agents: Type.Number(),
      different: Type.Number(),
      looser: Type.Number(),
    }),
  ),
});

const mostBytes = 16 * 1024 * 1024;
const inForce = 'policies';
/** The row beside it that says which numbers were given: none is given twice, though its version be gone. */
const numbers = 'numbers';
/** No document is called like this: who took one away is kept until there is one of its name again. */
const removedPrefix = '-';

/** A version, and how it stood sealed when it was read: what is written of it later is written on top of that alone. */
export type KeptVersion = OwnVersion & { readonly head: string };

/** `digest`: of the texts that were agreed to when they came into force. */
type Standing = { readonly version: number; readonly activations: number; readonly digest?: string };

export type OwnStore = ReturnType<typeof createOwnStore>;

/** The organisation's policies for agents in the control database. Opening a row that somebody without the key changed throws. */
export function createOwnStore(needs: OwnStoreNeeds) {
  const { database, sealingKey } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<Tables>();
  const seal = (row: string, value: unknown): string => sealText(needs, row, zstdCompressSync(JSON.stringify(value)));
  const open = (row: string, sealed: string): unknown =>
    JSON.parse(zstdDecompressSync(openBytes(sealingKey, row, sealed), { maxOutputLength: mostBytes }).toString('utf8'));

  const documentOf = (row: Tables['agent_policy_documents']): OwnDocument => {
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
  const summaryOf = ({
    version,
    sealed_head: sealed,
  }: {
    version: number;
    sealed_head: string;
  }): OwnVersionSummary => ({
    version,
    ...Parse(HeadBody, open(headRow(version), sealed)),
  });
  const sealedHead = (made: OwnVersionSummary): string => {
    const { state, madeMs, madeBy, note, digest, from, authors, askedBy, approvedBy, activatedMs } = made;
    const { documents, openings, replay } = made;
    return seal(headRow(made.version), {
      state,
      madeMs,
      madeBy,
      note,
      digest,
      from,
      authors,
      askedBy,
      approvedBy,
      activatedMs,
      documents,
      openings,
      replay,
    });
  };
  /** Whoever writes to the database cannot point at another version, or put other texts under its number: both are sealed, and how many came before. */
  const sealedNumber = ({ version, digest }: Pick<OwnVersion, 'version' | 'digest'>, activations: number): string =>
    sealText(needs, 'agent/in-force', `${version} ${activations} ${digest}`);

  const rowInForce = (on?: Transaction): Promise<Tables['agent_policy_in_force'] | undefined> =>
    tables(on).selectFrom('agent_policy_in_force').selectAll().where('name', '=', inForce).executeTakeFirst();

  /** Throws `InForceUnreadable`. */
  function standingOf(row: Tables['agent_policy_in_force'] | undefined): Standing {
    if (row === undefined) return { version: 0, activations: 0 };
    let opened: string;
    try {
      opened = openText(sealingKey, 'agent/in-force', row.sealed);
    } catch (cause) {
      throw new InForceUnreadable(messageOf(cause), { cause });
    }
    const [, version, activations, digest] = /^(\d+) (\d+)(?: ([0-9a-f]{64}))?$/.exec(opened) ?? [];
    if (version !== String(row.version))
      throw new InForceUnreadable('the number of the version in force is not what was sealed');
    return { version: row.version, activations: Number(activations), ...(digest === undefined ? {} : { digest }) };
  }
  /** Throws `InForceUnreadable`. */
  const standing = async (on?: Transaction): Promise<Standing> => standingOf(await rowInForce(on));

  /** The highest that was ever given, as far as it is kept. */
  async function given(on: Transaction): Promise<number> {
    const row = await tables(on)
      .selectFrom('agent_policy_in_force')
      .selectAll()
      .where('name', '=', numbers)
      .executeTakeFirst();
    if (row === undefined) return 0;
    try {
      return Math.max(row.version, Number(openText(sealingKey, 'agent/numbers', row.sealed)));
    } catch {
      return row.version;
    }
  }

  async function drafts(): Promise<{
    readonly documents: readonly OwnDocument[];
    readonly removed: ReadonlyMap<string, readonly Author[]>;
  }> {
    const rows = await tables().selectFrom('agent_policy_documents').selectAll().orderBy('id').execute();
    const gone = rows.filter(({ id }) => id.startsWith(removedPrefix)).map(documentOf);
    return {
      documents: rows.filter(({ id }) => !id.startsWith(removedPrefix)).map(documentOf),
      removed: new Map(gone.map(({ id, writers }) => [id.slice(removedPrefix.length), writers])),
    };
  }

  return {
    standing,
    documents: async (): Promise<readonly OwnDocument[]> => (await drafts()).documents,
    /** Who wrote documents that are gone since, and who took them away, by the id of the document. */
    removed: async (): Promise<ReadonlyMap<string, readonly Author[]>> => (await drafts()).removed,
    /** Both as they were at one moment. */
    drafts,
    /** False when it is not at `before.revision` any more. */
    async put(
      on: Transaction,
      made: OwnText & { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
      before: Pick<OwnDocument, 'revision'> | undefined,
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
      const written = await tables(on)
        .updateTable('agent_policy_documents')
        .set(row)
        .where('id', '=', id)
        .where('revision', '=', before.revision)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
    async remove(
      on: Transaction,
      { id, revision, scope }: Pick<OwnDocument, 'id' | 'revision' | 'scope'>,
      removal: { readonly by: Author; readonly writers: readonly Author[]; readonly changedMs: number },
    ): Promise<boolean> {
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
      const gone = await tables(on)
        .deleteFrom('agent_policy_documents')
        .where('id', '=', id)
        .where('revision', '=', revision)
        .executeTakeFirst();
      return gone.numDeletedRows > 0n;
    },
    /** Newest first. */
    async versions(): Promise<readonly OwnVersionSummary[]> {
      const rows = await tables()
        .selectFrom('agent_policy_versions')
        .select(['version', 'sealed_head'])
        .orderBy('version', 'desc')
        .execute();
      return rows.map(summaryOf);
    },
    /** Throws `UnreadableRow`. */
    async version(version: number, on?: Transaction): Promise<KeptVersion | undefined> {
      const row = await tables(on)
        .selectFrom('agent_policy_versions')
        .selectAll()
        .where('version', '=', version)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      try {
        const made = { ...summaryOf(row), head: row.sealed_head };
        const texts = Parse(TextsBody, open(textsRow(version), row.sealed_texts)).map(textOfKept);
        if (textsHash(texts) !== made.digest)
          throw new TypeError(`the texts of version ${version} are not those its digest is of`);
        if (row.sealed_replay === null) return { ...made, texts };
        const replayed = Parse(ReplayedKept, open(replayRow(made), row.sealed_replay));
        return { ...made, texts, replayed };
      } catch (cause) {
        throw new UnreadableRow(cause);
      }
    },
    async nextVersion(on: Transaction): Promise<number> {
      const newest = await tables(on)
        .selectFrom('agent_policy_versions')
        .select(({ fn }) => fn.max('version').as('newest'))
        .executeTakeFirst();
      const named = await rowInForce(on);
      // No number is given again, though its version be gone: what was sealed with it must not come into force by it.
      return Math.max(newest?.newest ?? 0, named?.version ?? 0, await given(on)) + 1;
    },
    async add(on: Transaction, made: OwnVersion): Promise<void> {
      const sealed_texts = seal(textsRow(made.version), made.texts);
      await tables(on)
        .insertInto('agent_policy_versions')
        .values({ version: made.version, sealed_head: sealedHead(made), sealed_texts, sealed_replay: null })
        .execute();
      const { version } = made;
      const row = { version, sealed: sealText(needs, 'agent/numbers', String(version)) };
      await tables(on)
        .insertInto('agent_policy_in_force')
        .values({ name: numbers, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
      const named = await rowInForce(on);
      await tables(on)
        .deleteFrom('agent_policy_versions')
        .where('version', '<=', made.version - ownLimits.versions)
        .where('version', '!=', named?.version ?? 0)
        .execute();
    },
    /** False when it is not as it was read any more. */
    async move(
      on: Transaction,
      from: Pick<KeptVersion, 'version' | 'head'>,
      to: OwnVersionSummary,
      replayed?: ReplayedOwn,
    ): Promise<boolean> {
      const written = await tables(on)
        .updateTable('agent_policy_versions')
        .set({
          sealed_head: sealedHead(to),
          ...(replayed === undefined ? {} : { sealed_replay: seal(replayRow(to), replayed) }),
        })
        .where('version', '=', from.version)
        .where('sealed_head', '=', from.head)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
    /** False when another version is in force than `before`; where nobody can tell what is, `before` is undefined. It counts on from the database and from `last`. */
    async activate(
      on: Transaction,
      made: Pick<OwnVersion, 'version' | 'digest'>,
      before: number | undefined,
      last: number,
    ): Promise<boolean> {
      const found = await rowInForce(on);
      let told: Standing = { version: 0, activations: 0 };
      try {
        told = standingOf(found);
      } catch (error) {
        if (before !== undefined || !(error instanceof InForceUnreadable)) throw error;
      }
      if (before !== undefined && told.version !== before) return false;
      const row = { version: made.version, sealed: sealedNumber(made, Math.max(last, told.activations) + 1) };
      if (found === undefined) {
        const written = await tables(on)
          .insertInto('agent_policy_in_force')
          .values({ name: inForce, ...row })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .executeTakeFirst();
        return (written.numInsertedOrUpdatedRows ?? 0n) > 0n;
      }
      const written = await tables(on)
        .updateTable('agent_policy_in_force')
        .set(row)
        .where('name', '=', inForce)
        .where('sealed', '=', found.sealed)
        .executeTakeFirst();
      return written.numUpdatedRows > 0n;
    },
  };
}

function textOfKept({ tests, ...kept }: Static<typeof TextsBody>[number]): OwnText {
  return { ...kept, tests: tests.map(testOf) };
}

function documentRow({ id, revision }: { readonly id: string; readonly revision: number }): string {
  return `agent/document/${id}/${revision}`;
}
function headRow(version: number): string {
  return `agent/version/${version}/head`;
}
function textsRow(version: number): string {
  return `agent/version/${version}/texts`;
}
function replayRow({ version, digest }: Pick<OwnVersion, 'version' | 'digest'>): string {
  return `agent/version/${version}/replay/${digest}`;
}

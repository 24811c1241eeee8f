import type { Database, Transaction } from '@sallyport/platform/database';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import { AuthorBody } from './authors.ts';
import { damageOf, readEach } from './damaged-rows.ts';
import type { ReadRows } from './damaged-rows.ts';
import { UnreadableRow } from './in-force-mark.ts';
import type { PolicyText } from './policy-document.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import { PolicyTestBody } from './policy-test.ts';
import { versionHash, versionStates } from './policy-version.ts';
import type { KeptVersion, PolicyVersion, VersionSummary } from './policy-version.ts';
import { createSealedJson } from './sealed-json.ts';
import { keptFrom, nextNumber } from './version-numbers.ts';

export type VersionRow = {
  version: number;
  /** In the clear, for people who look at the table; nothing reads it. Rows of before the head held it all have it here alone. */
  state: string;
  made_ms: number;
  activated_ms: number | null;
  hash: string;
  bundled_hash: string;
  from_version: number | null;
  /** Sealed: everything about it but the texts, their digest included. */
  sealed_head: string;
  /** Sealed: the documents. */
  sealed_texts: string;
};
export type VersionTables = { policy_versions: VersionRow };

const TextsBody = Type.Array(
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    text: Type.String(),
    tests: Type.Array(PolicyTestBody),
  }),
);
const HeadBody = Type.Object({
  state: Type.Enum([...versionStates]),
  madeMs: Type.Number(),
  hash: Type.String(),
  bundledHash: Type.String(),
  from: Type.Optional(Type.Number()),
  activatedMs: Type.Optional(Type.Number()),
  by: AuthorBody,
  note: Type.String(),
  authors: Type.Array(AuthorBody),
  asked: Type.Optional(AuthorBody),
  approved: Type.Optional(AuthorBody),
  documents: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), hash: Type.String() })),
});

/** Names of the rows, by which what is sealed of one opens in no other. */
export const headRow = (version: number): string => `version/${version}/head`;
const textsRow = (version: number): string => `version/${version}/texts`;

/**
 * All documents as they were at a moment. Number, state, digest and texts of a version are sealed together: whoever writes to the database without
 * the key can damage one or take it away, which is told, and make it no other. Opening what was damaged throws `UnreadableRow`.
 */
export function createVersionStore(needs: SealedStoreNeeds) {
  const { database } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<VersionTables>();
  const { seal, open } = createSealedJson(needs, { mostBytes: 64 * 1024 * 1024 });

  function summaryOf({ version, sealed_head: sealed }: Pick<VersionRow, 'version' | 'sealed_head'>): VersionSummary {
    const { by, asked, approved, ...head } = Parse(HeadBody, open(headRow(version), sealed));
    return {
      version,
      ...head,
      madeBy: by,
      ...(asked === undefined ? {} : { askedBy: asked }),
      ...(approved === undefined ? {} : { approvedBy: approved }),
    };
  }

  const rowOf = (made: VersionSummary) => {
    const { version, state, madeMs, hash, bundledHash, from, activatedMs, note, authors, documents } = made;
    const { madeBy: by, askedBy: asked, approvedBy: approved } = made;
    const head = { state, madeMs, hash, bundledHash, from, activatedMs, by, note, authors, asked, approved, documents };
    return {
      version,
      state,
      made_ms: madeMs,
      activated_ms: activatedMs ?? null,
      hash,
      bundled_hash: bundledHash,
      from_version: from ?? null,
      sealed_head: seal(headRow(version), head),
    };
  };

  const heads = (on?: Transaction) =>
    tables(on).selectFrom('policy_versions').select(['version', 'sealed_head']).orderBy('version', 'desc').execute();

  /** False when it is not as it was read any more. */
  async function move(
    on: Transaction,
    from: Pick<KeptVersion, 'version' | 'head'>,
    to: VersionSummary,
  ): Promise<boolean> {
    const written = await tables(on)
      .updateTable('policy_versions')
      .set(rowOf({ ...to, version: from.version }))
      .where('version', '=', from.version)
      .where('sealed_head', '=', from.head)
      .executeTakeFirst();
    return written.numUpdatedRows > 0n;
  }

  /** Sealed for the number it stands under, in whatever form. */
  function isSealed({ version, sealed_head: sealed }: Pick<VersionRow, 'version' | 'sealed_head'>): boolean {
    try {
      open(headRow(version), sealed);
      return true;
    } catch {
      return false;
    }
  }

  return {
    textsOf: (version: number, sealed: string): readonly PolicyText[] =>
      Parse(TextsBody, open(textsRow(version), sealed)),
    move,
    /** Newest first, with those beside them that do not open. */
    versions: async (on?: Transaction): Promise<ReadRows<VersionSummary>> => readEach(await heads(on), summaryOf),
    /** Throws `UnreadableRow`. */
    async version(version: number, on?: Transaction): Promise<KeptVersion | undefined> {
      const row = await tables(on)
        .selectFrom('policy_versions')
        .selectAll()
        .where('version', '=', version)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      try {
        const made = summaryOf(row);
        const texts = Parse(TextsBody, open(textsRow(version), row.sealed_texts));
        if (versionHash(texts) !== made.hash)
          throw new TypeError(`the texts of version ${version} are not those its digest is of`);
        return { ...made, head: row.sealed_head, texts };
      } catch (cause) {
        throw new UnreadableRow(damageOf(version, cause));
      }
    },
    /** The highest number that was sealed: one that somebody wrote beside it counts for nothing. */
    newest: async (on: Transaction): Promise<number> => (await heads(on)).find(isSealed)?.version ?? 0,
    /** The number after `last`, or one of the next where rows stand there that do not open. */
    next: async (on: Transaction, last: number): Promise<number> =>
      nextNumber(
        (await heads(on)).map(({ version }) => version),
        last,
      ),
    /** In place of a row that does not open. Those that are too old go, but for what is in force. */
    async add(on: Transaction, made: PolicyVersion, inForce: number): Promise<void> {
      const before = await heads(on);
      const inTheWay = before.find((row) => row.version === made.version && !isSealed(row));
      if (inTheWay !== undefined)
        await tables(on)
          .deleteFrom('policy_versions')
          .where('version', '=', made.version)
          .where('sealed_head', '=', inTheWay.sealed_head)
          .execute();
      await tables(on)
        .insertInto('policy_versions')
        .values({ ...rowOf(made), sealed_texts: seal(textsRow(made.version), made.texts) })
        .execute();
      const { read } = readEach(before, summaryOf);
      const active = read.filter(({ state }) => state === 'active').map(({ version }) => version);
      await tables(on)
        .deleteFrom('policy_versions')
        .where('version', '<', keptFrom([...read.map(({ version }) => version), made.version]))
        .where('version', 'not in', [inForce, ...active])
        .execute();
    },
    /** Where nobody could tell what was in force: whatever said that it is, is no more. */
    async endOthers(on: Transaction, version: number): Promise<void> {
      const rows = await heads(on);
      for (const one of readEach(rows, summaryOf).read) {
        const head = rows.find((row) => row.version === one.version)?.sealed_head;
        if (one.state !== 'active' || one.version === version || head === undefined) continue;
        await move(on, { version: one.version, head }, { ...one, state: 'former' });
      }
    },
  };
}

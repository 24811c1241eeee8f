import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import {
  AuthorBody,
  createInForceRow,
  createSealedJson,
  damageOf,
  InForceUnreadable,
  keptFrom,
  nextNumber,
  readEach,
  UnreadableRow,
} from '@sallyport/policy-library';
import type { ReadRows, SealedStoreNeeds, Standing } from '@sallyport/policy-library';
import { Type, type Static } from 'typebox';
import { Parse } from 'typebox/value';
import { textsHash } from '../decisions/own-policy.ts';
import type { OwnText } from '../decisions/own-policy.ts';
import { KeptTest, ScopeBody, testOf } from './own-schema.ts';
import type { OwnVersion, OwnVersionSummary } from './own-version.ts';
import { ReplayedKept } from './replay-kept.ts';
import type { ReplayedOwn } from './replay-own.ts';

type Tables = {
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

/** A version, and how it stood sealed when it was read: what is written of it later is written on top of that alone. */
export type KeptVersion = OwnVersion & { readonly head: string };

/** Versions of the organisation's policies for agents, and which is in force, in the control database. Opening a row that somebody without the key changed throws. */
export function createOwnVersionStore(needs: SealedStoreNeeds) {
  const { database, sealingKey } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<Tables>();
  const { seal, open } = createSealedJson(needs, { mostBytes });
  const sealedRow = createInForceRow(needs, 'agent/in-force');

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
  const heads = (on?: Transaction) =>
    tables(on)
      .selectFrom('agent_policy_versions')
      .select(['version', 'sealed_head'])
      .orderBy('version', 'desc')
      .execute();
  const rowInForce = (on?: Transaction): Promise<Tables['agent_policy_in_force'] | undefined> =>
    tables(on).selectFrom('agent_policy_in_force').selectAll().where('name', '=', inForce).executeTakeFirst();

  /** Throws `InForceUnreadable`. */
  const standing = async (on?: Transaction): Promise<Standing> => sealedRow.open(await rowInForce(on));

  /** The highest that was ever given, as far as it is kept. */
  async function given(on: Transaction): Promise<number> {
    const row = await tables(on)
      .selectFrom('agent_policy_in_force')
      .selectAll()
      .where('name', '=', numbers)
      .executeTakeFirst();
    if (row === undefined) return 0;
    try {
      return Number(openText(sealingKey, 'agent/numbers', row.sealed));
    } catch {
      // What somebody wrote beside the seal counts for nothing.
      return 0;
    }
  }

  return {
    standing,
    /** Newest first, with those beside them that do not open. */
    async versions(): Promise<ReadRows<OwnVersionSummary>> {
      return readEach(await heads(), summaryOf);
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
        throw new UnreadableRow(damageOf(version, cause));
      }
    },
    async nextVersion(on: Transaction): Promise<number> {
      const rows = await heads(on);
      const newest = readEach(rows, summaryOf).read[0]?.version ?? 0;
      const named = await standing(on).catch((error: unknown) => {
        if (!(error instanceof InForceUnreadable)) throw error;
        return { version: 0 };
      });
      // No number is given again, though its version be gone: what was sealed with it must not come into force by it.
      const last = Math.max(newest, named.version, await given(on));
      return nextNumber(
        rows.map(({ version }) => version),
        last,
      );
    },
    async add(on: Transaction, made: OwnVersion): Promise<void> {
      const sealed_texts = seal(textsRow(made.version), made.texts);
      const before = await heads(on);
      const { read } = readEach(before, summaryOf);
      const inTheWay = before.find(({ version: one }) => one === made.version);
      // One that opens stays where it is, and this one is refused.
      if (inTheWay !== undefined && !read.some(({ version: one }) => one === made.version))
        await tables(on)
          .deleteFrom('agent_policy_versions')
          .where('version', '=', made.version)
          .where('sealed_head', '=', inTheWay.sealed_head)
          .execute();
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
      const active = read.filter(({ state }) => state === 'active').map(({ version: one }) => one);
      await tables(on)
        .deleteFrom('agent_policy_versions')
        .where('version', '<', keptFrom([...read.map(({ version: one }) => one), version]))
        .where('version', 'not in', [named?.version ?? 0, ...active])
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
        told = sealedRow.open(found);
      } catch (error) {
        if (before !== undefined || !(error instanceof InForceUnreadable)) throw error;
      }
      if (before !== undefined && told.version !== before) return false;
      const row = { version: made.version, sealed: sealedRow.seal(made, Math.max(last, told.activations) + 1) };
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

function headRow(version: number): string {
  return `agent/version/${version}/head`;
}
function textsRow(version: number): string {
  return `agent/version/${version}/texts`;
}
function replayRow({ version, digest }: Pick<OwnVersion, 'version' | 'digest'>): string {
  return `agent/version/${version}/replay/${digest}`;
}

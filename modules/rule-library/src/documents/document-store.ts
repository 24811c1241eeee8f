import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { JsonValue } from '@sallyport/contracts';
import type { RuleSource } from '@sallyport/detection';
import type { Database, Transaction } from '@sallyport/platform/database';
import { openBytes, openText, sealText } from '@sallyport/platform/sealed-text';
import { documentFile, documentLimits } from './document.ts';
import type { DocumentState, RuleDocument, RuleTest, RuleVersion, VersionSummary } from './document.ts';
import { summaryColumns } from './document-tables.ts';
import type { DocumentRow, DocumentTables, VersionRow } from './document-tables.ts';
import { readTests, testsJson } from './rule-tests.ts';

export type DocumentStoreNeeds = {
  readonly database: Database;
  /** 32 secret bytes, the same at every start: texts, tests, names and notes are kept sealed. */
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
};

export type NewVersion = Pick<RuleVersion, 'text' | 'cases' | 'author' | 'note' | 'savedMs'> & {
  readonly name: string;
};

export type DocumentStore = ReturnType<typeof createDocumentStore>;

const mostBytes = 2 * (documentLimits.textBytes + documentLimits.testBytes);

/** Documents in the control database. What changes is told inside the caller's transaction. */
export function createDocumentStore(needs: DocumentStoreNeeds) {
  const { sealingKey, database } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<DocumentTables>();

  const seal = (row: string, text: string): string => sealText(needs, row, zstdCompressSync(text));
  const open = (row: string, sealed: string): string =>
    zstdDecompressSync(openBytes(sealingKey, row, sealed), { maxOutputLength: mostBytes }).toString('utf8');

  function summaryOf(row: Omit<VersionRow, 'sealed_text' | 'sealed_tests'>): VersionSummary {
    return {
      version: row.version,
      savedMs: row.saved_ms,
      author: { kind: row.author_kind, id: row.author_id, name: row.author_name },
      note: openText(sealingKey, rowName(row, 'note'), row.note),
      tests: row.tests,
      textHash: row.text_hash,
      testsHash: row.tests_hash,
    };
  }

  function documentOf(row: DocumentRow, head: VersionSummary): RuleDocument {
    return {
      id: row.id,
      name: openText(sealingKey, `${row.id}/name`, row.name),
      state: stateOf(row),
      createdMs: row.created_ms,
      version: row.head_version,
      ...(row.staged_version === null ? {} : { stagedVersion: row.staged_version }),
      ...(row.active_version === null ? {} : { activeVersion: row.active_version }),
      ...(row.retired_ms === null ? {} : { retiredMs: row.retired_ms }),
      head,
    };
  }

  function testsIn(row: VersionRow): readonly RuleTest[] {
    const values: unknown = JSON.parse(open(rowName(row, 'tests'), row.sealed_tests));
    return Array.isArray(values) ? readTests(values) : [];
  }

  const sealTests = (of: { document_id: string; version: number }, tests: readonly RuleTest[]) => {
    const json = JSON.stringify(testsJson(tests));
    return { tests: tests.length, tests_hash: hashOf(json), sealed_tests: seal(rowName(of, 'tests'), json) };
  };

  async function get(id: string, on?: Transaction): Promise<RuleDocument | undefined> {
    const row = await tables(on).selectFrom('rule_documents').selectAll().where('id', '=', id).executeTakeFirst();
    const head = row === undefined ? undefined : await summary(row, on);
    return row === undefined || head === undefined ? undefined : documentOf(row, summaryOf(head));
  }

  const summary = ({ id, head_version: version }: DocumentRow, on?: Transaction) =>
    tables(on)
      .selectFrom('rule_versions')
      .select(summaryColumns)
      .where('document_id', '=', id)
      .where('version', '=', version)
      .executeTakeFirst();

  /** The texts of one kind, each under the name of its version. */
  async function sources(kind: 'active_version' | 'staged_version'): Promise<readonly (RuleSource & { id: string })[]> {
    const rows = await tables()
      .selectFrom('rule_documents')
      .innerJoin('rule_versions', (join) =>
        join.onRef('document_id', '=', 'rule_documents.id').onRef('version', '=', `rule_documents.${kind}`),
      )
      .select(['document_id', 'version', 'sealed_text'])
      .orderBy('rule_documents.created_ms')
      .orderBy('document_id')
      .execute();
    return rows.map((row) => ({
      id: row.document_id,
      file: documentFile(row.document_id, row.version),
      text: open(rowName(row, 'text'), row.sealed_text),
    }));
  }

  return {
    get,
    sources,
    /** Newest change first. */
    async list(): Promise<readonly RuleDocument[]> {
      const rows = await tables().selectFrom('rule_documents').selectAll().execute();
      const heads = await tables()
        .selectFrom('rule_versions')
        .innerJoin('rule_documents', (join) =>
          join.onRef('id', '=', 'document_id').onRef('head_version', '=', 'version'),
        )
        .select(summaryColumns)
        .execute();
      const byId = new Map(heads.map((head) => [head.document_id, summaryOf(head)]));
      return rows
        .flatMap((row) => {
          const head = byId.get(row.id);
          return head === undefined ? [] : [documentOf(row, head)];
        })
        .toSorted((a, b) => b.head.savedMs - a.head.savedMs || (a.id < b.id ? -1 : 1));
    },
    async count(on: Transaction): Promise<number> {
      const counted = await tables(on)
        .selectFrom('rule_documents')
        .select(({ fn }) => fn.countAll().as('held'))
        .executeTakeFirstOrThrow();
      return Number(counted.held);
    },
    /** Newest first. */
    async versions(id: string): Promise<readonly VersionSummary[]> {
      const rows = await tables()
        .selectFrom('rule_versions')
        .select(summaryColumns)
        .where('document_id', '=', id)
        .orderBy('version', 'desc')
        .execute();
      return rows.map(summaryOf);
    },
    async version(id: string, version: number): Promise<RuleVersion | undefined> {
      const row = await tables()
        .selectFrom('rule_versions')
        .selectAll()
        .where('document_id', '=', id)
        .where('version', '=', version)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return { ...summaryOf(row), text: open(rowName(row, 'text'), row.sealed_text), cases: testsIn(row) };
    },
    /** A version on top of the others, the first one of a new document; the oldest that nothing rests on give way. */
    async add(on: Transaction, id: string, made: NewVersion, before: RuleDocument | undefined): Promise<number> {
      const own = tables(on);
      const version = (before?.version ?? 0) + 1;
      const of = { document_id: id, version };
      const name = sealText(needs, `${id}/name`, made.name);
      if (before === undefined) {
        const row = { id, name, created_ms: made.savedMs, head_version: version };
        await own
          .insertInto('rule_documents')
          .values({ ...row, staged_version: null, active_version: null, retired_ms: null })
          .execute();
      } else {
        await own.updateTable('rule_documents').set({ name, head_version: version }).where('id', '=', id).execute();
      }
      await own
        .insertInto('rule_versions')
        .values({
          ...of,
          saved_ms: made.savedMs,
          author_kind: made.author.kind,
          author_id: made.author.id,
          author_name: made.author.name,
          note: sealText(needs, rowName(of, 'note'), made.note),
          text_hash: hashOf(made.text),
          sealed_text: seal(rowName(of, 'text'), made.text),
          ...sealTests(of, made.cases),
        })
        .execute();
      const kept = [before?.stagedVersion, before?.activeVersion].flatMap((one) => one ?? []);
      await own
        .deleteFrom('rule_versions')
        .where('document_id', '=', id)
        .where('version', '<=', version - documentLimits.versions)
        .$if(kept.length > 0, (query) => query.where('version', 'not in', kept))
        .execute();
      return version;
    },
    async move(
      on: Transaction,
      id: string,
      to: Partial<Pick<DocumentRow, 'staged_version' | 'active_version' | 'retired_ms'>>,
    ): Promise<void> {
      await tables(on).updateTable('rule_documents').set(to).where('id', '=', id).execute();
    },
    async remove(on: Transaction, id: string): Promise<void> {
      await tables(on).deleteFrom('rule_versions').where('document_id', '=', id).execute();
      await tables(on).deleteFrom('rule_documents').where('id', '=', id).execute();
    },
    /** Takes tests that `isGone` out of all versions; says how many. */
    async dropTests(isGone: (test: RuleTest) => boolean): Promise<number> {
      const rows = await tables().selectFrom('rule_versions').selectAll().where('tests', '>', 0).execute();
      let dropped = 0;
      for (const row of rows) {
        const tests = testsIn(row);
        const left = tests.filter((test) => !isGone(test));
        if (left.length === tests.length) continue;
        dropped += tests.length - left.length;
        await tables()
          .updateTable('rule_versions')
          .set(sealTests(row, left))
          .where('document_id', '=', row.document_id)
          .where('version', '=', row.version)
          .execute();
      }
      return dropped;
    },
  };
}

/** What is in force of the library, for detection, before anything else of it stands. */
export function createDocumentSources(needs: Omit<DocumentStoreNeeds, 'random'>): () => Promise<readonly RuleSource[]> {
  // Nothing is sealed here.
  const store = createDocumentStore({ ...needs, random: () => new Uint8Array() });
  return async () => (await store.sources('active_version')).map(({ file, text }) => ({ file, text }));
}

function rowName(of: { readonly document_id: string; readonly version: number }, part: string): string {
  return `${of.document_id}/${of.version}/${part}`;
}

function stateOf(row: DocumentRow): DocumentState {
  if (row.active_version !== null) return 'active';
  if (row.staged_version !== null) return 'staged';
  return row.retired_ms === null ? 'draft' : 'retired';
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function testsHashOf(tests: readonly RuleTest[]): string {
  const values: JsonValue[] = testsJson(tests);
  return hashOf(JSON.stringify(values));
}

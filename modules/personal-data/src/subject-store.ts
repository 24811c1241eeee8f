import type { PlacedSubjectKey } from '@sallyport/key-vault/server';
import type { Database } from '@sallyport/platform/database';

/** Which keys a subject has or had, and where in the ledger each was used. Ids are 32 hexadecimal digits. */
export type SubjectKeyRow = {
  readonly keyId: string;
  readonly subjectId: string;
  /** The page it lay on last; where it really is only the vault knows. */
  readonly page: string;
  readonly madeAtMs: number;
  readonly erasedAtMs: number | undefined;
  /** When the last copy of what it sealed was gone too. */
  readonly forgottenAtMs: number | undefined;
};

/** So many entries of a log together: how exactly it is kept where a key was used. */
export const bucketEntries = 65_536;
export type Bucket = { readonly log: number; readonly bucket: number };

type Tables = {
  personal_keys: {
    key_id: string;
    subject_id: string;
    page: string;
    made_at_ms: number;
    erased_at_ms: number | null;
    forgotten_at_ms: number | null;
  };
  personal_places: { key_id: string; log: number; bucket: number };
};

const parametersAtOnce = 500;

export type SubjectStore = ReturnType<typeof createSubjectStore>;

export function createSubjectStore(plain: Database) {
  const database = plain.withTables<Tables>();

  const find = async (column: 'key_id' | 'subject_id', ids: readonly string[]): Promise<SubjectKeyRow[]> => {
    const rows: SubjectKeyRow[] = [];
    for (const part of parts(ids)) {
      const found = await database.selectFrom('personal_keys').selectAll().where(column, 'in', part).execute();
      rows.push(
        ...found.map((row) => ({
          keyId: row.key_id,
          subjectId: row.subject_id,
          page: row.page,
          madeAtMs: row.made_at_ms,
          erasedAtMs: row.erased_at_ms ?? undefined,
          forgottenAtMs: row.forgotten_at_ms ?? undefined,
        })),
      );
    }
    return rows;
  };

  return {
    byKey: (keyIds: readonly string[]) => find('key_id', keyIds),
    bySubject: (subjectIds: readonly string[]) => find('subject_id', subjectIds),
    /** Rows that are there already stay as they are. */
    async add(rows: readonly PlacedSubjectKey[], madeAtMs: number): Promise<void> {
      for (const part of parts(rows)) {
        await database
          .insertInto('personal_keys')
          .values(
            part.map(({ keyId, subjectId, page }) => ({
              key_id: keyId,
              subject_id: subjectId,
              page,
              made_at_ms: madeAtMs,
              erased_at_ms: null,
              forgotten_at_ms: null,
            })),
          )
          .onConflict((conflict) => conflict.column('key_id').doNothing())
          .execute();
      }
    },
    async move(rows: readonly Pick<PlacedSubjectKey, 'keyId' | 'page'>[]): Promise<void> {
      const byPage = Map.groupBy(rows, ({ page }) => page);
      await database.transaction().execute(async (transaction) => {
        for (const [page, moved] of byPage) {
          for (const part of parts(moved)) {
            await transaction
              .updateTable('personal_keys')
              .set({ page })
              .where(
                'key_id',
                'in',
                part.map(({ keyId }) => keyId),
              )
              .execute();
          }
        }
      });
    },
    async onPages(pages: readonly string[]): Promise<readonly string[]> {
      const keyIds: string[] = [];
      for (const part of parts(pages)) {
        const rows = await database
          .selectFrom('personal_keys')
          .select('key_id')
          .where('page', 'in', part)
          .where('erased_at_ms', 'is', null)
          .execute();
        keyIds.push(...rows.map((row) => row.key_id));
      }
      return keyIds;
    },
    async markErased(keyIds: readonly string[], erasedAtMs: number): Promise<void> {
      for (const part of parts(keyIds))
        await database
          .updateTable('personal_keys')
          .set({ erased_at_ms: erasedAtMs })
          .where('key_id', 'in', part)
          .where('erased_at_ms', 'is', null)
          .execute();
    },
    /** Keys that are gone while copies of what they sealed may still be about. */
    async notForgotten(): Promise<readonly string[]> {
      const rows = await database
        .selectFrom('personal_keys')
        .select('key_id')
        .where('erased_at_ms', 'is not', null)
        .where('forgotten_at_ms', 'is', null)
        .limit(parametersAtOnce)
        .execute();
      return rows.map((row) => row.key_id);
    },
    /** Where they were used is not kept any longer either. */
    async markForgotten(keyIds: readonly string[], forgottenAtMs: number): Promise<void> {
      for (const part of parts(keyIds)) {
        await database.deleteFrom('personal_places').where('key_id', 'in', part).execute();
        await database
          .updateTable('personal_keys')
          .set({ forgotten_at_ms: forgottenAtMs })
          .where('key_id', 'in', part)
          .execute();
      }
    },
    /** How many keys there are, how many of them since a moment, and of how many the key is gone. */
    async count(sinceMs: number): Promise<{ keys: number; recent: number; erased: number }> {
      const one = async (query: { where?: 'recent' | 'erased' }): Promise<number> => {
        let counted = database.selectFrom('personal_keys').select(({ fn }) => fn.countAll().as('count'));
        if (query.where === 'recent') counted = counted.where('made_at_ms', '>=', sinceMs);
        if (query.where === 'erased') counted = counted.where('erased_at_ms', 'is not', null);
        return Number((await counted.executeTakeFirst())?.count ?? 0);
      };
      return { keys: await one({}), recent: await one({ where: 'recent' }), erased: await one({ where: 'erased' }) };
    },
    async countOnPage(page: string): Promise<number> {
      const row = await database
        .selectFrom('personal_keys')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('page', '=', page)
        .executeTakeFirst();
      return Number(row?.count ?? 0);
    },
    async addPlaces(places: readonly (Bucket & { readonly keyId: string })[]): Promise<void> {
      for (const part of parts(places)) {
        await database
          .insertInto('personal_places')
          .values(part.map(({ keyId, log, bucket }) => ({ key_id: keyId, log, bucket })))
          .onConflict((conflict) => conflict.columns(['key_id', 'log', 'bucket']).doNothing())
          .execute();
      }
    },
    /** Where any of the keys was used, in the order of the ledger. */
    async places(keyIds: readonly string[]): Promise<readonly Bucket[]> {
      const found = new Map<string, Bucket>();
      for (const part of parts(keyIds)) {
        const rows = await database
          .selectFrom('personal_places')
          .select(['log', 'bucket'])
          .distinct()
          .where('key_id', 'in', part)
          .execute();
        for (const { log, bucket } of rows) found.set(`${log}/${bucket}`, { log, bucket });
      }
      return [...found.values()].toSorted((a, b) => a.log - b.log || a.bucket - b.bucket);
    },
  };
}

function* parts<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += parametersAtOnce) yield items.slice(at, at + parametersAtOnce);
}

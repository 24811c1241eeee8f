import type { Database } from '@sallyport/platform/database';

/** Certificates that are complete, and which records lie elsewhere already. In the control database. */
export type CertificateStore = {
  find(id: string): Promise<{ readonly document: string | undefined; readonly outcome: string } | undefined>;
  /** `document` undefined: the record lies elsewhere, and there is no certificate yet. */
  remember(id: string, outcome: string, document: string | undefined): Promise<void>;
};

type Tables = { key_vault_certificates: { id: string; outcome: string; document: string | null } };

export function createCertificateStore(plain: Database): CertificateStore {
  const database = plain.withTables<Tables>();
  return {
    async find(id) {
      const row = await database
        .selectFrom('key_vault_certificates')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : { document: row.document ?? undefined, outcome: row.outcome };
    },
    async remember(id, outcome, document) {
      const values = { outcome, document: document ?? null };
      await database
        .insertInto('key_vault_certificates')
        .values({ id, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute();
    },
  };
}

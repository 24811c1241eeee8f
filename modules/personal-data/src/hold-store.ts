import type { Database, Transaction } from '@sallyport/platform/database';

/** A legal hold of the vault that keeps somebody's keys. Whom it is about is sealed under those keys. */
export type StoredHold = {
  /** The hold's id in the vault, where it is in force as long as it is there. */
  readonly id: string;
  readonly keyIds: readonly string[];
  readonly sealed: string;
};

type Tables = { personal_holds: { id: string; key_ids: string; sealed: string } };

export function createHoldStore(plain: Database) {
  const database = plain.withTables<Tables>();
  return {
    async add(transaction: Transaction, { id, keyIds, sealed }: StoredHold): Promise<void> {
      await transaction
        .withTables<Tables>()
        .insertInto('personal_holds')
        .values({ id, key_ids: keyIds.join(' '), sealed })
        .execute();
    },
    async list(): Promise<readonly StoredHold[]> {
      const rows = await database.selectFrom('personal_holds').selectAll().execute();
      return rows.map(({ id, key_ids: keyIds, sealed }) => ({ id, keyIds: keyIds.split(' '), sealed }));
    },
  };
}

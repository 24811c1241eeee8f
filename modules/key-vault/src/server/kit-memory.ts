import type { Database } from '@sallyport/platform/database';

/** That a recovery kit was made, and of which epoch: an older one opens nothing that was sealed since. */
export type MadeKit = {
  readonly madeAtMs: number;
  readonly madeBy: string;
  readonly vault: string;
  readonly epoch: number;
};

type KitTables = {
  key_vault_kits: { id: number; made_at_ms: number; made_by: string; vault: string; epoch: number };
};

/** Only the newest is remembered; where kits lie nobody tells us. */
export function createKitMemory(plain: Database) {
  const database = plain.withTables<KitTables>();
  return {
    async newest(): Promise<MadeKit | undefined> {
      const row = await database.selectFrom('key_vault_kits').selectAll().where('id', '=', 1).executeTakeFirst();
      if (row === undefined) return undefined;
      return { madeAtMs: row.made_at_ms, madeBy: row.made_by, vault: row.vault, epoch: row.epoch };
    },
    async remember({ madeAtMs, madeBy, vault, epoch }: MadeKit): Promise<void> {
      const row = { made_at_ms: madeAtMs, made_by: madeBy, vault, epoch };
      await database
        .insertInto('key_vault_kits')
        .values({ id: 1, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
  };
}

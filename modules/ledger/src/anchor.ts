import type { Database } from '@sallyport/platform/database';

/**
 * The newest checkpoint this installation has seen, kept in the control database: apart from the ledger's directory, so
 * that putting only that back to an earlier state is noticed. Putting back everything together is not; a witness,
 * or a checkpoint kept elsewhere, is needed for that.
 */
export type AnchorStore = {
  newest(): Promise<string | undefined>;
  remember(checkpoint: string): Promise<void>;
};

type AnchorTables = { ledger_anchor: { id: number; checkpoint: string } };

export function createAnchorStore(plain: Database): AnchorStore {
  const database = plain.withTables<AnchorTables>();
  return {
    async newest() {
      const row = await database
        .selectFrom('ledger_anchor')
        .select('checkpoint')
        .where('id', '=', 1)
        .executeTakeFirst();
      return row?.checkpoint;
    },
    async remember(checkpoint) {
      await database
        .insertInto('ledger_anchor')
        .values({ id: 1, checkpoint })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ checkpoint }))
        .execute();
    },
  };
}

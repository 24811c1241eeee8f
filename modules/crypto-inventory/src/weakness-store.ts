import type { FindingLevel } from '@sallyport/contracts';
import { findingLevels } from '@sallyport/contracts';
import type { Database, MigrationSet, Transaction } from '@sallyport/platform/database';
import { weaknessReasons } from './weakness.ts';
import type { WeaknessReason } from './weakness.ts';

/** What was told of one asset and reason, until it is healed. */
export type ToldWeakness = {
  readonly asset: string;
  readonly reason: WeaknessReason;
  readonly stage: number;
  readonly level: FindingLevel;
  readonly message: string;
  /** The source it was seen through: while that one is silent, nothing of it counts as healed. */
  readonly source: string;
  readonly sinceMs: number;
};

type Tables = {
  inventory_weakness: {
    asset: string;
    reason: string;
    stage: number;
    level: string;
    message: string;
    source: string;
    since_ms: number;
  };
  inventory_policy: { id: number; document: string };
};

/** In the control database, so that what was told is not told again after a restart. */
export function createWeaknessStore(plain: Database) {
  const database = plain.withTables<Tables>();
  const inside = (transaction: Transaction) => transaction.withTables<Tables>();
  return {
    async told(): Promise<readonly ToldWeakness[]> {
      const rows = await database
        .selectFrom('inventory_weakness')
        .selectAll()
        .orderBy('asset')
        .orderBy('reason')
        .execute();
      return rows.flatMap(({ reason: reasonText, level: levelText, since_ms: sinceMs, ...row }): ToldWeakness[] => {
        const reason = weaknessReasons.find((known) => known === reasonText);
        const level = findingLevels.find((known) => known === levelText);
        return reason === undefined || level === undefined ? [] : [{ ...row, reason, level, sinceMs }];
      });
    },
    async keep(transaction: Transaction, { sinceMs, ...told }: ToldWeakness): Promise<void> {
      const { stage, level, message, source } = told;
      await inside(transaction)
        .insertInto('inventory_weakness')
        .values({ ...told, since_ms: sinceMs })
        .onConflict((conflict) => conflict.columns(['asset', 'reason']).doUpdateSet({ stage, level, message, source }))
        .execute();
    },
    async remove(transaction: Transaction, asset: string, reason: WeaknessReason): Promise<void> {
      await inside(transaction)
        .deleteFrom('inventory_weakness')
        .where('asset', '=', asset)
        .where('reason', '=', reason)
        .execute();
    },
    async policy(): Promise<string | undefined> {
      const row = await database
        .selectFrom('inventory_policy')
        .select('document')
        .where('id', '=', 1)
        .executeTakeFirst();
      return row?.document;
    },
    async writePolicy(transaction: Transaction, document: string): Promise<void> {
      await inside(transaction)
        .insertInto('inventory_policy')
        .values({ id: 1, document })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ document }))
        .execute();
    },
  };
}
export type WeaknessStore = ReturnType<typeof createWeaknessStore>;

export const inventoryMigrations: MigrationSet = {
  module: 'crypto-inventory',
  migrations: {
    '0001-create-weaknesses': {
      async up({ schema }) {
        await schema
          .createTable('inventory_weakness')
          .addColumn('asset', 'text', (column) => column.notNull())
          .addColumn('reason', 'text', (column) => column.notNull())
          .addColumn('stage', 'integer', (column) => column.notNull())
          .addColumn('level', 'text', (column) => column.notNull())
          .addColumn('message', 'text', (column) => column.notNull())
          .addColumn('source', 'text', (column) => column.notNull())
          .addColumn('since_ms', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('inventory_weakness_key', ['asset', 'reason'])
          .execute();
        await schema
          .createTable('inventory_policy')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('document', 'text', (column) => column.notNull())
          .execute();
      },
    },
  },
};

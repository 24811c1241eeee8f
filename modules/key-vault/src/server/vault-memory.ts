import type { Database, MigrationSet } from '@sallyport/platform/database';
import type { KnownVault } from '../needs.ts';

/**
 * The newest generation of the vault this installation has seen, kept in the control database: apart from the vault's
 * directories, so that putting only those back to an earlier state is noticed.
 */
export type VaultMemory = {
  newest(): Promise<KnownVault | undefined>;
  /** An older generation of the same vault is not remembered over a newer one. */
  remember(known: KnownVault): Promise<void>;
  /** Remembers it whatever stood here: an operator said that everything was put back. */
  replace(known: KnownVault): Promise<void>;
};

type MemoryTables = { key_vault_known: { id: number; vault: string; generation: number } };

export function createVaultMemory(plain: Database): VaultMemory {
  const database = plain.withTables<MemoryTables>();
  const newest = async (): Promise<KnownVault | undefined> => {
    const row = await database.selectFrom('key_vault_known').selectAll().where('id', '=', 1).executeTakeFirst();
    return row === undefined ? undefined : { vault: row.vault, generation: row.generation };
  };
  const replace = async ({ vault, generation }: KnownVault): Promise<void> => {
    await database
      .insertInto('key_vault_known')
      .values({ id: 1, vault, generation })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ vault, generation }))
      .execute();
  };
  return {
    newest,
    replace,
    async remember(next) {
      const known = await newest();
      if (known?.vault !== next.vault || known.generation < next.generation) await replace(next);
    },
  };
}

export const keyVaultMigrations: MigrationSet = {
  module: 'key-vault',
  migrations: {
    '0001-create-known': {
      async up(database) {
        await database.schema
          .createTable('key_vault_known')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('vault', 'text', (column) => column.notNull())
          .addColumn('generation', 'bigint', (column) => column.notNull())
          .execute();
      },
    },
    '0003-create-kits': {
      async up(database) {
        await database.schema
          .createTable('key_vault_kits')
          .addColumn('id', 'integer', (column) => column.primaryKey())
          .addColumn('made_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('made_by', 'text', (column) => column.notNull())
          .addColumn('vault', 'text', (column) => column.notNull())
          .addColumn('epoch', 'bigint', (column) => column.notNull())
          .execute();
      },
    },
    '0002-create-certificates': {
      async up(database) {
        await database.schema
          .createTable('key_vault_certificates')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('outcome', 'text', (column) => column.notNull())
          .addColumn('document', 'text')
          .execute();
      },
    },
  },
};

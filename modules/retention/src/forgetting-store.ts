import type { Database, Transaction } from '@sallyport/platform/database';

type ErasedRow = {
  key_id: string;
  label: string;
  destroyed_ms: number;
  events: number;
  forgotten_ms: number | null;
};
type Tables = {
  retention_erased: ErasedRow;
  retention_receipts: { key_id: string; keeper: string; changed: number; at_ms: number };
};

export type Receipt = { readonly keeper: string; readonly changed: number; readonly atMs: number };

/** A destroyed key, what it had sealed, and who has forgotten it. */
export type ErasedKey = {
  readonly keyId: string;
  /** CLASS/DAY. */
  readonly label: string;
  readonly destroyedAtMs: number;
  readonly events: number;
  /** When everybody had; undefined while somebody has not. */
  readonly forgottenAtMs: number | undefined;
  readonly receipts: readonly Receipt[];
};

export function createForgettingStore(database: Database) {
  const tables = database.withTables<Tables>();

  async function withReceipts(rows: readonly ErasedRow[]): Promise<ErasedKey[]> {
    if (rows.length === 0) return [];
    const receipts = await tables
      .selectFrom('retention_receipts')
      .selectAll()
      .where(
        'key_id',
        'in',
        rows.map((row) => row.key_id),
      )
      .orderBy('at_ms')
      .execute();
    return rows.map((row) => ({
      keyId: row.key_id,
      label: row.label,
      destroyedAtMs: row.destroyed_ms,
      events: row.events,
      forgottenAtMs: row.forgotten_ms ?? undefined,
      receipts: receipts
        .filter((receipt) => receipt.key_id === row.key_id)
        .map(({ keeper, changed, at_ms: atMs }) => ({ keeper, changed, atMs })),
    }));
  }

  return {
    /** Known once; a key told of again stays as it is. */
    async note(key: { id: string; label: string; atMs: number; events: number }): Promise<void> {
      await tables
        .insertInto('retention_erased')
        .values({ key_id: key.id, label: key.label, destroyed_ms: key.atMs, events: key.events, forgotten_ms: null })
        .onConflict((conflict) => conflict.column('key_id').doNothing())
        .execute();
    },
    async knownIds(): Promise<ReadonlySet<string>> {
      const rows = await tables.selectFrom('retention_erased').select('key_id').execute();
      return new Set(rows.map((row) => row.key_id));
    },
    async unfinished(limit: number): Promise<ErasedKey[]> {
      return withReceipts(
        await tables
          .selectFrom('retention_erased')
          .selectAll()
          .where('forgotten_ms', 'is', null)
          .orderBy('label')
          .limit(limit)
          .execute(),
      );
    },
    /** The newest first. */
    async list(limit: number): Promise<ErasedKey[]> {
      return withReceipts(
        await tables
          .selectFrom('retention_erased')
          .selectAll()
          .orderBy('destroyed_ms', 'desc')
          .orderBy('label', 'desc')
          .limit(limit)
          .execute(),
      );
    },
    /** How many days and events of each class are erased. */
    async totals(): Promise<{ label: string; events: number }[]> {
      return tables.selectFrom('retention_erased').select(['label', 'events']).execute();
    },
    async receipt(keyId: string, receipt: Receipt): Promise<void> {
      const values = { changed: receipt.changed, at_ms: receipt.atMs };
      await tables
        .insertInto('retention_receipts')
        .values({ key_id: keyId, keeper: receipt.keeper, ...values })
        .onConflict((conflict) => conflict.columns(['key_id', 'keeper']).doUpdateSet(values))
        .execute();
    },
    async finish(transaction: Transaction, keyId: string, atMs: number): Promise<void> {
      await transaction
        .withTables<Tables>()
        .updateTable('retention_erased')
        .set({ forgotten_ms: atMs })
        .where('key_id', '=', keyId)
        .execute();
    },
  };
}

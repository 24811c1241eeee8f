import { origin, type Position } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';

/** What stands in `mappings` when events are shown as they were sealed. */
export const asSealed = 'sealed';

/** How the store shows what was recorded before `until`. */
export type History = {
  /** Asked for; the store is emptied and filled again; or filled. */
  readonly state: 'asked' | 'running' | 'done';
  /** Fingerprint of the mappings it is shown by, or `asSealed`. */
  readonly mappings: string;
  /** Known from `running` on: the head of the ledger when it began. What comes after it is shown as sealed. */
  readonly until: Position;
  readonly askedAtMs: number;
  /** About how many events could not be mapped, because they ended or held up their thread, and are shown as sealed. */
  readonly kept: number;
};

export type HistoryRecord = {
  read(): Promise<History | undefined>;
  /** Inside the caller's transaction. False when the same is asked for already or under way. */
  ask(transaction: Transaction, wish: { mappings: string; nowMs: number }): Promise<boolean>;
  finish(): Promise<void>;
  countKept(events: number): Promise<void>;
};

export type HistoryTables = {
  search_history: {
    name: string;
    state: string;
    mappings: string;
    until_log: number;
    until_index: number;
    asked_ms: number;
    kept: number;
  };
};

const name = 'events';

export function createHistoryRecord(database: Database): HistoryRecord {
  const tables = database.withTables<HistoryTables>();
  return {
    async read() {
      const row = await tables.selectFrom('search_history').selectAll().where('name', '=', name).executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        state: row.state === 'asked' || row.state === 'running' ? row.state : 'done',
        mappings: row.mappings,
        until: { log: row.until_log, index: row.until_index },
        askedAtMs: row.asked_ms,
        kept: row.kept,
      };
    },
    async ask(transaction, { mappings, nowMs }) {
      const wish = { state: 'asked', mappings, asked_ms: nowMs };
      const { numInsertedOrUpdatedRows } = await transaction
        .withTables<HistoryTables>()
        .insertInto('search_history')
        .values({ name, ...wish, until_log: origin.log, until_index: origin.index, kept: 0 })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(wish)
            .where((eb) =>
              eb.or([eb('search_history.state', '=', 'done'), eb('search_history.mappings', '!=', mappings)]),
            ),
        )
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async finish() {
      await tables
        .updateTable('search_history')
        .set({ state: 'done' })
        .where('name', '=', name)
        .where('state', '=', 'running')
        .execute();
    },
    async countKept(events) {
      await tables
        .updateTable('search_history')
        .set((eb) => ({ kept: eb('kept', '+', events) }))
        .where('name', '=', name)
        .execute();
    },
  };
}

/** Empties what is known of the store, which is empty already: everything is written again, up to `until` by `mappings`. */
export async function beginHistory(
  transaction: Transaction,
  { until, mappings }: Pick<History, 'until' | 'mappings'>,
): Promise<void> {
  await transaction
    .withTables<HistoryTables>()
    .updateTable('search_history')
    .set({ state: 'running', mappings, until_log: until.log, until_index: until.index, kept: 0 })
    .where('name', '=', name)
    .execute();
}

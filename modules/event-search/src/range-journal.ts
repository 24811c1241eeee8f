import { origin, type Position } from '@sallyport/contracts';
import { repeatableTransaction, type Database, type MigrationSet } from '@sallyport/platform/database';
import { beginHistory, createHistoryRecord, type History, type HistoryRecord } from './history/history-record.ts';
import { createSearchCursor } from './migrations/0001-create-search-cursor.ts';
import { createSearchHistory } from './migrations/0002-create-search-history.ts';

type Tables = {
  search_cursor: { name: string; log: number; entry_index: number; removals: number };
  search_ranges: { name: string; from_log: number; from_index: number; to_log: number; to_index: number };
};

export const eventSearchMigrations: MigrationSet = {
  module: 'event-search',
  migrations: {
    '0001-create-search-cursor': createSearchCursor,
    '0002-create-search-history': createSearchHistory,
  },
};

export type Range = { readonly from: Position; readonly to: Position };

/**
 * What the projection has done and is doing, in the control database. A range is written down before its first row goes to the
 * store and struck out together with the cursor's move, so that after a kill only that range is in doubt. None of it waits for the disk:
 * a machine that lost power comes up with an older cursor, and a start takes out what stands after it. So does PostgreSQL whose process
 * ended, while this one goes on: the next range does not begin at the cursor then, is refused, and everything is read again.
 */
export type RangeJournal = {
  read(): Promise<{ cursor: Position; begun?: Range; removals: number }>;
  begin(range: Range): Promise<void>;
  /** Moves the cursor and forgets the begun range, in one transaction. */
  commit(cursor: Position): Promise<void>;
  /**
   * Counts a removal, before it is made, and gives the new number. It is part of every insert's token: the engine remembers
   * tokens of rows that were removed since, and would silently drop their second insert.
   */
  countRemoval(): Promise<number>;
  /**
   * Everything is written again from the first event on, what stands before `until` by `mappings`; to be called when the store is
   * empty. One transaction.
   */
  beginAgain(wish: Pick<History, 'until' | 'mappings'>): Promise<void>;
  /** How what was recorded before is shown. */
  readonly history: HistoryRecord;
};

const name = 'events';

export function createRangeJournal(database: Database): RangeJournal {
  const tables = database.withTables<Tables>();
  return {
    history: createHistoryRecord(database),
    async beginAgain(wish) {
      await database.transaction().execute(async (transaction) => {
        const own = transaction.withTables<Tables>();
        const place = { log: origin.log, entry_index: origin.index };
        await own.updateTable('search_cursor').set(place).where('name', '=', name).execute();
        await own.deleteFrom('search_ranges').where('name', '=', name).execute();
        await beginHistory(transaction, wish);
      });
    },
    async read() {
      const cursor = await tables.selectFrom('search_cursor').selectAll().where('name', '=', name).executeTakeFirst();
      const range = await tables.selectFrom('search_ranges').selectAll().where('name', '=', name).executeTakeFirst();
      return {
        cursor: cursor === undefined ? origin : { log: cursor.log, index: cursor.entry_index },
        removals: cursor?.removals ?? 0,
        ...(range !== undefined && {
          begun: {
            from: { log: range.from_log, index: range.from_index },
            to: { log: range.to_log, index: range.to_index },
          },
        }),
      };
    },
    async begin({ from, to }) {
      const bounds = { from_log: from.log, from_index: from.index, to_log: to.log, to_index: to.index };
      await repeatableTransaction(tables, (transaction) =>
        transaction
          .insertInto('search_ranges')
          .values({ name, ...bounds })
          .execute(),
      );
    },
    async commit(cursor) {
      await repeatableTransaction(tables, async (transaction) => {
        const place = { log: cursor.log, entry_index: cursor.index };
        await transaction
          .insertInto('search_cursor')
          .values({ name, removals: 0, ...place })
          .onConflict((conflict) => conflict.column('name').doUpdateSet(place))
          .execute();
        await transaction.deleteFrom('search_ranges').where('name', '=', name).execute();
      });
    },
    async countRemoval() {
      return tables.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('search_cursor')
          .values({ name, removals: 0, log: origin.log, entry_index: origin.index })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .execute();
        await transaction
          .updateTable('search_cursor')
          .set((eb) => ({ removals: eb('removals', '+', 1) }))
          .where('name', '=', name)
          .execute();
        const row = await transaction
          .selectFrom('search_cursor')
          .select('removals')
          .where('name', '=', name)
          .executeTakeFirstOrThrow();
        return row.removals;
      });
    },
  };
}

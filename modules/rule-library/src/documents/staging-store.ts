import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { documentLimits } from './document.ts';
import type { DocumentTables } from './document-tables.ts';

/** A match on the stream that nobody was alerted of. */
export type StagedMatch = {
  readonly documentId: string;
  readonly ruleId: string;
  readonly title: string;
  readonly position: Position;
  readonly receivedMs: number;
  /** Whether it is an audit record of this server. */
  readonly isAudit: boolean;
};

/** What a staged document would have done. */
export type StagingReport = {
  readonly sinceMs: number;
  readonly rules: readonly {
    readonly id: string;
    readonly title: string;
    /** Exact. */
    readonly matches: number;
    readonly firstMs: number;
    readonly lastMs: number;
  }[];
  /** The newest, newest first. */
  readonly newest: readonly Omit<StagedMatch, 'documentId' | 'title'>[];
};

export type StagingStore = ReturnType<typeof createStagingStore>;

const cursorName = 'staging';

export function createStagingStore(database: Database) {
  const tables = (on: Database | Transaction = database) => on.withTables<DocumentTables>();
  const perDocument = ['rule_staging_counts', 'rule_staging_matches', 'rule_staging'] as const;

  async function clear(on: Transaction, id: string): Promise<void> {
    for (const table of perDocument) await tables(on).deleteFrom(table).where('document_id', '=', id).execute();
  }

  async function add(on: Transaction, matches: readonly StagedMatch[]): Promise<void> {
    const own = tables(on);
    for (const found of Map.groupBy(matches, ({ documentId, ruleId }) => `${documentId}\n${ruleId}`).values()) {
      const [first] = found;
      const last = found.at(-1);
      if (first === undefined || last === undefined) continue;
      const row = { document_id: first.documentId, rule_id: first.ruleId, title: first.title };
      await own
        .insertInto('rule_staging_counts')
        .values({ ...row, matches: found.length, first_ms: first.receivedMs, last_ms: last.receivedMs })
        .onConflict((conflict) =>
          conflict.columns(['document_id', 'rule_id']).doUpdateSet((update) => ({
            matches: update('rule_staging_counts.matches', '+', found.length),
            title: first.title,
            last_ms: last.receivedMs,
          })),
        )
        .execute();
    }
    for (const [id, found] of Map.groupBy(matches, ({ documentId }) => documentId)) {
      const newest = found.slice(-documentLimits.stagedMatches).map((match) => ({
        document_id: id,
        log: match.position.log,
        entry_index: match.position.index,
        rule_id: match.ruleId,
        received_ms: match.receivedMs,
        is_audit: match.isAudit ? 1 : 0,
      }));
      await own
        .insertInto('rule_staging_matches')
        .values(newest)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const held = await own
        .selectFrom('rule_staging_matches')
        .select(['log', 'entry_index', 'rule_id'])
        .where('document_id', '=', id)
        .orderBy('log', 'desc')
        .orderBy('entry_index', 'desc')
        .execute();
      for (const old of held.slice(documentLimits.stagedMatches)) {
        await own
          .deleteFrom('rule_staging_matches')
          .where('document_id', '=', id)
          .where('log', '=', old.log)
          .where('entry_index', '=', old.entry_index)
          .where('rule_id', '=', old.rule_id)
          .execute();
      }
    }
  }

  return {
    clear,
    add,
    /** Counts anew, from `since` on. */
    async begin(on: Transaction, id: string, since: Position, nowMs: number): Promise<void> {
      await clear(on, id);
      const row = { document_id: id, since_ms: nowMs, since_log: since.log, since_index: since.index };
      await tables(on).insertInto('rule_staging').values(row).execute();
    },
    /** Since where each staged document is matched. */
    async since(): Promise<ReadonlyMap<string, Position>> {
      const rows = await tables().selectFrom('rule_staging').selectAll().execute();
      return new Map(rows.map((row) => [row.document_id, { log: row.since_log, index: row.since_index }]));
    },
    async report(id: string): Promise<StagingReport | undefined> {
      const own = tables();
      const begun = await own.selectFrom('rule_staging').selectAll().where('document_id', '=', id).executeTakeFirst();
      if (begun === undefined) return undefined;
      const counts = await own
        .selectFrom('rule_staging_counts')
        .selectAll()
        .where('document_id', '=', id)
        .orderBy('matches', 'desc')
        .execute();
      const newest = await own
        .selectFrom('rule_staging_matches')
        .selectAll()
        .where('document_id', '=', id)
        .orderBy('log', 'desc')
        .orderBy('entry_index', 'desc')
        .execute();
      return {
        sinceMs: begun.since_ms,
        rules: counts.map((row) => ({
          id: row.rule_id,
          title: row.title,
          matches: row.matches,
          firstMs: row.first_ms,
          lastMs: row.last_ms,
        })),
        newest: newest.map((row) => ({
          ruleId: row.rule_id,
          position: { log: row.log, index: row.entry_index },
          receivedMs: row.received_ms,
          isAudit: row.is_audit === 1,
        })),
      };
    },
    /** How often each staged document matched, all its rules together. */
    async totals(): Promise<ReadonlyMap<string, number>> {
      const rows = await tables()
        .selectFrom('rule_staging_counts')
        .select(({ fn }) => ['document_id', fn.sum<number>('matches').as('matches')])
        .groupBy('document_id')
        .execute();
      return new Map(rows.map((row) => [row.document_id, row.matches]));
    },
    async readCursor(): Promise<Position | undefined> {
      const row = await tables()
        .selectFrom('rule_staging_cursor')
        .selectAll()
        .where('name', '=', cursorName)
        .executeTakeFirst();
      return row === undefined ? undefined : { log: row.log, index: row.entry_index };
    },
    async writeCursor(on: Transaction, { log, index }: Position): Promise<void> {
      await tables(on)
        .insertInto('rule_staging_cursor')
        .values({ name: cursorName, log, entry_index: index })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ log, entry_index: index }))
        .execute();
    },
    /** Takes the places of events that were erased; says how many. What was counted stays. */
    async forget(isGone: (position: Position) => boolean): Promise<number> {
      const rows = await tables().selectFrom('rule_staging_matches').selectAll().execute();
      const gone = rows.filter((row) => isGone({ log: row.log, index: row.entry_index }));
      for (const row of gone) {
        await tables()
          .deleteFrom('rule_staging_matches')
          .where('document_id', '=', row.document_id)
          .where('log', '=', row.log)
          .where('entry_index', '=', row.entry_index)
          .execute();
      }
      return gone.length;
    },
  };
}

export function later(a: Position, b: Position): Position {
  return comparePositions(a, b) >= 0 ? a : b;
}

import { setImmediate } from 'node:timers/promises';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { EngineChanges, GroupName, GroupState, SourceState } from '@sallyport/sigma-rules';
import type { StateSeal } from './state-seal.ts';

type GroupRow = {
  correlation_id: string;
  group_key: string;
  fingerprint: string;
  state: string;
  touched_ms: number;
};
type Tables = {
  detection_correlation_groups: GroupRow;
  detection_correlation_sources: { source_key: string; newest_ms: number; seen_ms: number };
};

export type SavedCorrelations = {
  /** In the order in which they were touched. */
  readonly groups: readonly GroupState[];
  readonly sources: readonly SourceState[];
  readonly watermarkMs: number;
  readonly ledgerMs: number;
};

const rowsPerStatement = 500;
/** About a millisecond of sealing. */
const sealedAtOnce = 50;
/** The row that holds the watermark of all sources, and ledger time. No source has this name: names are hashes. */
const allSources = '';

/** Everything that was saved. A row that does not open is left out: what was counted there is counted anew. */
export async function readCorrelations(database: Database, seal: StateSeal): Promise<SavedCorrelations> {
  const tables = database.withTables<Tables>();
  const rows = await tables
    .selectFrom('detection_correlation_groups')
    .selectAll()
    .orderBy('touched_ms')
    .orderBy('group_key')
    .execute();
  const sources = await tables.selectFrom('detection_correlation_sources').selectAll().execute();
  const all = sources.find((row) => row.source_key === allSources);
  return {
    groups: rows.flatMap((row) => {
      const name = { correlationId: row.correlation_id, group: row.group_key };
      const state = seal.open(row.state, name);
      return state === undefined
        ? []
        : [{ ...name, fingerprint: row.fingerprint, touchedMs: row.touched_ms, ...state }];
    }),
    sources: sources
      .filter((row) => row.source_key !== allSources)
      .map((row) => ({ source: row.source_key, newestMs: row.newest_ms, seenMs: row.seen_ms })),
    watermarkMs: all?.newest_ms ?? -Infinity,
    ledgerMs: all?.seen_ms ?? -Infinity,
  };
}

/** What changed, as it lies in the control database. */
type SealedChanges = Omit<EngineChanges, 'changed'> & { readonly changed: readonly GroupRow[] };

/** To be called before the transaction, for which everybody else waits: others have their turn in between. */
export async function sealGroups(groups: readonly GroupState[], seal: StateSeal): Promise<GroupRow[]> {
  const rows: GroupRow[] = [];
  for (const state of groups) {
    rows.push({
      correlation_id: state.correlationId,
      group_key: state.group,
      fingerprint: state.fingerprint,
      state: seal.seal(state),
      touched_ms: state.touchedMs,
    });
    if (rows.length % sealedAtOnce === 0) await setImmediate();
  }
  return rows;
}

/** Belongs into the transaction that moves the cursor: what is counted and how far was read are one state. */
export async function saveCorrelations(transaction: Transaction, changes: SealedChanges): Promise<void> {
  await saveGroups(transaction, changes);
  const { changed, removed } = changes.sources;
  const tables = transaction.withTables<Tables>();
  const rows = changed.map(({ source, newestMs, seenMs }) => ({
    source_key: source,
    newest_ms: newestMs,
    seen_ms: seenMs,
  }));
  if (Number.isFinite(changes.watermarkMs)) {
    rows.push({ source_key: allSources, newest_ms: changes.watermarkMs, seen_ms: changes.ledgerMs });
  }
  const keys = [...removed, ...rows.map(({ source_key }) => source_key)];
  for (const part of parts(keys)) {
    await tables.deleteFrom('detection_correlation_sources').where('source_key', 'in', part).execute();
  }
  for (const part of parts(rows)) await tables.insertInto('detection_correlation_sources').values(part).execute();
}

export async function saveGroups(
  transaction: Transaction,
  { changed, removed }: { readonly changed: readonly GroupRow[]; readonly removed: readonly GroupName[] },
): Promise<void> {
  const tables = transaction.withTables<Tables>();
  for (const [correlationId, groups] of Map.groupBy(removed, ({ correlationId }) => correlationId)) {
    for (const part of parts(groups.map(({ group }) => group))) {
      await tables
        .deleteFrom('detection_correlation_groups')
        .where('correlation_id', '=', correlationId)
        .where('group_key', 'in', part)
        .execute();
    }
  }
  for (const part of parts(changed)) {
    await tables
      .insertInto('detection_correlation_groups')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['correlation_id', 'group_key']).doUpdateSet((row) => ({
          fingerprint: row.ref('excluded.fingerprint'),
          state: row.ref('excluded.state'),
          touched_ms: row.ref('excluded.touched_ms'),
        })),
      )
      .execute();
  }
}

/** Forgets everything that was counted. */
export async function clearCorrelations(transaction: Transaction): Promise<void> {
  const tables = transaction.withTables<Tables>();
  await tables.deleteFrom('detection_correlation_groups').execute();
  await tables.deleteFrom('detection_correlation_sources').execute();
}

function parts<Item>(items: readonly Item[]): Item[][] {
  const found: Item[][] = [];
  for (let from = 0; from < items.length; from += rowsPerStatement)
    found.push(items.slice(from, from + rowsPerStatement));
  return found;
}

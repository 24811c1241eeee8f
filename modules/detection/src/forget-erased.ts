import type { Database } from '@sallyport/platform/database';
import { readCorrelations, saveCorrelations, saveGroups, sealGroups } from './correlation-store.ts';
import type { Correlations } from './correlations.ts';
import { withoutErased } from './erased-matches.ts';
import type { ErasedRange } from './erased-matches.ts';
import type { RuleSummary } from './match-protocol.ts';
import type { StateSeal } from './state-seal.ts';

/**
 * Takes matches of events that were erased out of what correlations count, in memory and saved; says how many. To be called between two ranges. When it throws, memory
 * has to be read again: it may be behind what is saved.
 * Windows that are over by the watermark go first: without the event that opened one, what is left of it could be taken for a window of its own.
 */
export async function forgetErased(
  ranges: readonly ErasedRange[],
  needs: {
    readonly database: Database;
    readonly seal: StateSeal;
    readonly correlations: Pick<Correlations, 'restore' | 'use' | 'takeChanges'>;
    readonly rules: ReadonlyMap<string, RuleSummary> | undefined;
    /** Memory is what is saved. */
    readonly isWhole: boolean;
  },
): Promise<number> {
  const { database, seal, correlations, rules, isWhole } = needs;
  const saved = await readCorrelations(database, seal);
  // What is in memory otherwise may be that of a range that failed halfway, or of before an earlier try.
  if (isWhole && withoutErased(saved.groups, ranges).matches === 0) return 0;
  correlations.restore(saved);
  if (rules !== undefined) {
    correlations.use(rules);
    const settled = correlations.takeChanges(true);
    const changed = await sealGroups(settled.changed, seal);
    await database.transaction().execute((transaction) => saveCorrelations(transaction, { ...settled, changed }));
  }
  const { changed, removed, matches } = withoutErased((await readCorrelations(database, seal)).groups, ranges);
  const rows = await sealGroups(changed, seal);
  await database.transaction().execute((transaction) => saveGroups(transaction, { changed: rows, removed }));
  correlations.restore(await readCorrelations(database, seal));
  if (rules !== undefined) correlations.use(rules);
  return matches;
}

import type { Position } from '@sallyport/contracts';
import { repeatableTransaction } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { saveCorrelations, saveGroups, sealGroups } from './correlation-store.ts';
import type { Correlations } from './correlations.ts';
import type { Cursor } from './cursor.ts';
import { DetectionError } from './errors.ts';
import type { Exceptions } from './exceptions.ts';
import type { FindingLimit } from './finding-limit.ts';
import type { LogSourceArrivals } from './log-source-arrivals.ts';
import { saveLogSources } from './log-source-store.ts';
import { saveMatchCounts } from './match-count-store.ts';
import type { StateSeal } from './state-seal.ts';

/** What was counted and how far was read, in memory and saved. Not for two callers at once. */
export type SavedState = {
  /** Memory is being read again: what was not saved is done again. */
  dropped(): void;
  /** Memory is what is saved. */
  restored(): void;
  /** A range is begun: until it is done, memory is in the middle of it. Throws `scan_interrupted` when it is already. */
  begin(): void;
  /** The findings of the range are in the ledger. Saves, unless more is coming in than is worth it. */
  done(range: { readonly to: Position; readonly events: number; readonly matches: number }): Promise<void>;
  /** Saves what is not saved, unless memory is in the middle of a range: that one is repeated. */
  save(): Promise<void>;
  /** As `save`, when it was put off and it is time. */
  catchUp(): Promise<void>;
  /** Memory is what is saved, and what is to be saved; not in the middle of a range, and no save failed. */
  isWhole(): boolean;
  /** Why the last save failed. */
  trouble(): string | undefined;
};

/** While much comes in it is saved so often; so many ranges are saved one by one before. */
const savesPerSecond = 0.5;
const defaultAtOnce = 10;
/** What is repeated after a crash, at most: a few seconds of work. */
const mostEvents = 20_000;
/** Each counts in some groups, which are written then. */
const mostMatches = 5000;
/** Groups that are over and go in one transaction. */
const oversAtOnce = 5000;

/**
 * Counts and place are one transaction: after a crash both are as they were, and the same findings are made again, which the ledger has already. So
 * nobody waits for the disk, and several ranges are saved as one: a group that counts in each of them is sealed and written once. A place that went back without this process is not moved over the gap.
 */
export function createSavedState(needs: {
  readonly database: Database;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly cursor: Cursor;
  readonly correlations: Pick<Correlations, 'takeChanges' | 'takeOver'>;
  readonly seal: StateSeal;
  readonly limit: Pick<FindingLimit, 'takeChanges'>;
  readonly arrivals: Pick<LogSourceArrivals, 'takeChanges'>;
  readonly exceptions: Pick<Exceptions, 'save'>;
  readonly atOnce?: number | undefined;
}): SavedState {
  const { clock, correlations, seal, limit, arrivals, exceptions, cursor } = needs;
  const saves = createTokenBucket(
    { perSecond: savesPerSecond, burst: needs.atOnce ?? defaultAtOnce },
    clock.monotonicMs(),
  );
  /** Before anything was read there is nothing in memory. */
  let isWhole = true;
  let unsaved: { readonly to: Position; readonly events: number; readonly matches: number } | undefined;

  let trouble: string | undefined;

  async function save(): Promise<void> {
    if (!isWhole || unsaved === undefined) return;
    const { to } = unsaved;
    try {
      await saveUpTo(to);
      trouble = undefined;
    } catch (error) {
      trouble = messageOf(error);
      throw error;
    }
  }

  async function saveUpTo(to: Position): Promise<void> {
    unsaved = undefined;
    // What is taken is taken: should it not be saved, memory has to be read again.
    isWhole = false;
    const changes = correlations.takeChanges();
    const matchCounts = limit.takeChanges();
    const arrived = arrivals.takeChanges();
    const changed = await sealGroups(changes.changed, seal);
    await repeatableTransaction(needs.database, async (transaction) => {
      await saveCorrelations(transaction, { ...changes, changed });
      await saveMatchCounts(transaction, matchCounts);
      await saveLogSources(transaction, arrived);
      await exceptions.save(transaction);
      await cursor.move(transaction, to);
    });
    await removeOvers(2 * changed.length);
    isWhole = true;
  }

  /**
   * Behind the watermark by which they are over. However seldom it is saved, twice as many go as can have come, so that they do not become more without end;
   * a lot at a time, since everybody waits for a transaction.
   */
  async function removeOvers(most: number): Promise<void> {
    for (let left = most; left > 0; left -= oversAtOnce) {
      const removed = correlations.takeOver(Math.min(left, oversAtOnce));
      if (removed.length === 0) return;
      await repeatableTransaction(needs.database, (transaction) => saveGroups(transaction, { changed: [], removed }));
    }
  }

  return {
    dropped() {
      isWhole = false;
      unsaved = undefined;
    },
    restored() {
      isWhole = true;
    },
    begin() {
      if (!isWhole)
        throw new DetectionError('scan_interrupted', 'Cannot scan on: what was saved last must be read first');
      isWhole = false;
    },
    async done({ to, events, matches }) {
      isWhole = true;
      unsaved = { to, events: (unsaved?.events ?? 0) + events, matches: (unsaved?.matches ?? 0) + matches };
      const isMuch = unsaved.events >= mostEvents || unsaved.matches >= mostMatches;
      // Asked either way, and nothing is owed: after an hour of much, what is little would not be saved for an hour.
      const isTime = saves.take(clock.monotonicMs(), 1);
      if (isMuch || isTime) await save();
    },
    save,
    async catchUp() {
      if (isWhole && unsaved !== undefined && saves.take(clock.monotonicMs(), 1)) await save();
    },
    isWhole: () => isWhole,
    trouble: () => trouble,
  };
}

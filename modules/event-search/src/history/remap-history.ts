import { ocsfClass, type Position } from '@sallyport/contracts';
import { auditEvent, type Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { EventSearchError } from '../errors.ts';
import type { RangeJournal } from '../range-journal.ts';
import type { HistoryMapper } from './history-mapper.ts';
import { asSealed } from './history-record.ts';

export type HistoryStanding = {
  readonly state: 'none' | 'asked' | 'running' | 'done';
  /** By what events before `until` are shown: as they were sealed, by today's mappings, or by those of the day it was asked. */
  readonly mappings: 'sealed' | 'today' | 'older';
  readonly askedAtMs?: number;
  /** What stands before is written. */
  readonly through?: Position;
  readonly until?: Position;
  /** About how many events ended or held up the thread and are shown as sealed. */
  readonly kept: number;
};

export type RemapHistory = {
  standing(): Promise<HistoryStanding>;
  /** Recorded before it begins. Throws `EventSearchError` `history_busy` when the same is under way. */
  ask(mappings: 'sealed' | 'today', by: Principal): Promise<HistoryStanding>;
};

export function createRemapHistory(needs: {
  readonly database: Database;
  readonly journal: RangeJournal;
  readonly mapper: HistoryMapper;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
}): RemapHistory {
  const { database, journal, mapper, outbox, clock } = needs;

  async function standing(): Promise<HistoryStanding> {
    const history = await journal.history.read();
    if (history === undefined) return { state: 'none', mappings: 'sealed', kept: 0 };
    const { state, mappings, askedAtMs, kept, until } = history;
    const { cursor } = await journal.read();
    return {
      state,
      mappings: mappings === asSealed ? 'sealed' : mappings === mapper.fingerprint ? 'today' : 'older',
      askedAtMs,
      kept,
      ...(state !== 'asked' && { until, through: cursor }),
    };
  }

  return {
    standing,
    async ask(mappings, by) {
      const nowMs = clock.nowMs();
      await database.transaction().execute(async (transaction) => {
        const wish = { mappings: mappings === 'sealed' ? asSealed : mapper.fingerprint, nowMs };
        if (!(await journal.history.ask(transaction, wish)))
          throw new EventSearchError('history_busy', 'Cannot map history anew: that is under way already', {
            hint: 'GET /v1/search/remap tells how far it is',
          });
        await outbox.record(
          transaction,
          auditEvent({
            nowMs,
            actor: { kind: by.kind, id: by.id, name: by.name },
            action: 'search.remap',
            classUid: ocsfClass.apiActivity,
            activityId: 3,
            outcome: 'success',
            target: { type: 'search', id: 'history' },
            details: { mappings, fingerprint: wish.mappings },
          }),
        );
      });
      // The record itself is what wakes the projection, which follows the ledger.
      await outbox.flushed();
      return standing();
    },
  };
}

import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { AuditEvent } from '../audit-event.ts';
import type { Outbox } from '../outbox.ts';
import type { WitnessStore } from './witness-store.ts';

/** What is wrong is told once when it begins and once when it ends, across restarts too. */
export type WitnessAlarms = {
  /** Tells nothing while it stands. True when it is new. */
  raise(id: string, details: JsonObject, event: AuditEvent): Promise<boolean>;
  /**
   * Tells nothing when there is no such alarm, and while it was raised again within `quietMs`: what a witness can raise and settle
   * at will would otherwise fill the ledger.
   */
  settle(id: string, event: (details: JsonObject) => AuditEvent, quietMs?: number): Promise<void>;
  /** What it was about is no longer anybody's concern: tells nothing. */
  forget(isMeant: (id: string) => boolean): Promise<void>;
  tell(event: AuditEvent): Promise<void>;
};

export function createWitnessAlarms(needs: {
  readonly store: WitnessStore;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}): WitnessAlarms {
  const { store, database, outbox, clock } = needs;
  const raisedAtMs = new Map<string, number>();
  let known: Promise<Map<string, JsonObject>> | undefined;
  const standing = (): Promise<Map<string, JsonObject>> => (known ??= store.alarms().then((all) => new Map(all)));
  return {
    async raise(id, details, event) {
      const alarms = await standing();
      raisedAtMs.set(id, clock.monotonicMs());
      if (alarms.has(id)) return false;
      alarms.set(id, details);
      try {
        await database.transaction().execute(async (transaction) => {
          await store.raise(transaction, id, details);
          await outbox.record(transaction, event);
        });
      } catch (error) {
        alarms.delete(id);
        throw error;
      }
      await outbox.flushed();
      return true;
    },
    async settle(id, event, quietMs = 0) {
      const alarms = await standing();
      const details = alarms.get(id);
      if (details === undefined) return;
      const sinceMs = clock.monotonicMs() - (raisedAtMs.get(id) ?? -Infinity);
      if (sinceMs < quietMs) return;
      raisedAtMs.delete(id);
      alarms.delete(id);
      try {
        await database.transaction().execute(async (transaction) => {
          await store.settle(transaction, id);
          await outbox.record(transaction, event(details));
        });
      } catch (error) {
        alarms.set(id, details);
        throw error;
      }
      await outbox.flushed();
    },
    async forget(isMeant) {
      const alarms = await standing();
      const meant = alarms.keys().filter(isMeant).toArray();
      if (meant.length === 0) return;
      await database.transaction().execute(async (transaction) => {
        for (const id of meant) await store.settle(transaction, id);
      });
      for (const id of meant) {
        alarms.delete(id);
        raisedAtMs.delete(id);
      }
    },
    async tell(event) {
      await database.transaction().execute((transaction) => outbox.record(transaction, event));
      await outbox.flushed();
    },
  };
}

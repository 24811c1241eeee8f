import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent, Outbox } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import type { ArchiveStore } from './archive-store.ts';
import type { Told } from './needs.ts';

const actor = { kind: 'system', id: 'archive', name: 'Archive' } as const;
const otherActivity = 99;

/** What is wrong is told once when it begins and once when it ends, across restarts too. */
export type ArchiveAlarms = {
  raise(id: string, told: Told): Promise<void>;
  /** Ends one alarm, or all whose id begins so. */
  settle(id: string, told: (details: JsonObject) => Told): Promise<void>;
  tell(told: Told): Promise<void>;
  standing(): Promise<ReadonlyMap<string, JsonObject>>;
};

export function createArchiveAlarms(needs: {
  readonly store: ArchiveStore;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly nowMs: () => number;
  readonly place: () => string;
}): ArchiveAlarms {
  const { store, database, outbox } = needs;
  let known: Promise<Map<string, JsonObject>> | undefined;
  const all = (): Promise<Map<string, JsonObject>> => (known ??= store.alarms().then((alarms) => new Map(alarms)));
  const eventOf = ({ action, outcome, message, details }: Told): AuditEvent => {
    const place = needs.place();
    const { classUid, event } = auditEvent({
      nowMs: needs.nowMs(),
      actor,
      action,
      classUid: ocsfClass.entityManagement,
      activityId: otherActivity,
      outcome,
      target: { type: 'archive', id: place },
      details,
    });
    // Alerts group by the device.
    return { classUid, event: { ...event, message, device: { type_id: 0, name: place } } };
  };
  return {
    async raise(id, told) {
      const alarms = await all();
      if (alarms.has(id)) return;
      await database.transaction().execute(async (transaction) => {
        await store.raise(transaction, id, told.details);
        await outbox.record(transaction, eventOf(told));
      });
      alarms.set(id, told.details);
      await outbox.flushed();
    },
    async settle(id, told) {
      const alarms = await all();
      const details = alarms.get(id);
      if (details === undefined) return;
      await database.transaction().execute(async (transaction) => {
        await store.settle(transaction, id);
        await outbox.record(transaction, eventOf(told(details)));
      });
      alarms.delete(id);
      await outbox.flushed();
    },
    async tell(told) {
      await database.transaction().execute((transaction) => outbox.record(transaction, eventOf(told)));
      await outbox.flushed();
    },
    standing: all,
  };
}

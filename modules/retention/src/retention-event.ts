import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, Outbox } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';

export const retentionItself: Actor = { kind: 'server', id: 'retention', name: 'Retention' };

/** What somebody changes. */
export type RetentionChange = {
  readonly actor: Actor | Principal;
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly details: JsonObject;
};

export type RecordChange = (
  change: RetentionChange,
  write?: (transaction: Transaction) => Promise<void>,
) => Promise<void>;

/** Change and record are one transaction, in the ledger before this resolves. */
export function createRecordChange(needs: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: { nowMs(): number };
}): RecordChange {
  return async ({ actor, action, target, details }, write) => {
    const { kind, id, name } = actor;
    const event = auditEvent({
      nowMs: needs.clock.nowMs(),
      actor: { kind, id, name },
      action,
      classUid: ocsfClass.entityManagement,
      activityId: 3,
      outcome: 'success',
      target,
      details,
    });
    await needs.database.transaction().execute(async (transaction) => {
      await write?.(transaction);
      await needs.outbox.record(transaction, event);
    });
    await needs.outbox.flushed();
  };
}

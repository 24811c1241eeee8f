import { createCipheriv, createDecipheriv } from 'node:crypto';
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { auditEvent } from './audit-event.ts';
import type { AuditEvent } from './audit-event.ts';
import { LedgerError } from './errors.ts';
import type { Ledger } from './ledger.ts';

/**
 * The transactional outbox of audit events: a change to control data and its event commit together, and the reply
 * waits until the ledger holds the event. What cannot be recorded does not happen.
 */
export type Outbox = {
  /**
   * Inside the caller's transaction; the event reaches the ledger after commit. Throws `entry_invalid`, so that the change
   * does not happen either, when the event is over 128 KiB.
   */
  record(transaction: Transaction, event: AuditEvent): Promise<void>;
  /** Resolves when everything recorded so far is durable in the ledger: call after the transaction, before replying. */
  flushed(): Promise<void>;
};

type OutboxTables = { ledger_outbox: { id: string; ordinal: number; class_uid: number; sealed: string } };

const batchSize = 200;
/** A full batch must fit into one append. */
const maxAuditBytes = 128 * 1024;

/**
 * Bodies wait sealed (AES-256-GCM under `key`), since the control database lies on a plain disk. Each row is a stream of
 * its own, named by a random id: appending it twice after a crash records it once, and a control database put back
 * from a backup cannot collide with what was recorded since. A row that does not open any more (a control database
 * from elsewhere, a damaged one) is recorded as such, its sealed bytes included, and holds up nothing behind it.
 */
export function createOutbox(needs: {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Buffer;
  readonly nowMs: () => number;
  /** What every event of this moment carries beside its own, such as the grants its actor holds. */
  readonly marks?: () => JsonObject | undefined;
}): Outbox {
  const database = needs.database.withTables<OutboxTables>();
  let lastOrdinal = 0;
  let pumping: Promise<void> | undefined;
  let again = false;

  const pumpOnce = async (): Promise<boolean> => {
    const rows = await database.selectFrom('ledger_outbox').selectAll().orderBy('ordinal').limit(batchSize).execute();
    if (rows.length === 0) return false;
    await needs.ledger.append({
      collector: 'audit',
      priority: 'control',
      entries: rows.map((row) => ({
        classUid: row.class_uid,
        sequence: 0,
        stream: `outbox/${row.id}`,
        body: open(needs.key, row.sealed, row.id) ?? unreadable(row, needs.nowMs()),
      })),
    });
    await database
      .deleteFrom('ledger_outbox')
      .where(
        'id',
        'in',
        rows.map((row) => row.id),
      )
      .execute();
    return rows.length === batchSize;
  };

  const pump = async (): Promise<void> => {
    try {
      do {
        again = false;
        while (await pumpOnce());
      } while (again);
    } finally {
      // In the same turn as the last look at `again`: whoever comes later starts a pump of their own.
      pumping = undefined;
    }
  };

  return {
    async record(transaction, audit) {
      const id = needs.random(16).toString('hex');
      // Rising within this process and, by the clock, across restarts; it only decides the order of waiting events.
      lastOrdinal = Math.max(lastOrdinal + 1, needs.nowMs() * 1000);
      const body = Buffer.from(JSON.stringify(marked(audit.event, needs.marks?.())));
      if (body.length > maxAuditBytes) {
        throw new LedgerError(
          'entry_invalid',
          `Cannot record "${textOf(audit.event['message'])}": its event is ${body.length} bytes, must be at most ${maxAuditBytes}`,
        );
      }
      const sealed = seal(needs, body, id);
      await transaction
        .withTables<OutboxTables>()
        .insertInto('ledger_outbox')
        .values({ id, ordinal: lastOrdinal, class_uid: audit.classUid, sealed })
        .execute();
    },
    flushed() {
      if (pumping !== undefined) {
        // The pump may have read past our rows already: have it look once more.
        again = true;
        return pumping;
      }
      pumping = Promise.resolve().then(pump);
      return pumping;
    },
  };
}

function marked(event: JsonObject, marks: JsonObject | undefined): JsonObject {
  if (marks === undefined) return event;
  const { unmapped } = event;
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  return {
    ...event,
    unmapped: {
      ...(isJsonObject(unmapped) ? unmapped : {}),
      sallyport: { ...(isJsonObject(own) ? own : {}), ...marks },
    },
  };
}

function seal(needs: { key: Uint8Array; random: (bytes: number) => Buffer }, plain: Buffer, id: string): string {
  const nonce = needs.random(12);
  const cipher = createCipheriv('aes-256-gcm', needs.key, nonce);
  cipher.setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** What is recorded in place of an event nobody can read. */
function unreadable(row: { id: string; sealed: string }, nowMs: number): Buffer {
  const { event } = auditEvent({
    nowMs,
    actor: { kind: 'system', id: 'ledger', name: 'outbox' },
    action: 'outbox.unreadable',
    classUid: 0,
    activityId: 99,
    outcome: 'failure',
    target: { type: 'outbox', id: row.id },
    details: { sealed: row.sealed.slice(0, maxAuditBytes) },
  });
  return Buffer.from(JSON.stringify(event));
}

/** Undefined when the bytes are not what `seal` made under this key and id. */
function open(key: Uint8Array, sealed: string, id: string): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(id));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

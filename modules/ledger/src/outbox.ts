import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { AuditEvent } from './audit-event.ts';
import { LedgerError } from './errors.ts';
import type { Ledger } from './ledger.ts';

/**
 * The transactional outbox of audit events: a change to control data and its event commit together, and the reply
 * waits until the ledger holds the event. What cannot be recorded does not happen.
 */
export type Outbox = {
  /** Inside the caller's transaction; the event reaches the ledger after commit. */
  record(transaction: Transaction, event: AuditEvent): Promise<void>;
  /** Resolves when everything recorded so far is durable in the ledger: call after the transaction, before replying. */
  flushed(): Promise<void>;
};

type OutboxTables = { ledger_outbox: { id: string; ordinal: number; class_uid: number; sealed: string } };

const batchSize = 200;

/**
 * Bodies wait sealed (AES-256-GCM under `key`), since the control database lies on a plain disk. Each row is a stream of
 * its own, named by a random id: appending it twice after a crash records it once, and a control database put back
 * from a backup cannot collide with what was recorded since.
 */
export function createOutbox(needs: {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Buffer;
  readonly nowMs: () => number;
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
        body: open(needs.key, row.sealed, row.id),
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
    do {
      again = false;
      while (await pumpOnce());
    } while (again);
  };

  return {
    async record(transaction, audit) {
      const id = needs.random(16).toString('hex');
      // Rising within this process and, by the clock, across restarts; it only decides the order of waiting events.
      lastOrdinal = Math.max(lastOrdinal + 1, needs.nowMs() * 1000);
      const sealed = seal(needs, Buffer.from(JSON.stringify(audit.event)), id);
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
      pumping = pump().finally(() => {
        pumping = undefined;
      });
      return pumping;
    },
  };
}

function seal(needs: { key: Uint8Array; random: (bytes: number) => Buffer }, plain: Buffer, id: string): string {
  const nonce = needs.random(12);
  const cipher = createCipheriv('aes-256-gcm', needs.key, nonce);
  cipher.setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function open(key: Uint8Array, sealed: string, id: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(id));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  } catch (cause) {
    throw new LedgerError('ledger_corrupt', `Cannot read waiting audit event "${id}": it does not open under its key`, {
      cause,
    });
  }
}

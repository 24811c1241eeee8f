import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent, type Actor, type Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database, MigrationSet } from '@sallyport/platform/database';
import { fromDocument, toDocument, type HttpsSettings } from './https-settings.ts';

type Tables = { https_settings: { name: string; document: string } };

export const httpsMigrations: MigrationSet = {
  module: 'https',
  migrations: {
    '0001-create-https-settings': {
      async up(database: Database) {
        await database.schema
          .createTable('https_settings')
          .addColumn('name', 'text', (column) => column.notNull().primaryKey())
          .addColumn('document', 'text', (column) => column.notNull())
          .execute();
      },
    },
  },
};

const rowName = 'listener';
const updateActivity = 3;

export type HttpsChangeRecord = {
  readonly action: 'https.open' | 'https.close' | 'certificate.obtain';
  readonly by: Actor;
  readonly outcome: 'success' | 'failure';
  /** No secrets: it goes into the ledger. */
  readonly details: JsonObject;
};

/** What was chosen, in one row; each change and its audit event are one transaction (promise 2). */
export type HttpsStore = {
  /** Undefined: no listener for others. */
  read(): Promise<HttpsSettings | undefined>;
  write(settings: HttpsSettings | undefined, record: HttpsChangeRecord): Promise<void>;
  record(record: HttpsChangeRecord): Promise<void>;
};

export function createHttpsStore(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
}): HttpsStore {
  const { outbox, clock } = needs;
  const database = needs.database.withTables<Tables>();
  const eventOf = ({ action, by, outcome, details }: HttpsChangeRecord) =>
    auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: by.kind, id: by.id, name: by.name },
      action,
      classUid: ocsfClass.entityManagement,
      activityId: updateActivity,
      outcome,
      target: { type: 'setting', id: 'https', name: 'HTTPS for others' },
      details,
    });
  return {
    async read() {
      const row = await database
        .selectFrom('https_settings')
        .select('document')
        .where('name', '=', rowName)
        .executeTakeFirst();
      return row === undefined ? undefined : fromDocument(row.document);
    },
    async write(settings, record) {
      await needs.database.transaction().execute(async (transaction) => {
        const tables = transaction.withTables<Tables>();
        await tables.deleteFrom('https_settings').where('name', '=', rowName).execute();
        if (settings !== undefined) {
          const row = { name: rowName, document: toDocument(settings) };
          await tables.insertInto('https_settings').values(row).execute();
        }
        await outbox.record(transaction, eventOf(record));
      });
      await outbox.flushed();
    },
    async record(record) {
      await needs.database.transaction().execute((transaction) => outbox.record(transaction, eventOf(record)));
      await outbox.flushed();
    },
  };
}

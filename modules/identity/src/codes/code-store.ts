import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import type { TakeOver } from '../needs.ts';
import type { CodeKind } from './code-message.ts';

type Tables = {
  identity_code_senders: {
    readonly kind: string;
    readonly enabled: number;
    /** JSON, credentials among it. */
    readonly settings: Encrypted;
  };
  identity_code_addresses: {
    readonly id: string;
    readonly user_id: string;
    readonly kind: string;
    readonly address: Encrypted;
    readonly verified: number;
    readonly created_at_ms: number;
  };
};
type PlainTables = {
  identity_sent_codes: {
    /** Whom and what for: a keyed hash of the ticket or the person it is bound to. One code each. */
    readonly bound_to: string;
    readonly hash: string;
    readonly user_id: string;
    readonly address_id: string;
    readonly expires_at_ms: number;
    readonly attempts: number;
  };
};

export type CodeAddress = {
  readonly id: string;
  readonly userId: string;
  readonly kind: CodeKind;
  readonly address: string;
  readonly isVerified: boolean;
  readonly createdAtMs: number;
};
export type SentCode = {
  readonly boundTo: string;
  readonly hash: string;
  readonly userId: string;
  readonly addressId: string;
  readonly expiresAtMs: number;
  readonly attempts: number;
};
export type StoredSender = { readonly enabled: boolean; readonly settings: string };

/** Every function runs in the transaction or database it is handed. */
export type CodeStore = ReturnType<typeof createCodeStore>;

export function createCodeStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}) {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      identity_code_senders: { row: 'kind', columns: { settings: encrypted({ padBytes: 256 }) } },
      identity_code_addresses: { row: 'id', columns: { address: encrypted({ padBytes: 64 }) } },
    },
  });
  const takeOverSenders: TakeOver = (database, options) =>
    columns.reencrypt(database, 'identity_code_senders', options ?? {});
  const takeOverAddresses: TakeOver = (database, options) =>
    columns.reencrypt(database, 'identity_code_addresses', options ?? {});

  return {
    takeOverSenders,
    takeOverAddresses,

    async sender(where: Database | Transaction, kind: CodeKind): Promise<StoredSender | undefined> {
      const found = columns.on(where).selectFrom('identity_code_senders').selectAll().where('kind', '=', kind);
      const row = await found.executeTakeFirst();
      return row === undefined ? undefined : { enabled: row.enabled !== 0, settings: row.settings };
    },

    async setSender(transaction: Transaction, kind: CodeKind, sender: StoredSender | undefined): Promise<void> {
      const tables = columns.on(transaction);
      await tables.deleteFrom('identity_code_senders').where('kind', '=', kind).execute();
      if (sender === undefined) return;
      await tables
        .insertInto('identity_code_senders')
        .values({ kind, enabled: sender.enabled ? 1 : 0, settings: sender.settings })
        .execute();
    },

    async enabledKinds(where: Database | Transaction): Promise<ReadonlySet<string>> {
      const rows = await where
        .withTables<Tables>()
        .selectFrom('identity_code_senders')
        .select('kind')
        .where('enabled', '=', 1)
        .execute();
      return new Set(rows.map(({ kind }) => kind));
    },

    /** Everybody's: addresses are sealed, and looking for one means opening all. */
    async listEmails(
      where: Database | Transaction,
    ): Promise<readonly Pick<CodeAddress, 'userId' | 'address' | 'isVerified'>[]> {
      const found = columns.on(where).selectFrom('identity_code_addresses').selectAll();
      const rows = await found.where('kind', '=', 'email').execute();
      return rows.map((row) => ({ userId: row.user_id, address: row.address, isVerified: row.verified !== 0 }));
    },

    async addressesOf(where: Database | Transaction, userId: string): Promise<readonly CodeAddress[]> {
      const found = columns.on(where).selectFrom('identity_code_addresses').selectAll();
      const rows = await found.where('user_id', '=', userId).orderBy('created_at_ms').execute();
      return rows.map((row) => ({
        id: row.id,
        userId: row.user_id,
        kind: row.kind === 'sms' ? 'sms' : 'email',
        address: row.address,
        isVerified: row.verified !== 0,
        createdAtMs: row.created_at_ms,
      }));
    },

    async insertAddress(
      transaction: Transaction,
      { id, userId, kind, address, createdAtMs }: CodeAddress,
    ): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('identity_code_addresses')
        .values({ id, user_id: userId, kind, address, verified: 0, created_at_ms: createdAtMs })
        .execute();
    },

    async verifyAddress(transaction: Transaction, id: string): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('identity_code_addresses')
        .set({ verified: 1 })
        .where('id', '=', id)
        .execute();
    },

    async removeAddress(transaction: Transaction, userId: string, id: string): Promise<boolean> {
      const { numDeletedRows } = await columns
        .on(transaction)
        .deleteFrom('identity_code_addresses')
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },

    async removeAllOf(transaction: Transaction, userId: string): Promise<void> {
      const tables = transaction.withTables<Tables & PlainTables>();
      await tables.deleteFrom('identity_code_addresses').where('user_id', '=', userId).execute();
      await tables.deleteFrom('identity_sent_codes').where('user_id', '=', userId).execute();
    },

    /** In place of one that was bound to the same. */
    async putCode(transaction: Transaction, code: SentCode, nowMs: number): Promise<void> {
      const tables = transaction.withTables<PlainTables>();
      await tables
        .deleteFrom('identity_sent_codes')
        .where((eb) => eb.or([eb('bound_to', '=', code.boundTo), eb('expires_at_ms', '<=', nowMs)]))
        .execute();
      await tables
        .insertInto('identity_sent_codes')
        .values({
          bound_to: code.boundTo,
          hash: code.hash,
          user_id: code.userId,
          address_id: code.addressId,
          expires_at_ms: code.expiresAtMs,
          attempts: code.attempts,
        })
        .execute();
    },

    async code(where: Database | Transaction, boundTo: string): Promise<SentCode | undefined> {
      const found = where.withTables<PlainTables>().selectFrom('identity_sent_codes').selectAll();
      const row = await found.where('bound_to', '=', boundTo).executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        boundTo: row.bound_to,
        hash: row.hash,
        userId: row.user_id,
        addressId: row.address_id,
        expiresAtMs: row.expires_at_ms,
        attempts: row.attempts,
      };
    },

    async countAttempt(transaction: Transaction, boundTo: string): Promise<void> {
      await transaction
        .withTables<PlainTables>()
        .updateTable('identity_sent_codes')
        .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
        .where('bound_to', '=', boundTo)
        .execute();
    },

    /** Of all who try at once, one takes it. */
    async takeCode(transaction: Transaction, { boundTo, hash }: SentCode): Promise<boolean> {
      const { numDeletedRows } = await transaction
        .withTables<PlainTables>()
        .deleteFrom('identity_sent_codes')
        .where('bound_to', '=', boundTo)
        .where('hash', '=', hash)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },
  };
}

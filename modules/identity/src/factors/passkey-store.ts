import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import type { TakeOver } from '../needs.ts';
import type { Provenance } from './passkey-policy.ts';

type PasskeyRow = {
  readonly id: string;
  readonly user_id: string;
  readonly host_name: Encrypted;
  /** COSE key, base64url. */
  readonly public_key: string;
  readonly counter: number;
  /** Separated by spaces. */
  readonly transports: string;
  /** What its owner calls it. */
  readonly label: Encrypted;
  readonly created_at_ms: number;
  /** Null in what follows: made before it was asked for, or never used since. */
  readonly aaguid: string | null;
  readonly attestation: string | null;
  readonly attested: number | null;
  readonly backup_eligible: number | null;
  readonly backed_up: number | null;
  readonly last_used_at_ms: number | null;
};
type Tables = { identity_passkeys: PasskeyRow };

export type Passkey = Provenance & {
  /** Credential id, base64url. */
  readonly id: string;
  readonly userId: string;
  /** The host name it was made for (relying party id); it is good for no other. */
  readonly hostName: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly label: string;
  readonly createdAtMs: number;
  /** It has copies elsewhere, as of when it was last seen. */
  readonly isBackedUp?: boolean;
  readonly lastUsedAtMs?: number;
};

/** What an authenticator says each time it is used. */
export type PasskeyUse = {
  readonly counter: number;
  readonly isBackupEligible: boolean;
  readonly isBackedUp: boolean;
};

/** Every function runs in the transaction or database it is handed. */
export type PasskeyStore = {
  find(where: Database | Transaction, id: string): Promise<Passkey | undefined>;
  listOf(where: Database | Transaction, userId: string): Promise<readonly Passkey[]>;
  listAll(where: Database | Transaction): Promise<readonly Passkey[]>;
  listOwners(where: Database): Promise<readonly string[]>;
  insert(transaction: Transaction, passkey: Passkey): Promise<void>;
  rename(transaction: Transaction, userId: string, id: string, label: string): Promise<boolean>;
  remove(transaction: Transaction, userId: string, id: string): Promise<boolean>;
  removeAllOf(transaction: Transaction, userId: string): Promise<void>;
  /** False when it was used meanwhile: a copy of the passkey may be about. */
  advance(transaction: Transaction, passkey: Passkey, use: PasskeyUse, nowMs: number): Promise<boolean>;
  /** Labels and host names that an earlier version wrote in the clear, and those under older keys. */
  readonly takeOver: TakeOver;
};

export function createPasskeyStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}): PasskeyStore {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_passkeys: { row: 'id', columns: { label: encrypted(), host_name: encrypted() } } },
  });

  return {
    async find(where, id) {
      const row = await columns
        .on(where)
        .selectFrom('identity_passkeys')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : toPasskey(row);
    },

    async listOf(where, userId) {
      const rows = await columns
        .on(where)
        .selectFrom('identity_passkeys')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('created_at_ms')
        .execute();
      return rows.map(toPasskey);
    },

    async listAll(where) {
      const rows = await columns.on(where).selectFrom('identity_passkeys').selectAll().execute();
      return rows.map(toPasskey);
    },

    async listOwners(where) {
      const rows = await columns.on(where).selectFrom('identity_passkeys').select('user_id').distinct().execute();
      return rows.map((row) => row.user_id);
    },

    async insert(transaction, passkey) {
      await columns
        .on(transaction)
        .insertInto('identity_passkeys')
        .values({
          id: passkey.id,
          user_id: passkey.userId,
          host_name: passkey.hostName,
          public_key: Buffer.from(passkey.publicKey).toString('base64url'),
          counter: passkey.counter,
          transports: passkey.transports.join(' '),
          label: passkey.label,
          created_at_ms: passkey.createdAtMs,
          aaguid: passkey.aaguid ?? null,
          attestation: passkey.attestation ?? null,
          attested: passkey.isAttested ? 1 : 0,
          backup_eligible: passkey.isBackupEligible === undefined ? null : Number(passkey.isBackupEligible),
          backed_up: passkey.isBackedUp === undefined ? null : Number(passkey.isBackedUp),
          last_used_at_ms: null,
        })
        .execute();
    },

    async rename(transaction, userId, id, label) {
      const { numUpdatedRows } = await columns
        .on(transaction)
        .updateTable('identity_passkeys')
        .set({ label })
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async remove(transaction, userId, id) {
      const { numDeletedRows } = await columns
        .on(transaction)
        .deleteFrom('identity_passkeys')
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },

    async removeAllOf(transaction, userId) {
      await columns.on(transaction).deleteFrom('identity_passkeys').where('user_id', '=', userId).execute();
    },

    async advance(transaction, passkey, { counter, isBackupEligible, isBackedUp }, nowMs) {
      const updated = await columns
        .on(transaction)
        .updateTable('identity_passkeys')
        .set({
          counter,
          backup_eligible: isBackupEligible ? 1 : 0,
          backed_up: isBackedUp ? 1 : 0,
          last_used_at_ms: nowMs,
        })
        .where('id', '=', passkey.id)
        .where('counter', '=', passkey.counter)
        .executeTakeFirstOrThrow();
      return updated.numUpdatedRows === 1n;
    },

    takeOver: (database, options) =>
      columns.reencrypt(database, 'identity_passkeys', {
        ...options,
        earlier: { label: (stored) => stored, host_name: (stored) => stored },
      }),
  };
}

function toPasskey(row: Opened<Tables>['identity_passkeys']): Passkey {
  return {
    id: row.id,
    userId: row.user_id,
    hostName: row.host_name,
    publicKey: new Uint8Array(Buffer.from(row.public_key, 'base64url')),
    counter: row.counter,
    transports: row.transports.split(' ').filter((transport) => transport !== ''),
    label: row.label,
    createdAtMs: row.created_at_ms,
    ...(row.aaguid === null ? {} : { aaguid: row.aaguid }),
    ...(row.attestation === null ? {} : { attestation: row.attestation }),
    isAttested: row.attested === 1,
    ...(row.backup_eligible === null ? {} : { isBackupEligible: row.backup_eligible === 1 }),
    ...(row.backed_up === null ? {} : { isBackedUp: row.backed_up === 1 }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  };
}

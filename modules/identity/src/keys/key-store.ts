import { formatSites, readSites } from '@sallyport/access-policy';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import type { TakeOver } from '../needs.ts';

type KeyRow = {
  readonly id: string;
  readonly name: Encrypted;
  /** Separated by spaces. */
  readonly scopes: string;
  readonly source: Encrypted<string | null>;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
  readonly created_at_ms: number;
  /** `user/<id>`, `key/<id>` or `operator/<id>`. */
  readonly created_by: string;
  readonly expires_at_ms: number | null;
  readonly revoked_at_ms: number | null;
  readonly last_used_at_ms: number | null;
  /** The person it was made by, also through other keys; null when that was the operator. */
  readonly maker_id: string | null;
  readonly suspended_at_ms: number | null;
  /** Of the secret before the one in use, good until its end. */
  readonly previous_hash: string | null;
  readonly previous_ends_at_ms: number | null;
  readonly previous_used_at_ms: number | null;
  readonly rotated_at_ms: number | null;
  /** Separated by spaces. */
  readonly networks: Encrypted<string | null>;
  /** What `formatSites` makes of them. */
  readonly sites: Encrypted<string | null>;
};
type Tables = { identity_keys: KeyRow };

/** A key as it may be shown: without secret and hash. */
export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly source?: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  /** Id of the person it was made by, also through other keys. Without one, the operator made it. */
  readonly makerId?: string;
  readonly expiresAtMs?: number;
  readonly revokedAtMs?: number;
  /** Stopped because of its maker, until somebody decides otherwise. */
  readonly suspendedAtMs?: number;
  /** Rounded down to the minute, and up to a minute late. */
  readonly lastUsedAtMs?: number;
  /** The only networks it may be used from. */
  readonly networks?: readonly string[];
  /** The only sites it is for. */
  readonly sites?: readonly string[];
  /** When it was last given another secret. */
  readonly rotatedAtMs?: number;
  /** Until when the secret of before is good too, and when that one was last used. */
  readonly previousEndsAtMs?: number;
  readonly previousUsedAtMs?: number;
};

export type StoredKey = ApiKey & { readonly hash: Uint8Array; readonly previousHash?: Uint8Array };

/** The module's table. Every function runs in the transaction or database it is handed. */
export type KeyStore = ReturnType<typeof createKeyStore>;

/** Names and sources stand in the database sealed: a backup does not tell which programs and hosts there are. */
export function createKeyStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}) {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      identity_keys: {
        row: 'id',
        columns: { name: encrypted(), source: encrypted(), networks: encrypted(), sites: encrypted({ padBytes: 64 }) },
      },
    },
  });
  const takeOver: TakeOver = (database, options) =>
    columns.reencrypt(database, 'identity_keys', {
      ...options,
      earlier: { name: (stored) => stored, source: (stored) => stored },
    });

  return {
    /** Names and sources that an earlier version wrote in the clear, and those under older keys. */
    takeOver,

    async find(database: Database | Transaction, id: string): Promise<StoredKey | undefined> {
      const row = await columns
        .on(database)
        .selectFrom('identity_keys')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const previous = row.previous_hash;
      return {
        ...toKey(row),
        hash: Buffer.from(row.hash, 'hex'),
        ...(previous === null ? {} : { previousHash: Buffer.from(previous, 'hex') }),
      };
    },

    /** Newest first. */
    async list(database: Database, limit: number): Promise<readonly ApiKey[]> {
      const rows = await columns
        .on(database)
        .selectFrom('identity_keys')
        .selectAll()
        .orderBy('created_at_ms', 'desc')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toKey);
    },

    async countLive(transaction: Transaction, nowMs: number): Promise<number> {
      const { count } = await columns
        .on(transaction)
        .selectFrom('identity_keys')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('revoked_at_ms', 'is', null)
        .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
        .executeTakeFirstOrThrow();
      return count;
    },

    async insert(transaction: Transaction, key: StoredKey): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('identity_keys')
        .values({
          id: key.id,
          name: key.name,
          scopes: key.scopes.join(' '),
          source: key.source ?? null,
          hash: Buffer.from(key.hash).toString('hex'),
          created_at_ms: key.createdAtMs,
          created_by: key.createdBy,
          expires_at_ms: key.expiresAtMs ?? null,
          revoked_at_ms: null,
          last_used_at_ms: null,
          maker_id: key.makerId ?? null,
          suspended_at_ms: null,
          previous_hash: null,
          previous_ends_at_ms: null,
          previous_used_at_ms: null,
          rotated_at_ms: null,
          networks: key.networks?.join(' ') ?? null,
          sites: formatSites(key.sites),
        })
        .execute();
    },

    async revoke(transaction: Transaction, id: string, nowMs: number): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('identity_keys')
        .set({ revoked_at_ms: nowMs })
        .where('id', '=', id)
        .execute();
    },

    /** Another secret in place of the one in use, which goes on beside it until `previousEndsAtMs`. */
    async rotate(
      transaction: Transaction,
      id: string,
      next: {
        readonly hash: Uint8Array;
        readonly previousHash: Uint8Array;
        readonly previousEndsAtMs: number;
        readonly expiresAtMs: number | undefined;
        readonly nowMs: number;
      },
    ): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('identity_keys')
        .set({
          hash: Buffer.from(next.hash).toString('hex'),
          previous_hash: Buffer.from(next.previousHash).toString('hex'),
          previous_ends_at_ms: next.previousEndsAtMs,
          previous_used_at_ms: null,
          rotated_at_ms: next.nowMs,
          expires_at_ms: next.expiresAtMs ?? null,
        })
        .where('id', '=', id)
        .execute();
    },

    async setPreviousUsed(transaction: Transaction, id: string, atMs: number): Promise<void> {
      const keys = columns.on(transaction).updateTable('identity_keys');
      await keys.set({ previous_used_at_ms: atMs }).where('id', '=', id).execute();
    },

    /** Those of a person that may still be used. */
    async listLiveOf(transaction: Transaction, makerId: string, nowMs: number): Promise<readonly ApiKey[]> {
      const rows = await columns
        .on(transaction)
        .selectFrom('identity_keys')
        .selectAll()
        .where('maker_id', '=', makerId)
        .where('revoked_at_ms', 'is', null)
        .where('suspended_at_ms', 'is', null)
        .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
        .execute();
      return rows.map(toKey);
    },

    /** Null lets it be used again. */
    async setSuspended(transaction: Transaction, id: string, atMs: number | null): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('identity_keys')
        .set({ suspended_at_ms: atMs })
        .where('id', '=', id)
        .execute();
    },

    async setMaker(transaction: Transaction, id: string, makerId: string | undefined): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('identity_keys')
        .set({ maker_id: makerId ?? null })
        .where('id', '=', id)
        .execute();
    },

    async setLastUsed(transaction: Transaction, id: string, atMs: number): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('identity_keys')
        .set({ last_used_at_ms: atMs })
        .where('id', '=', id)
        .execute();
    },

    /** Forgets the oldest revoked and expired keys beyond `keep`. */
    async forgetEnded(transaction: Transaction, nowMs: number, keep: number): Promise<void> {
      const ended = await columns
        .on(transaction)
        .selectFrom('identity_keys')
        .select('id')
        .where((eb) => eb.or([eb('revoked_at_ms', 'is not', null), eb('expires_at_ms', '<=', nowMs)]))
        .orderBy('created_at_ms', 'desc')
        .offset(keep)
        .limit(1000)
        .execute();
      if (ended.length === 0) return;
      await columns
        .on(transaction)
        .deleteFrom('identity_keys')
        .where(
          'id',
          'in',
          ended.map((row) => row.id),
        )
        .execute();
    },
  };
}

function toKey(row: Opened<Tables>['identity_keys']): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes.split(' '),
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...(row.source === null ? {} : { source: row.source }),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
    ...(row.maker_id === null ? {} : { makerId: row.maker_id }),
    ...(row.suspended_at_ms === null ? {} : { suspendedAtMs: row.suspended_at_ms }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
    ...(row.networks === null ? {} : { networks: row.networks.split(' ') }),
    ...(row.sites === null ? {} : { sites: readSites(row.sites) }),
    ...(row.rotated_at_ms === null ? {} : { rotatedAtMs: row.rotated_at_ms }),
    ...(row.previous_ends_at_ms === null ? {} : { previousEndsAtMs: row.previous_ends_at_ms }),
    ...(row.previous_used_at_ms === null ? {} : { previousUsedAtMs: row.previous_used_at_ms }),
  };
}

import { createHmac } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import type { TakeOver } from '../needs.ts';

type Tables = {
  identity_certificates: {
    /** A code over its thumbprint under a key outside the database: whose certificate it is, only who has both can tell. */
    readonly id: string;
    readonly user_id: string;
    readonly authority_id: string;
    /** `bound` or `named`. */
    readonly kind: string;
    readonly created_at_ms: number;
    readonly last_used_at_ms: number | null;
    /** JSON. */
    readonly content: Encrypted;
  };
};

const Content = Type.Object({
  label: Type.String(),
  subject: Type.String(),
  issuer: Type.String(),
  issuerId: Type.String(),
  serial: Type.String(),
  points: Type.Array(Type.String()),
  thumbprint: Type.String(),
  validToMs: Type.Number(),
  /** Base64. Rows of versions before have none until the certificate is used again. */
  der: Type.Optional(Type.String()),
});

/** A certificate somebody signs in with. */
export type PersonCertificate = {
  readonly id: string;
  readonly userId: string;
  readonly authorityId: string;
  /** Bound to the account; or its authority names this person, and it was used once. */
  readonly kind: 'bound' | 'named';
  readonly label: string;
  readonly subject: string;
  readonly issuer: string;
  /** See `issuerIdOf`. */
  readonly issuerId: string;
  readonly serial: string;
  readonly points: readonly string[];
  /** SHA-256. */
  readonly thumbprint: string;
  readonly validToMs: number;
  /** All of it, so that whether it is a way in can be asked without whoever holds it. Undefined: kept by a version before, and not used since. */
  readonly der?: Uint8Array;
  readonly createdAtMs: number;
  readonly lastUsedAtMs?: number;
};

/** Every function runs in the transaction or database it is handed. */
export type CertificateStore = {
  idOf(thumbprint: string): string;
  find(where: Database | Transaction, id: string): Promise<PersonCertificate | undefined>;
  /** Oldest first. */
  listOf(where: Database | Transaction, userId: string): Promise<readonly PersonCertificate[]>;
  listOfAuthority(where: Database | Transaction, authorityId: string): Promise<readonly PersonCertificate[]>;
  listAll(where: Database | Transaction): Promise<readonly PersonCertificate[]>;
  listOwners(where: Database): Promise<readonly string[]>;
  insert(transaction: Transaction, certificate: PersonCertificate): Promise<void>;
  /** Keeps all of it, too. */
  noteUse(transaction: Transaction, one: PersonCertificate, nowMs: number): Promise<void>;
  rename(transaction: Transaction, userId: string, id: string, label: string): Promise<boolean>;
  remove(transaction: Transaction, userId: string, id: string): Promise<boolean>;
  removeAllOf(transaction: Transaction, userId: string): Promise<void>;
  removeOfAuthority(transaction: Transaction, authorityId: string): Promise<void>;
  readonly takeOver: TakeOver;
};

export function createCertificateStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  /** 32 bytes, for the names of rows. */
  readonly key: Uint8Array;
}): CertificateStore {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_certificates: { row: 'id', columns: { content: encrypted({ padBytes: 64 }) } } },
  });
  const select = (where: Database | Transaction) =>
    columns.on(where).selectFrom('identity_certificates').selectAll().orderBy('created_at_ms').orderBy('id');
  const find = async (where: Database | Transaction, id: string): Promise<PersonCertificate | undefined> => {
    const row = await select(where).where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toCertificate(row);
  };

  return {
    idOf: (thumbprint) => createHmac('sha256', needs.key).update(thumbprint).digest('hex').slice(0, 40),
    find,
    listOf: async (where, userId) => (await select(where).where('user_id', '=', userId).execute()).map(toCertificate),
    listOfAuthority: async (where, authorityId) =>
      (await select(where).where('authority_id', '=', authorityId).execute()).map(toCertificate),
    listAll: async (where) => (await select(where).execute()).map(toCertificate),

    async listOwners(where) {
      const rows = await columns.on(where).selectFrom('identity_certificates').select('user_id').distinct().execute();
      return rows.map((row) => row.user_id);
    },

    async insert(transaction, one) {
      await columns
        .on(transaction)
        .insertInto('identity_certificates')
        .values({
          id: one.id,
          user_id: one.userId,
          authority_id: one.authorityId,
          kind: one.kind,
          created_at_ms: one.createdAtMs,
          last_used_at_ms: one.lastUsedAtMs ?? null,
          content: contentOf(one),
        })
        .execute();
    },

    async noteUse(transaction, one, nowMs) {
      await columns
        .on(transaction)
        .updateTable('identity_certificates')
        .set({ last_used_at_ms: nowMs, content: contentOf(one) })
        .where('id', '=', one.id)
        .execute();
    },

    async rename(transaction, userId, id, label) {
      const one = await find(transaction, id);
      if (one === undefined || one.userId !== userId) return false;
      await columns
        .on(transaction)
        .updateTable('identity_certificates')
        .set({ content: contentOf({ ...one, label }) })
        .where('id', '=', id)
        .execute();
      return true;
    },

    async remove(transaction, userId, id) {
      const { numDeletedRows } = await columns
        .on(transaction)
        .deleteFrom('identity_certificates')
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },

    async removeAllOf(transaction, userId) {
      await columns.on(transaction).deleteFrom('identity_certificates').where('user_id', '=', userId).execute();
    },

    async removeOfAuthority(transaction, authorityId) {
      const tables = columns.on(transaction);
      await tables.deleteFrom('identity_certificates').where('authority_id', '=', authorityId).execute();
    },

    takeOver: (database, options) => columns.reencrypt(database, 'identity_certificates', options ?? {}),
  };
}

function contentOf(one: PersonCertificate): string {
  const { label, subject, issuer, issuerId, serial, points, thumbprint, validToMs } = one;
  const whole = one.der === undefined ? {} : { der: Buffer.from(one.der).toString('base64') };
  return JSON.stringify({ label, subject, issuer, issuerId, serial, points, thumbprint, validToMs, ...whole });
}

function toCertificate(row: Opened<Tables>['identity_certificates']): PersonCertificate {
  const { der, ...content } = Parse(Content, JSON.parse(row.content));
  return {
    ...content,
    ...(der === undefined ? {} : { der: Buffer.from(der, 'base64') }),
    id: row.id,
    userId: row.user_id,
    authorityId: row.authority_id,
    kind: row.kind === 'bound' ? 'bound' : 'named',
    createdAtMs: row.created_at_ms,
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  };
}

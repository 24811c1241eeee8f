import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import type { TakeOver } from '../needs.ts';
import { authorityLimits, findings, type Authority, type KnownList } from './authority.ts';
import { pemOf, readPem } from './certificate.ts';
import type { NewestRevocations } from './newest-revocations.ts';
import type { RevocationList } from './revocation-list.ts';

type Tables = {
  identity_certificate_authorities: {
    readonly id: string;
    readonly created_at_ms: number;
    /** JSON. Sealed, so that whoever writes to the database adds no authority of their own. */
    readonly content: Encrypted;
  };
  identity_revocation_lists: {
    /** Authority and issuer. */
    readonly id: string;
    readonly authority_id: string;
    readonly issuer: string;
    readonly this_update_ms: number;
    readonly next_update_ms: number;
    readonly uploaded_at_ms: number;
    readonly entries: number;
    /** JSON: what it is for, and base64 of the marks of what is on it. Sealed for the same reason. */
    readonly content: Encrypted;
  };
};

const Texts = Type.Array(Type.String());
const Content = Type.Object({
  settings: Type.Object({
    name: Type.String(),
    isEnabled: Type.Boolean(),
    purposes: Texts,
    policies: Texts,
    finds: Type.Enum([...findings]),
    domains: Texts,
    namesAdministrators: Type.Boolean(),
    allowsBinding: Type.Boolean(),
    revocation: Type.Enum(['list', 'none']),
    whenStale: Type.Enum(['refuse', 'accept']),
  }),
  pem: Type.String(),
});
const ListContent = Type.Object({ number: Type.Optional(Type.String()), points: Texts, revoked: Type.String() });

/** Asked for every certificate: a change holds at once, on every server. Every function runs in the transaction or database it is handed. */
export type AuthorityStore = {
  /** Oldest first. */
  list(where: Database | Transaction): Promise<readonly Authority[]>;
  /** In place of what was there. */
  write(transaction: Transaction, authority: Authority): Promise<void>;
  /** With its lists. */
  remove(transaction: Transaction, id: string): Promise<void>;
  lists(where: Database | Transaction, authorityId?: string): Promise<readonly KnownList[]>;
  findList(
    where: Database | Transaction,
    authorityId: string,
    issuerId: string,
  ): Promise<Pick<RevocationList, 'thisUpdateMs' | 'nextUpdateMs' | 'number' | 'points' | 'revoked'> | undefined>;
  writeList(transaction: Transaction, authorityId: string, list: RevocationList, nowMs: number): Promise<void>;
  /** Of issuers that are not among these any more. */
  removeListsBut(transaction: Transaction, authorityId: string, issuerIds: readonly string[]): Promise<void>;
  readonly takeOver: TakeOver;
  readonly takeOverLists: TakeOver;
};

export function createAuthorityStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  /** Told of lists before they go: versions before told it nothing when they came. */
  readonly newestRevocations: Pick<NewestRevocations, 'note'>;
}): AuthorityStore {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      identity_certificate_authorities: { row: 'id', columns: { content: encrypted() } },
      identity_revocation_lists: { row: 'id', columns: { content: encrypted() } },
    },
  });
  const idOf = (authorityId: string, issuerId: string): string => `${authorityId}.${issuerId}`;

  const lists: AuthorityStore['lists'] = async (where, authorityId) => {
    const all = columns.on(where).selectFrom('identity_revocation_lists').selectAll();
    const rows = await (authorityId === undefined ? all : all.where('authority_id', '=', authorityId)).execute();
    return rows.map((row) => {
      const { number, points } = Parse(ListContent, JSON.parse(row.content));
      return {
        authorityId: row.authority_id,
        issuerId: row.issuer,
        thisUpdateMs: row.this_update_ms,
        nextUpdateMs: row.next_update_ms,
        uploadedAtMs: row.uploaded_at_ms,
        entries: row.entries,
        number,
        points,
      };
    });
  };

  return {
    async list(where) {
      const rows = await columns
        .on(where)
        .selectFrom('identity_certificate_authorities')
        .selectAll()
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return rows.map((row) => {
        const { settings, pem } = Parse(Content, JSON.parse(row.content));
        const certificates = readPem(pem, authorityLimits.certificates);
        if (certificates === undefined)
          throw new TypeError('Cannot read an authority that was read when it was stored');
        return { id: row.id, createdAtMs: row.created_at_ms, settings, certificates };
      });
    },

    async write(transaction, { id, createdAtMs, settings, certificates }) {
      const tables = columns.on(transaction);
      await tables.deleteFrom('identity_certificate_authorities').where('id', '=', id).execute();
      const content = JSON.stringify({ settings, pem: certificates.map(pemOf).join('') });
      await tables
        .insertInto('identity_certificate_authorities')
        .values({ id, created_at_ms: createdAtMs, content })
        .execute();
    },

    async remove(transaction, id) {
      const tables = columns.on(transaction);
      await tables.deleteFrom('identity_certificate_authorities').where('id', '=', id).execute();
      for (const one of await lists(transaction, id)) await needs.newestRevocations.note(transaction, one);
      await tables.deleteFrom('identity_revocation_lists').where('authority_id', '=', id).execute();
    },

    lists,

    async findList(where, authorityId, issuerId) {
      const row = await columns
        .on(where)
        .selectFrom('identity_revocation_lists')
        .selectAll()
        .where('id', '=', idOf(authorityId, issuerId))
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { number, points, revoked } = Parse(ListContent, JSON.parse(row.content));
      return {
        thisUpdateMs: row.this_update_ms,
        nextUpdateMs: row.next_update_ms,
        number,
        points,
        revoked: Buffer.from(revoked, 'base64'),
      };
    },

    async writeList(transaction, authorityId, list, nowMs) {
      const tables = columns.on(transaction);
      const id = idOf(authorityId, list.issuerId);
      await tables.deleteFrom('identity_revocation_lists').where('id', '=', id).execute();
      const { number, points, revoked } = list;
      const marks = revoked.toString('base64');
      await tables
        .insertInto('identity_revocation_lists')
        .values({
          id,
          authority_id: authorityId,
          issuer: list.issuerId,
          this_update_ms: list.thisUpdateMs,
          next_update_ms: list.nextUpdateMs,
          uploaded_at_ms: nowMs,
          entries: revoked.length / 8,
          content: JSON.stringify({ ...(number === undefined ? {} : { number }), points, revoked: marks }),
        })
        .execute();
    },

    async removeListsBut(transaction, authorityId, issuerIds) {
      const tables = columns.on(transaction);
      for (const one of await lists(transaction, authorityId))
        if (!issuerIds.includes(one.issuerId)) await needs.newestRevocations.note(transaction, one);
      let gone = tables.deleteFrom('identity_revocation_lists').where('authority_id', '=', authorityId);
      if (issuerIds.length > 0) gone = gone.where('issuer', 'not in', [...issuerIds]);
      await gone.execute();
    },

    takeOver: (database, options) => columns.reencrypt(database, 'identity_certificate_authorities', options ?? {}),
    takeOverLists: (database, options) => columns.reencrypt(database, 'identity_revocation_lists', options ?? {}),
  };
}

import type { Clock } from '@sallyport/platform/clock';
import { isUniqueViolation, type Database, type Transaction } from '@sallyport/platform/database';
import { blindIndex, createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { BlindIndex, ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import { ProviderError } from './errors.ts';

type LinkRow = {
  readonly id: string;
  readonly provider_id: string;
  readonly user_id: string;
  /** Issuer and subject, which together name one account for ever. */
  readonly account: Encrypted;
  readonly account_key: BlindIndex;
  /** What they are called there, to be recognised. */
  readonly name: Encrypted;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly last_used_at_ms: number | null;
};
type Tables = { sign_in_links: LinkRow };

/** An account elsewhere that is somebody here. Neither names nor addresses make one: only a sign-in there does. */
export type Link = {
  readonly id: string;
  readonly providerId: string;
  readonly userId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly lastUsedAtMs: number | undefined;
};

export type AccountName = { readonly providerId: string; readonly issuer: string; readonly subject: string };

export type LinkStore = {
  findByAccount(where: Database | Transaction, account: AccountName): Promise<Link | undefined>;
  list(
    where: Database | Transaction,
    of: { readonly userId?: string; readonly providerId?: string },
  ): Promise<readonly Link[]>;
  /** Throws `provider_link_taken`, also when another does the same at once. */
  insert(transaction: Transaction, link: Link & Omit<AccountName, 'providerId'>): Promise<void>;
  noteUse(transaction: Transaction, id: string, name: string): Promise<void>;
  remove(transaction: Transaction, which: { readonly id: string } | { readonly providerId: string }): Promise<void>;
};

export function createLinkStore(needs: {
  readonly clock: Clock;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}): LinkStore {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      sign_in_links: {
        row: 'id',
        columns: {
          account: encrypted({ index: blindIndex('account_key'), padBytes: 128 }),
          name: encrypted({ padBytes: 64 }),
        },
      },
    },
  });
  /** The provider too: two of one issuer are two clients, and some give each another subject. */
  const textOf = ({ providerId, issuer, subject }: AccountName): string =>
    JSON.stringify([providerId, issuer, subject]);

  return {
    async findByAccount(where, account) {
      const row = await columns
        .on(where)
        .selectFrom('sign_in_links')
        .selectAll()
        .where('account', '=', textOf(account))
        .executeTakeFirst();
      return row === undefined ? undefined : linkOf(row);
    },

    async list(where, { userId, providerId }) {
      let query = columns.on(where).selectFrom('sign_in_links').selectAll();
      if (userId !== undefined) query = query.where('user_id', '=', userId);
      if (providerId !== undefined) query = query.where('provider_id', '=', providerId);
      return (await query.orderBy('created_at_ms').limit(5000).execute()).map(linkOf);
    },

    async insert(transaction, link) {
      try {
        await columns
          .on(transaction)
          .insertInto('sign_in_links')
          .values({
            id: link.id,
            provider_id: link.providerId,
            user_id: link.userId,
            account: textOf(link),
            name: link.name,
            created_at_ms: link.createdAtMs,
            created_by: link.createdBy,
            last_used_at_ms: link.lastUsedAtMs ?? null,
          })
          .execute();
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new ProviderError('provider_link_taken', 'Cannot link this account: it belongs to somebody already');
      }
    },

    async noteUse(transaction, id, name) {
      await columns
        .on(transaction)
        .updateTable('sign_in_links')
        .set({ name, last_used_at_ms: needs.clock.nowMs() })
        .where('id', '=', id)
        .execute();
    },

    async remove(transaction, which) {
      const query = columns.on(transaction).deleteFrom('sign_in_links');
      await ('id' in which
        ? query.where('id', '=', which.id).execute()
        : query.where('provider_id', '=', which.providerId).execute());
    },
  };
}

function linkOf(row: {
  readonly id: string;
  readonly provider_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly last_used_at_ms: number | null;
}): Link {
  return {
    id: row.id,
    providerId: row.provider_id,
    userId: row.user_id,
    name: row.name,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
  };
}

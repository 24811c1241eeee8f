import { createHash } from 'node:crypto';
import type { Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted } from '@sallyport/platform/encrypted-columns';
import { Type } from 'typebox';
import { Parse } from 'typebox/value';
import type { TakeOver } from '../needs.ts';
import type { RevocationList } from './revocation-list.ts';

type Tables = {
  identity_newest_revocations: {
    /** See `idOf`. */
    readonly id: string;
    /** JSON. Sealed, so that whoever writes to the database does not set it back. */
    readonly content: Encrypted;
  };
};
const Content = Type.Object({ thisUpdateMs: Type.Number(), number: Type.Optional(Type.String()) });

/** How new a list is: its time, and the number that its issuer counts on. */
type Newness = Pick<RevocationList, 'thisUpdateMs' | 'number'>;
type Series = Pick<RevocationList, 'issuerId' | 'points'>;

/**
 * How new the newest list of each issuer was that was ever taken: by name and key, so that neither taking an authority away and adding it
 * again nor registering it a second time brings an old list, and who was revoked since, back. Nothing forgets it.
 */
export type NewestRevocations = {
  of(transaction: Transaction, list: Series): Promise<Newness | undefined>;
  /** Keeps the later time and the greater number. */
  note(transaction: Transaction, list: Series & Newness): Promise<void>;
  readonly takeOver: TakeOver;
};

export function createNewestRevocations(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}): NewestRevocations {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_newest_revocations: { row: 'id', columns: { content: encrypted() } } },
  });
  const of: NewestRevocations['of'] = async (transaction, list) => {
    const row = await columns
      .on(transaction)
      .selectFrom('identity_newest_revocations')
      .selectAll()
      .where('id', '=', idOf(list))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { thisUpdateMs, number } = Parse(Content, JSON.parse(row.content));
    return { thisUpdateMs, number };
  };
  return {
    of,

    async note(transaction, list) {
      const known = await of(transaction, list);
      const number = [known?.number, list.number]
        .filter((one) => one !== undefined)
        .toSorted()
        .at(-1);
      const thisUpdateMs = Math.max(known?.thisUpdateMs ?? 0, list.thisUpdateMs);
      const id = idOf(list);
      await columns.on(transaction).deleteFrom('identity_newest_revocations').where('id', '=', id).execute();
      const content = JSON.stringify({ thisUpdateMs, ...(number === undefined ? {} : { number }) });
      await columns.on(transaction).insertInto('identity_newest_revocations').values({ id, content }).execute();
    },

    takeOver: (database, options) => columns.reencrypt(database, 'identity_newest_revocations', options ?? {}),
  };
}

/** Issuers count each scope by itself (RFC 5280 section 5.2.3): the list for all, and each for some addresses. */
function idOf({ issuerId, points }: Series): string {
  return createHash('sha256')
    .update(JSON.stringify([issuerId, ...points.toSorted()]))
    .digest('hex');
}

/** Numbers are of one length, in hexadecimal. */
export function isOlder(list: Newness, known: Newness | undefined): boolean {
  if (known === undefined) return false;
  if (list.thisUpdateMs < known.thisUpdateMs) return true;
  return list.number !== undefined && known.number !== undefined && list.number < known.number;
}

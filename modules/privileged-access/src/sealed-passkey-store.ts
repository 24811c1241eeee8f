import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Parse } from 'typebox/value';
import type { PrivilegeNeeds } from './needs.ts';

/** What verifying its next answer takes, as identity gave it. */
const Kept = Type.Object({
  label: Type.String(),
  hostName: Type.String(),
  publicKey: Type.String(),
  aaguid: Type.Optional(Type.String()),
  attestation: Type.Optional(Type.String()),
  isAttested: Type.Boolean(),
  isBackupEligible: Type.Optional(Type.Boolean()),
});

export type KeptPasskey = Static<typeof Kept> & {
  /** Credential id, base64url. */
  readonly id: string;
  readonly accountId: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | undefined;
  readonly counter: number;
};

type Row = {
  id: string;
  account_id: string;
  created_at_ms: number;
  last_used_at_ms: number | null;
  counter: number;
  sealed: string;
};
type Tables = { privilege_break_glass_passkeys: Row };
type Connection = Database | Transaction;

/** Passkeys of break-glass accounts. One that was written into the table without the key, or moved to another account, is none. */
export type SealedPasskeyStore = {
  /** The oldest first. */
  list(where: Connection): Promise<KeptPasskey[]>;
  insert(transaction: Transaction, passkey: Omit<KeptPasskey, 'lastUsedAtMs'>): Promise<void>;
  /** False when it was used meanwhile. */
  advance(
    transaction: Transaction,
    passkey: Pick<KeptPasskey, 'id' | 'counter'>,
    used: { readonly counter: number; readonly atMs: number },
  ): Promise<boolean>;
  remove(transaction: Transaction, where: { readonly accountId: string; readonly id?: string }): Promise<void>;
};

const rowIdOf = (accountId: string, id: string): string => `break-glass/${accountId}/passkey/${id}`;

export function createSealedPasskeyStore(needs: Pick<PrivilegeNeeds, 'sealingKey' | 'random'>): SealedPasskeyStore {
  const view = (connection: Connection) => connection.withTables<Tables>();
  const opened = (row: Row): KeptPasskey[] => {
    try {
      const kept = Parse(Kept, JSON.parse(openText(needs.sealingKey, rowIdOf(row.account_id, row.id), row.sealed)));
      const { id, account_id: accountId, created_at_ms: createdAtMs, last_used_at_ms: usedAtMs, counter } = row;
      return [{ ...kept, id, accountId, createdAtMs, lastUsedAtMs: usedAtMs ?? undefined, counter }];
    } catch {
      return [];
    }
  };
  return {
    async list(where) {
      const rows = await view(where)
        .selectFrom('privilege_break_glass_passkeys')
        .selectAll()
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return rows.flatMap(opened);
    },
    async insert(transaction, { id, accountId, createdAtMs, counter, ...kept }) {
      await view(transaction)
        .insertInto('privilege_break_glass_passkeys')
        .values({
          id,
          account_id: accountId,
          created_at_ms: createdAtMs,
          last_used_at_ms: null,
          counter,
          sealed: sealText(needs, rowIdOf(accountId, id), JSON.stringify(kept)),
        })
        .execute();
    },
    async advance(transaction, { id, counter }, used) {
      const { numUpdatedRows } = await view(transaction)
        .updateTable('privilege_break_glass_passkeys')
        .set({ counter: used.counter, last_used_at_ms: used.atMs })
        .where('id', '=', id)
        .where('counter', '=', counter)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async remove(transaction, { accountId, id }) {
      let query = view(transaction).deleteFrom('privilege_break_glass_passkeys').where('account_id', '=', accountId);
      if (id !== undefined) query = query.where('id', '=', id);
      await query.execute();
    },
  };
}

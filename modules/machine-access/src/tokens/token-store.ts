import type { Database, Transaction } from '@sallyport/platform/database';
import { bindingText, parseBinding, type Binding } from './binding.ts';

type TokenRow = {
  readonly hash: string;
  readonly id: string;
  readonly kind: string;
  readonly account_id: string | null;
  readonly login_id: string | null;
  /** Separated by spaces; null: whatever the sign-in it belongs to was made for. */
  readonly scopes: string | null;
  readonly bound_to: string | null;
  readonly issued_at_ms: number;
  readonly expires_at_ms: number;
  /** When a refresh token was exchanged for the next. */
  readonly used_at_ms: number | null;
};
type AssertionRow = { readonly hash: string; readonly expires_at_ms: number };
type Tables = { machine_tokens: TokenRow; machine_assertions: AssertionRow };
type Where = Database | Transaction;

export type StoredToken = {
  readonly hash: string;
  /** Names it, and is no secret. */
  readonly id: string;
  readonly kind: 'access' | 'refresh';
  readonly accountId?: string;
  readonly loginId?: string;
  readonly scopes?: readonly string[];
  readonly binding?: Binding;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly usedAtMs?: number;
};

/** Tokens by their hashes alone. Every function runs in the transaction or database it is handed. */
export type TokenStore = {
  find(where: Where, by: { readonly hash: string } | { readonly id: string }): Promise<StoredToken | undefined>;
  insert(transaction: Transaction, token: StoredToken): Promise<void>;
  /** True for one of all who exchange the same refresh token at once. */
  useOnce(transaction: Transaction, hash: string, nowMs: number): Promise<boolean>;
  remove(transaction: Transaction, id: string): Promise<void>;
  removeOfAccount(transaction: Transaction, accountId: string): Promise<void>;
  removeOfLogin(transaction: Transaction, loginId: string): Promise<void>;
  /** Some of what has expired: called whenever one is made, it keeps the table as small as what is in use. */
  removeExpired(transaction: Transaction, nowMs: number): Promise<void>;
  /** True for the first of all who bring this assertion, also after a restart and at another server. */
  useAssertion(transaction: Transaction, hash: string, expiresAtMs: number, nowMs: number): Promise<boolean>;
};

const removedAtOnce = 200;

export function createTokenStore(): TokenStore {
  const view = (where: Where) => where.withTables<Tables>();
  return {
    async find(where, by) {
      const [column, value] = 'hash' in by ? (['hash', by.hash] as const) : (['id', by.id] as const);
      const row = await view(where)
        .selectFrom('machine_tokens')
        .selectAll()
        .where(column, '=', value)
        .executeTakeFirst();
      return row === undefined ? undefined : toToken(row);
    },

    async insert(transaction, token) {
      await view(transaction)
        .insertInto('machine_tokens')
        .values({
          hash: token.hash,
          id: token.id,
          kind: token.kind,
          account_id: token.accountId ?? null,
          login_id: token.loginId ?? null,
          scopes: token.scopes?.join(' ') ?? null,
          bound_to: token.binding === undefined ? null : bindingText(token.binding),
          issued_at_ms: token.issuedAtMs,
          expires_at_ms: token.expiresAtMs,
          used_at_ms: null,
        })
        .execute();
    },

    async useOnce(transaction, hash, nowMs) {
      const { numUpdatedRows } = await view(transaction)
        .updateTable('machine_tokens')
        .set({ used_at_ms: nowMs })
        .where('hash', '=', hash)
        .where('used_at_ms', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async remove(transaction, id) {
      await view(transaction).deleteFrom('machine_tokens').where('id', '=', id).execute();
    },

    async removeOfAccount(transaction, accountId) {
      await view(transaction).deleteFrom('machine_tokens').where('account_id', '=', accountId).execute();
    },

    async removeOfLogin(transaction, loginId) {
      await view(transaction).deleteFrom('machine_tokens').where('login_id', '=', loginId).execute();
    },

    async removeExpired(transaction, nowMs) {
      const tables = view(transaction);
      const tokens = await tables
        .selectFrom('machine_tokens')
        .select('hash')
        .where('expires_at_ms', '<=', nowMs)
        .limit(removedAtOnce)
        .execute();
      const hashes = tokens.map(({ hash }) => hash);
      if (hashes.length > 0) await tables.deleteFrom('machine_tokens').where('hash', 'in', hashes).execute();
      await tables.deleteFrom('machine_assertions').where('expires_at_ms', '<=', nowMs).execute();
    },

    async useAssertion(transaction, hash, expiresAtMs, nowMs) {
      const tables = view(transaction);
      await tables.deleteFrom('machine_assertions').where('expires_at_ms', '<=', nowMs).execute();
      const known = await tables
        .selectFrom('machine_assertions')
        .select('hash')
        .where('hash', '=', hash)
        .executeTakeFirst();
      if (known !== undefined) return false;
      await tables.insertInto('machine_assertions').values({ hash, expires_at_ms: expiresAtMs }).execute();
      return true;
    },
  };
}

function toToken(row: TokenRow): StoredToken {
  return {
    hash: row.hash,
    id: row.id,
    kind: row.kind === 'refresh' ? 'refresh' : 'access',
    issuedAtMs: row.issued_at_ms,
    expiresAtMs: row.expires_at_ms,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.login_id === null ? {} : { loginId: row.login_id }),
    ...(row.scopes === null ? {} : { scopes: row.scopes.split(' ').filter((scope) => scope !== '') }),
    ...(row.bound_to === null ? {} : { binding: parseBinding(row.bound_to) }),
    ...(row.used_at_ms === null ? {} : { usedAtMs: row.used_at_ms }),
  };
}

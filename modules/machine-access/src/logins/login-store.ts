import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { blindIndex, createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { BlindIndex, ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import type { Proof } from '../needs.ts';
import { bindingText, parseBinding, type Binding } from '../tokens/binding.ts';

type LoginRow = {
  readonly id: string;
  readonly user_id: string;
  readonly client_id: string;
  /** Separated by spaces; null: all they may do. */
  readonly scopes: string | null;
  readonly bound_to: string;
  readonly assurance: number;
  readonly methods: string;
  readonly authenticated_at_ms: number;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly last_used_at_ms: number | null;
  /** Address and program. */
  readonly sealed_client: Encrypted;
} & OriginColumns;
/** The session it was let in with, and the provider that one rested on; unknown of what was let in by earlier versions. */
type OriginColumns = { readonly session_id: string | null; readonly provider: string | null };
type CodeRow = {
  readonly hash: string;
  readonly user_code_hash: string;
  readonly state: string;
  readonly client_id: string;
  readonly scopes: string | null;
  readonly bound_to: string | null;
  readonly sealed_client: Encrypted;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly interval_s: number;
  readonly polled_at_ms: number | null;
  readonly user_id: string | null;
  readonly assurance: number | null;
  readonly methods: string | null;
  readonly authenticated_at_ms: number | null;
  readonly login_id: string | null;
  /** The network that asked, to count by. */
  readonly source: Encrypted<string | null>;
  readonly source_key: BlindIndex;
} & OriginColumns;
type Tables = { machine_logins: LoginRow; machine_device_codes: CodeRow };
type Where = Database | Transaction;

export type ClientSeen = { readonly address: string; readonly agent: string };

/** What a person let a program in with: it ends when that is taken from them. */
export type Origin = { readonly sessionId?: string; readonly provider?: string };

/** Programs that were let in by one person, with one of these sessions, or with a provider's word. */
export type LoginFilter =
  | { readonly userId: string; readonly beganBeforeMs?: number }
  | { readonly sessionIds: readonly string[] }
  | { readonly provider: string; readonly userId?: string };

/** A program that a person let in, until it ends: its tokens are one family. */
export type Login = Proof & {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly scopes?: readonly string[];
  readonly binding: Binding;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly lastUsedAtMs?: number;
  readonly client: ClientSeen;
} & Origin;

/** A program that asks to be let in. */
export type DeviceCode = {
  readonly hash: string;
  readonly userCodeHash: string;
  readonly state: 'pending' | 'approved' | 'denied' | 'used';
  readonly clientId: string;
  readonly scopes?: readonly string[];
  readonly binding?: Binding;
  readonly client: ClientSeen;
  /** The network it asks from. */
  readonly source: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly intervalSeconds: number;
  readonly polledAtMs?: number;
  readonly approval?: Proof & Origin & { readonly userId: string };
  readonly loginId?: string;
};

/** Every function runs in the transaction or database it is handed. */
export type LoginStore = ReturnType<typeof createLoginStore>;

export function createLoginStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}) {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      machine_logins: { row: 'id', columns: { sealed_client: encrypted({ padBytes: 128 }) } },
      machine_device_codes: {
        row: 'hash',
        columns: {
          sealed_client: encrypted({ padBytes: 128 }),
          source: encrypted({ index: blindIndex('source_key'), padBytes: 64 }),
        },
      },
    },
  });
  const logins = (where: Where) => columns.on(where).selectFrom('machine_logins').selectAll();
  const codes = (where: Where) => columns.on(where).selectFrom('machine_device_codes').selectAll();

  return {
    async find(where: Where, id: string): Promise<Login | undefined> {
      const row = await logins(where).where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toLogin(row);
    },

    /** Newest first; of everybody without `userId`. */
    async list(where: Where, userId?: string): Promise<readonly Login[]> {
      const rows = userId === undefined ? logins(where) : logins(where).where('user_id', '=', userId);
      return (await rows.orderBy('created_at_ms', 'desc').limit(1000).execute()).map(toLogin);
    },

    async listWhere(where: Where, which: LoginFilter): Promise<readonly Login[]> {
      let query = logins(where);
      if ('sessionIds' in which)
        query = query.where('session_id', 'in', which.sessionIds.length === 0 ? [''] : which.sessionIds);
      else if (which.userId !== undefined) query = query.where('user_id', '=', which.userId);
      if ('provider' in which) query = query.where('provider', '=', which.provider);
      if ('beganBeforeMs' in which && which.beganBeforeMs !== undefined)
        query = query.where('created_at_ms', '<=', which.beganBeforeMs);
      return (await query.orderBy('created_at_ms', 'desc').execute()).map(toLogin);
    },

    /** Nobody said yes any more, for programs that have not come for their tokens yet. */
    async withdrawApprovals(transaction: Transaction, which: LoginFilter): Promise<void> {
      let query = columns
        .on(transaction)
        .updateTable('machine_device_codes')
        .set({ state: 'denied' })
        .where('state', '=', 'approved');
      if ('sessionIds' in which)
        query = query.where('session_id', 'in', which.sessionIds.length === 0 ? [''] : which.sessionIds);
      else if (which.userId !== undefined) query = query.where('user_id', '=', which.userId);
      if ('provider' in which) query = query.where('provider', '=', which.provider);
      await query.execute();
    },

    async insert(transaction: Transaction, login: Login): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('machine_logins')
        .values({
          id: login.id,
          user_id: login.userId,
          client_id: login.clientId,
          scopes: login.scopes?.join(' ') ?? null,
          bound_to: bindingText(login.binding),
          assurance: login.assurance,
          methods: login.methods.join(' '),
          authenticated_at_ms: login.authenticatedAtMs,
          created_at_ms: login.createdAtMs,
          expires_at_ms: login.expiresAtMs,
          last_used_at_ms: null,
          sealed_client: JSON.stringify(login.client),
          session_id: login.sessionId ?? null,
          provider: login.provider ?? null,
        })
        .execute();
    },

    async setLastUsed(transaction: Transaction, id: string, atMs: number): Promise<void> {
      const rows = columns.on(transaction).updateTable('machine_logins');
      await rows.set({ last_used_at_ms: atMs }).where('id', '=', id).execute();
    },

    async remove(transaction: Transaction, id: string): Promise<void> {
      await columns.on(transaction).deleteFrom('machine_logins').where('id', '=', id).execute();
    },

    async removeExpired(transaction: Transaction, nowMs: number): Promise<void> {
      await columns.on(transaction).deleteFrom('machine_logins').where('expires_at_ms', '<=', nowMs).execute();
      await columns.on(transaction).deleteFrom('machine_device_codes').where('expires_at_ms', '<=', nowMs).execute();
    },

    async findCode(
      where: Where,
      by: { readonly hash: string } | { readonly userCodeHash: string },
    ): Promise<DeviceCode | undefined> {
      const rows =
        'hash' in by
          ? codes(where).where('hash', '=', by.hash)
          : codes(where).where('user_code_hash', '=', by.userCodeHash);
      const row = await rows.executeTakeFirst();
      return row === undefined ? undefined : toCode(row);
    },

    async countCodes(where: Where): Promise<number> {
      const { count } = await columns
        .on(where)
        .selectFrom('machine_device_codes')
        .select((eb) => eb.fn.countAll().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Those that nobody has answered yet, from one network. */
    async countCodesOf(where: Where, source: string): Promise<number> {
      const rows = columns.on(where).selectFrom('machine_device_codes').select('hash');
      return (await rows.where('source', '=', source).where('state', '=', 'pending').execute()).length;
    },

    /** Drops the oldest unanswered one of the network that has the most, unless that has fewer than `least`. */
    async dropFromLargest(transaction: Transaction, least: number): Promise<boolean> {
      const rows = transaction
        .withTables<{ machine_device_codes: Pick<CodeRow, 'hash' | 'state' | 'created_at_ms' | 'source_key'> }>()
        .selectFrom('machine_device_codes')
        .where('state', '=', 'pending');
      const largest = await rows
        .select(['source_key', (eb) => eb.fn.countAll().as('count')])
        .groupBy('source_key')
        .orderBy('count', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (largest === undefined || Number(largest.count) < least) return false;
      const oldest = await rows
        .select('hash')
        .where('source_key', largest.source_key === null ? 'is' : '=', largest.source_key)
        .orderBy('created_at_ms')
        .limit(1)
        .executeTakeFirst();
      await columns
        .on(transaction)
        .deleteFrom('machine_device_codes')
        .where('hash', '=', oldest?.hash ?? '')
        .execute();
      return oldest !== undefined;
    },

    async insertCode(transaction: Transaction, code: DeviceCode): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('machine_device_codes')
        .values({
          hash: code.hash,
          user_code_hash: code.userCodeHash,
          state: code.state,
          client_id: code.clientId,
          scopes: code.scopes?.join(' ') ?? null,
          bound_to: code.binding === undefined ? null : bindingText(code.binding),
          sealed_client: JSON.stringify(code.client),
          created_at_ms: code.createdAtMs,
          expires_at_ms: code.expiresAtMs,
          interval_s: code.intervalSeconds,
          polled_at_ms: null,
          user_id: null,
          assurance: null,
          methods: null,
          authenticated_at_ms: null,
          login_id: null,
          source: code.source,
          session_id: null,
          provider: null,
        })
        .execute();
    },

    async setPolled(
      transaction: Transaction,
      hash: string,
      polled: { readonly atMs: number; readonly intervalSeconds: number },
    ): Promise<void> {
      const rows = columns.on(transaction).updateTable('machine_device_codes');
      await rows
        .set({ polled_at_ms: polled.atMs, interval_s: polled.intervalSeconds })
        .where('hash', '=', hash)
        .execute();
    },

    /** True for one of all who change the same state at once. */
    async setState(
      transaction: Transaction,
      hash: string,
      change: {
        readonly from: DeviceCode['state'];
        readonly to: DeviceCode['state'];
        readonly approval?: DeviceCode['approval'];
        readonly scopes?: readonly string[];
        readonly loginId?: string;
      },
    ): Promise<boolean> {
      const { approval, scopes, loginId } = change;
      const { numUpdatedRows } = await columns
        .on(transaction)
        .updateTable('machine_device_codes')
        .set({
          state: change.to,
          ...(approval === undefined
            ? {}
            : {
                user_id: approval.userId,
                assurance: approval.assurance,
                methods: approval.methods.join(' '),
                authenticated_at_ms: approval.authenticatedAtMs,
                session_id: approval.sessionId ?? null,
                provider: approval.provider ?? null,
              }),
          ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }),
          ...(loginId === undefined ? {} : { login_id: loginId }),
        })
        .where('hash', '=', hash)
        .where('state', '=', change.from)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  };
}

function toLogin(row: Opened<Tables>['machine_logins']): Login {
  return {
    id: row.id,
    userId: row.user_id,
    clientId: row.client_id,
    binding: parseBinding(row.bound_to),
    assurance: assuranceOf(row.assurance),
    methods: wordsOf(row.methods),
    authenticatedAtMs: row.authenticated_at_ms,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    client: parseClient(row.sealed_client),
    ...(row.scopes === null ? {} : { scopes: wordsOf(row.scopes) }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
    ...originOf(row),
  };
}

function originOf({ session_id: sessionId, provider }: OriginColumns): Origin {
  return { ...(sessionId === null ? {} : { sessionId }), ...(provider === null ? {} : { provider }) };
}

/** Shown to people, and rested upon by nothing. */
function parseClient(text: string): ClientSeen {
  const seen = parseJson(text);
  const { address, agent } = isJsonObject(seen) ? seen : {};
  return { address: textOf(address), agent: textOf(agent) };
}

function toCode(row: Opened<Tables>['machine_device_codes']): DeviceCode {
  const states = ['pending', 'approved', 'denied', 'used'] as const;
  const approval =
    row.user_id === null
      ? undefined
      : {
          userId: row.user_id,
          assurance: assuranceOf(row.assurance ?? 1),
          methods: wordsOf(row.methods ?? ''),
          authenticatedAtMs: row.authenticated_at_ms ?? 0,
          ...originOf(row),
        };
  return {
    hash: row.hash,
    userCodeHash: row.user_code_hash,
    state: states.find((state) => state === row.state) ?? 'denied',
    clientId: row.client_id,
    client: parseClient(row.sealed_client),
    source: row.source ?? '',
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    intervalSeconds: row.interval_s,
    ...(row.scopes === null ? {} : { scopes: wordsOf(row.scopes) }),
    ...(row.bound_to === null ? {} : { binding: parseBinding(row.bound_to) }),
    ...(row.polled_at_ms === null ? {} : { polledAtMs: row.polled_at_ms }),
    ...(approval === undefined ? {} : { approval }),
    ...(row.login_id === null ? {} : { loginId: row.login_id }),
  };
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function assuranceOf(number: number): 1 | 2 | 3 {
  return number === 3 || number === 2 ? number : 1;
}

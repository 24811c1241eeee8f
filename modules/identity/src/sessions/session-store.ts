import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { deriveKey, open } from '../factors/sealing.ts';
import type { TakeOver } from '../needs.ts';

export type SessionMethod = 'password' | 'totp' | 'passkey' | 'recovery';

type SessionRow = {
  readonly id: string;
  readonly user_id: string;
  /** SHA-256 of the token in use. */
  readonly token_hash: string;
  /** Of the one before, which is good a little longer. */
  readonly previous_token_hash: string | null;
  /** Of one that was handed out and has not come back yet: the one in use stays good until then. */
  readonly next_token_hash: string | null;
  readonly next_offered_at_ms: number | null;
  /** When they proved who they are, to hold from the use of the next token on. */
  readonly next_authenticated_at_ms: number | null;
  /** When the token in use took over; 0 to have it replaced at its next use. */
  readonly rotated_at_ms: number;
  readonly created_at_ms: number;
  readonly authenticated_at_ms: number;
  readonly last_seen_at_ms: number;
  readonly expires_at_ms: number;
  /** Address and browser. */
  readonly sealed_client: Encrypted;
  /** Separated by spaces. */
  readonly methods: string;
  readonly assurance: number;
};
type Tables = { identity_sessions: SessionRow };
type OpenedSession = Opened<Tables>['identity_sessions'];

export type Session = {
  readonly id: string;
  readonly userId: string;
  readonly createdAtMs: number;
  /** When they last proved who they are, in full. */
  readonly authenticatedAtMs: number;
  /** Up to a minute late. */
  readonly lastSeenAtMs: number;
  readonly expiresAtMs: number;
  readonly address: string;
  readonly agent: string;
  readonly methods: readonly string[];
  readonly assurance: 1 | 2 | 3;
};
export type NextToken = {
  readonly hash: string;
  readonly offeredAtMs: number;
  readonly authenticatedAtMs?: number;
};
export type StoredSession = Session & {
  readonly tokenHash: string;
  readonly rotatedAtMs: number;
  readonly next?: NextToken;
};

/** Every function runs in the transaction or database it is handed. */
export type SessionStore = {
  /** By its token, the one before, or the one after. */
  findByToken(where: Database, hash: string): Promise<StoredSession | undefined>;
  find(where: Database | Transaction, id: string): Promise<StoredSession | undefined>;
  /** Newest first; of everybody without `userId`. */
  list(where: Database | Transaction, userId: string | undefined, limit: number): Promise<readonly Session[]>;
  insert(transaction: Transaction, session: StoredSession): Promise<void>;
  setLastSeen(where: Database, id: string, atMs: number): Promise<void>;
  /** Hands out a token in place of `from`, which stays good until it comes back. Of many at once, the last counts. */
  offerNext(where: Database | Transaction, id: string, from: string, next: NextToken): Promise<void>;
  /** The same, unless another was handed out or came back since `session` was read: of many at once, one gets true. */
  offerNextOnce(where: Database | Transaction, session: StoredSession, next: NextToken): Promise<boolean>;
  /** It came back. */
  takeNext(where: Database, session: StoredSession, nowMs: number): Promise<void>;
  /** Their next use replaces their tokens. */
  replaceTokensSoon(transaction: Transaction, userId: string): Promise<void>;
  remove(where: Database | Transaction, ids: readonly string[]): Promise<void>;
  removeExpired(transaction: Transaction, nowMs: number, idleSinceMs: number): Promise<void>;
  /** Clients that an earlier version sealed its way, and those under older keys. */
  readonly takeOver: TakeOver;
};

/** Where somebody was signed in from is sealed: whoever reads the file alone does not learn it. */
export function createSessionStore(needs: {
  /** Opens what earlier versions sealed. */
  readonly key: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}): SessionStore {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_sessions: { row: 'id', columns: { sealed_client: encrypted({ padBytes: 128 }) } } },
  });

  const toSession = (row: OpenedSession): StoredSession => {
    const [address = '', agent = ''] = row.sealed_client.split('\n');
    return {
      id: row.id,
      userId: row.user_id,
      createdAtMs: row.created_at_ms,
      authenticatedAtMs: row.authenticated_at_ms,
      lastSeenAtMs: row.last_seen_at_ms,
      expiresAtMs: row.expires_at_ms,
      address,
      agent,
      methods: row.methods.split(' '),
      assurance: row.assurance === 3 ? 3 : row.assurance === 2 ? 2 : 1,
      tokenHash: row.token_hash,
      rotatedAtMs: row.rotated_at_ms,
      ...nextOf(row),
    };
  };

  return {
    async findByToken(where, hash) {
      const row = await columns
        .on(where)
        .selectFrom('identity_sessions')
        .selectAll()
        .where((eb) =>
          eb.or([eb('token_hash', '=', hash), eb('previous_token_hash', '=', hash), eb('next_token_hash', '=', hash)]),
        )
        .executeTakeFirst();
      return row === undefined ? undefined : toSession(row);
    },

    async find(where, id) {
      const row = await columns
        .on(where)
        .selectFrom('identity_sessions')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : toSession(row);
    },

    async list(where, userId, limit) {
      let query = columns.on(where).selectFrom('identity_sessions').selectAll();
      if (userId !== undefined) query = query.where('user_id', '=', userId);
      const rows = await query.orderBy('created_at_ms', 'desc').orderBy('id').limit(limit).execute();
      return rows.map(toSession);
    },

    async insert(transaction, session) {
      // Neither holds a line end: control characters are taken out of both at the edge.
      const client = `${session.address}\n${session.agent}`.toWellFormed();
      await columns
        .on(transaction)
        .insertInto('identity_sessions')
        .values({
          id: session.id,
          user_id: session.userId,
          token_hash: session.tokenHash,
          previous_token_hash: null,
          next_token_hash: null,
          next_offered_at_ms: null,
          next_authenticated_at_ms: null,
          rotated_at_ms: session.rotatedAtMs,
          created_at_ms: session.createdAtMs,
          authenticated_at_ms: session.authenticatedAtMs,
          last_seen_at_ms: session.lastSeenAtMs,
          expires_at_ms: session.expiresAtMs,
          sealed_client: client,
          methods: session.methods.join(' '),
          assurance: session.assurance,
        })
        .execute();
    },

    async setLastSeen(where, id, atMs) {
      await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({ last_seen_at_ms: atMs })
        .where('id', '=', id)
        .execute();
    },

    async offerNext(where, id, from, next) {
      await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({
          next_token_hash: next.hash,
          next_offered_at_ms: next.offeredAtMs,
          next_authenticated_at_ms: next.authenticatedAtMs ?? null,
        })
        .where('id', '=', id)
        .where('token_hash', '=', from)
        .execute();
    },

    async offerNextOnce(where, { id, tokenHash, next: known }, next) {
      const { numUpdatedRows } = await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({ next_token_hash: next.hash, next_offered_at_ms: next.offeredAtMs, next_authenticated_at_ms: null })
        .where('id', '=', id)
        .where('token_hash', '=', tokenHash)
        .where('next_token_hash', known === undefined ? 'is' : '=', known?.hash ?? null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async takeNext(where, { id, tokenHash, authenticatedAtMs, next }, nowMs) {
      if (next === undefined) return;
      await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({
          token_hash: next.hash,
          previous_token_hash: tokenHash,
          next_token_hash: null,
          next_offered_at_ms: null,
          next_authenticated_at_ms: null,
          authenticated_at_ms: next.authenticatedAtMs ?? authenticatedAtMs,
          rotated_at_ms: nowMs,
        })
        .where('id', '=', id)
        .where('next_token_hash', '=', next.hash)
        .execute();
    },

    async replaceTokensSoon(transaction, userId) {
      await columns
        .on(transaction)
        .updateTable('identity_sessions')
        .set({ rotated_at_ms: 0 })
        .where('user_id', '=', userId)
        .execute();
    },

    async remove(where, ids) {
      if (ids.length === 0) return;
      await columns.on(where).deleteFrom('identity_sessions').where('id', 'in', ids).execute();
    },

    async removeExpired(transaction, nowMs, idleSinceMs) {
      await columns
        .on(transaction)
        .deleteFrom('identity_sessions')
        .where((eb) => eb.or([eb('expires_at_ms', '<=', nowMs), eb('last_seen_at_ms', '<=', idleSinceMs)]))
        .execute();
    },

    takeOver(database, options) {
      const clientSeal = deriveKey(needs.key, 'session client');
      const earlier = {
        sealed_client: (stored: string, row: Readonly<Record<string, unknown>>): string =>
          open(clientSeal, stored, String(row['id'])).toString(),
      };
      return columns.reencrypt(database, 'identity_sessions', { ...options, earlier });
    },
  };
}

function nextOf(row: OpenedSession): { readonly next?: NextToken } {
  if (row.next_token_hash === null) return {};
  return {
    next: {
      hash: row.next_token_hash,
      offeredAtMs: row.next_offered_at_ms ?? 0,
      ...(row.next_authenticated_at_ms === null ? {} : { authenticatedAtMs: row.next_authenticated_at_ms }),
    },
  };
}

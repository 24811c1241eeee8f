import type { Database, Transaction } from '@sallyport/platform/database';

export type SessionMethod = 'password' | 'totp' | 'passkey' | 'recovery';

type SessionRow = {
  readonly id: string;
  readonly user_id: string;
  /** SHA-256 of the token in use. */
  readonly token_hash: string;
  /** Of the one before, which is good a little longer. */
  readonly previous_token_hash: string | null;
  /** When the token in use took over; 0 to have it replaced at its next use. */
  readonly rotated_at_ms: number;
  readonly created_at_ms: number;
  readonly last_seen_at_ms: number;
  readonly expires_at_ms: number;
  readonly address: string;
  readonly agent: string;
  /** Separated by spaces. */
  readonly methods: string;
  readonly assurance: number;
};
type Tables = { identity_sessions: SessionRow };

export type Session = {
  readonly id: string;
  readonly userId: string;
  readonly createdAtMs: number;
  /** Up to a minute late. */
  readonly lastSeenAtMs: number;
  readonly expiresAtMs: number;
  readonly address: string;
  readonly agent: string;
  readonly methods: readonly string[];
  readonly assurance: 1 | 2 | 3;
};
export type StoredSession = Session & {
  readonly tokenHash: string;
  readonly rotatedAtMs: number;
};

export const sessionStore = {
  /** By its token, or the one before. */
  async findByToken(where: Database, hash: string): Promise<StoredSession | undefined> {
    const row = await tables(where)
      .selectFrom('identity_sessions')
      .selectAll()
      .where((eb) => eb.or([eb('token_hash', '=', hash), eb('previous_token_hash', '=', hash)]))
      .executeTakeFirst();
    return row === undefined ? undefined : toSession(row);
  },

  async find(where: Database | Transaction, id: string): Promise<StoredSession | undefined> {
    const row = await tables(where).selectFrom('identity_sessions').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toSession(row);
  },

  /** Newest first; of everybody without `userId`. */
  async list(where: Database | Transaction, userId: string | undefined, limit: number): Promise<readonly Session[]> {
    let query = tables(where).selectFrom('identity_sessions').selectAll();
    if (userId !== undefined) query = query.where('user_id', '=', userId);
    const rows = await query.orderBy('created_at_ms', 'desc').orderBy('id').limit(limit).execute();
    return rows.map(toSession);
  },

  async insert(transaction: Transaction, session: StoredSession): Promise<void> {
    await tables(transaction)
      .insertInto('identity_sessions')
      .values({
        id: session.id,
        user_id: session.userId,
        token_hash: session.tokenHash,
        previous_token_hash: null,
        rotated_at_ms: session.rotatedAtMs,
        created_at_ms: session.createdAtMs,
        last_seen_at_ms: session.lastSeenAtMs,
        expires_at_ms: session.expiresAtMs,
        address: session.address,
        agent: session.agent,
        methods: session.methods.join(' '),
        assurance: session.assurance,
      })
      .execute();
  },

  async setLastSeen(where: Database, id: string, atMs: number): Promise<void> {
    await tables(where).updateTable('identity_sessions').set({ last_seen_at_ms: atMs }).where('id', '=', id).execute();
  },

  /** Of all who replace the same token at once, one succeeds. */
  async replaceToken(
    where: Database,
    change: { readonly id: string; readonly from: string; readonly to: string; readonly nowMs: number },
  ): Promise<boolean> {
    const updated = await tables(where)
      .updateTable('identity_sessions')
      .set({ token_hash: change.to, previous_token_hash: change.from, rotated_at_ms: change.nowMs })
      .where('id', '=', change.id)
      .where('token_hash', '=', change.from)
      .executeTakeFirstOrThrow();
    return updated.numUpdatedRows === 1n;
  },

  /** Their next use replaces their tokens. */
  async replaceTokensSoon(transaction: Transaction, userId: string): Promise<void> {
    await tables(transaction)
      .updateTable('identity_sessions')
      .set({ rotated_at_ms: 0 })
      .where('user_id', '=', userId)
      .execute();
  },

  async remove(where: Database | Transaction, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await tables(where).deleteFrom('identity_sessions').where('id', 'in', ids).execute();
  },

  async removeExpired(transaction: Transaction, nowMs: number, idleSinceMs: number): Promise<void> {
    await tables(transaction)
      .deleteFrom('identity_sessions')
      .where((eb) => eb.or([eb('expires_at_ms', '<=', nowMs), eb('last_seen_at_ms', '<=', idleSinceMs)]))
      .execute();
  },
};

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}

function toSession(row: SessionRow): StoredSession {
  return {
    id: row.id,
    userId: row.user_id,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    address: row.address,
    agent: row.agent,
    methods: row.methods.split(' '),
    assurance: row.assurance === 3 ? 3 : row.assurance === 2 ? 2 : 1,
    tokenHash: row.token_hash,
    rotatedAtMs: row.rotated_at_ms,
  };
}

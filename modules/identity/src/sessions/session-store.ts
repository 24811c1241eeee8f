import type { Database, Transaction } from '@sallyport/platform/database';
import { blindIndex, createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { BlindIndex, ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { deriveKey, open } from '../factors/sealing.ts';
import type { TakeOver } from '../needs.ts';
import type { Assurance } from '../admission/assurance.ts';
import type { BrowserKey } from './browser-keys.ts';

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
  /** What they proved it with, in addition to what they came in with. */
  readonly next_methods: string | null;
  readonly next_assurance: number | null;
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
  /** Whoever could exchange it would have the session: what is copied from another row does not open. */
  readonly sealed_key: Encrypted<string | null>;
  /** Id of the identity provider. */
  readonly provider: string | null;
  /** Provider and what it calls its own session. */
  readonly provider_session: Encrypted<string | null>;
  readonly provider_session_key: BlindIndex;
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
  readonly assurance: Assurance;
  /** Thumbprint (RFC 7638) of the key of the browser it is bound to. */
  readonly browserKey?: string;
  /** The identity provider it came from. */
  readonly provider?: ProviderSession;
};
/** Where a session came from, and what the provider calls its own session when it says so. */
export type ProviderSession = { readonly id: string; readonly sid?: string };
/** Somebody proved anew who they are. */
export type FreshProof = { readonly methods: readonly string[]; readonly assurance: Assurance };
export type NextToken = {
  readonly hash: string;
  readonly offeredAtMs: number;
  readonly authenticatedAtMs?: number;
  readonly proof?: FreshProof;
};
export type StoredSession = Session & {
  readonly tokenHash: string;
  readonly rotatedAtMs: number;
  readonly key?: BrowserKey;
  readonly next?: NextToken;
};
/** Sessions of one kind. */
export type SessionFilter =
  | { readonly userId: string; readonly exceptSessionId?: string; readonly beganBeforeMs?: number }
  | { readonly sessionIds: readonly string[] }
  | { readonly provider: string; readonly userId?: string; readonly sid?: string };

/** Every function runs in the transaction or database it is handed. */
export type SessionStore = {
  /** By its token, the one before, or the one after. */
  findByToken(where: Database, hash: string): Promise<StoredSession | undefined>;
  find(where: Database | Transaction, id: string): Promise<StoredSession | undefined>;
  /** Newest first; of everybody without `userId`. */
  list(
    where: Database | Transaction,
    userId: string | undefined,
    limit: number | undefined,
  ): Promise<readonly Session[]>;
  /** Those that `which` says; newest first. */
  listWhere(where: Database | Transaction, which: SessionFilter): Promise<readonly Session[]>;
  insert(transaction: Transaction, session: StoredSession): Promise<void>;
  setLastSeen(where: Database, id: string, atMs: number): Promise<void>;
  /** Hands out a token in place of the one in use, which stays good until it comes back. Of many at once, the last counts. */
  offerNext(where: Database | Transaction, id: string, next: NextToken): Promise<void>;
  /** The same, unless another was handed out or came back since `session` was read: of many at once, one gets true. */
  offerNextOnce(where: Database | Transaction, session: StoredSession, next: NextToken): Promise<boolean>;
  /** It came back. */
  takeNext(where: Database | Transaction, session: StoredSession, nowMs: number): Promise<void>;
  /** Their next use replaces their tokens. */
  replaceTokensSoon(transaction: Transaction, userId: string): Promise<void>;
  remove(where: Database | Transaction, ids: readonly string[]): Promise<void>;
  /** Those that nobody's lifetimes would let in any more. */
  removeExpired(
    transaction: Transaction,
    before: { readonly nowMs: number; readonly createdMs: number; readonly seenMs: number },
  ): Promise<void>;
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
    tables: {
      identity_sessions: {
        row: 'id',
        columns: {
          sealed_client: encrypted({ padBytes: 128 }),
          sealed_key: encrypted({ padBytes: 160 }),
          provider_session: encrypted({ index: blindIndex('provider_session_key'), padBytes: 128 }),
        },
      },
    },
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
      methods: wordsOf(row.methods),
      assurance: assuranceIn(row.assurance),
      tokenHash: row.token_hash,
      rotatedAtMs: row.rotated_at_ms,
      ...keyOf(row),
      ...providerOf(row),
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
      query = query.orderBy('created_at_ms', 'desc').orderBy('id');
      const rows = await (limit === undefined ? query : query.limit(limit)).execute();
      return rows.map(toSession);
    },

    async listWhere(where, which) {
      const all = columns.on(where).selectFrom('identity_sessions').selectAll().orderBy('created_at_ms', 'desc');
      let query = all;
      if ('provider' in which) {
        query = query.where('provider', '=', which.provider);
        if (which.sid !== undefined) query = query.where('provider_session', '=', namedBy(which.provider, which.sid));
      }
      if ('sessionIds' in which)
        query = query.where('id', 'in', which.sessionIds.length === 0 ? [''] : which.sessionIds);
      else if (which.userId !== undefined) query = query.where('user_id', '=', which.userId);
      if ('exceptSessionId' in which && which.exceptSessionId !== undefined)
        query = query.where('id', '<>', which.exceptSessionId);
      if ('beganBeforeMs' in which && which.beganBeforeMs !== undefined)
        query = query.where('created_at_ms', '<=', which.beganBeforeMs);
      const rows = await query.execute();
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
          next_methods: null,
          next_assurance: null,
          rotated_at_ms: session.rotatedAtMs,
          created_at_ms: session.createdAtMs,
          authenticated_at_ms: session.authenticatedAtMs,
          last_seen_at_ms: session.lastSeenAtMs,
          expires_at_ms: session.expiresAtMs,
          sealed_client: client,
          methods: session.methods.join(' '),
          assurance: session.assurance,
          sealed_key: session.key === undefined ? null : JSON.stringify(session.key),
          ...providerColumns(session.provider),
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

    async offerNext(where, id, next) {
      await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({
          next_token_hash: next.hash,
          next_offered_at_ms: next.offeredAtMs,
          next_authenticated_at_ms: next.authenticatedAtMs ?? null,
          next_methods: next.proof?.methods.join(' ') ?? null,
          next_assurance: next.proof?.assurance ?? null,
        })
        .where('id', '=', id)
        .execute();
    },

    async offerNextOnce(where, { id, tokenHash, next: known }, next) {
      const { numUpdatedRows } = await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({
          next_token_hash: next.hash,
          next_offered_at_ms: next.offeredAtMs,
          next_authenticated_at_ms: null,
          next_methods: null,
          next_assurance: null,
        })
        .where('id', '=', id)
        .where('token_hash', '=', tokenHash)
        .where('next_token_hash', known === undefined ? 'is' : '=', known?.hash ?? null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async takeNext(where, session, nowMs) {
      const { id, tokenHash, next } = session;
      if (next === undefined) return;
      const { authenticatedAtMs, methods, assurance } = withProof(session);
      await columns
        .on(where)
        .updateTable('identity_sessions')
        .set({
          token_hash: next.hash,
          previous_token_hash: tokenHash,
          next_token_hash: null,
          next_offered_at_ms: null,
          next_authenticated_at_ms: null,
          next_methods: null,
          next_assurance: null,
          authenticated_at_ms: authenticatedAtMs,
          methods: methods.join(' '),
          assurance,
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

    async removeExpired(transaction, { nowMs, createdMs, seenMs }) {
      await columns
        .on(transaction)
        .deleteFrom('identity_sessions')
        .where((eb) =>
          eb.or([
            eb('expires_at_ms', '<=', nowMs),
            eb('created_at_ms', '<=', createdMs),
            eb('last_seen_at_ms', '<=', seenMs),
          ]),
        )
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
      ...(row.next_methods === null
        ? {}
        : { proof: { methods: wordsOf(row.next_methods), assurance: assuranceIn(row.next_assurance) } }),
    },
  };
}

/** The session as it is from the first use of the next token on. */
export function withProof(session: StoredSession): StoredSession {
  const { authenticatedAtMs = session.authenticatedAtMs, proof } = session.next ?? {};
  if (proof === undefined) return { ...session, authenticatedAtMs };
  return {
    ...session,
    authenticatedAtMs,
    methods: [...new Set([...session.methods, ...proof.methods])],
    assurance: proof.assurance > session.assurance ? proof.assurance : session.assurance,
  };
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function assuranceIn(stored: number | null): Assurance {
  return stored === 3 ? 3 : stored === 2 ? 2 : 1;
}

/** A key that cannot be read leaves a session that asks for a proof nobody can give: never one that asks for none. */
function keyOf(row: OpenedSession): { readonly key?: BrowserKey; readonly browserKey?: string } {
  if (row.sealed_key === null) return {};
  const stored: unknown = JSON.parse(row.sealed_key);
  const read = new Map<string, unknown>(Object.entries(typeof stored === 'object' && stored !== null ? stored : {}));
  const text = (name: string): string => {
    const value = read.get(name);
    return typeof value === 'string' ? value : '';
  };
  const key = { x: text('x'), y: text('y'), thumbprint: text('thumbprint') };
  return { key, browserKey: key.thumbprint };
}

/** One text for each pair: neither holds a line end that the other could make use of, since ids of ours have none. */
function namedBy(provider: string, name: string): string {
  return `${provider}\n${name}`;
}

function providerColumns(provider: ProviderSession | undefined): Pick<OpenedSession, 'provider' | 'provider_session'> {
  if (provider === undefined) return { provider: null, provider_session: null };
  const { id, sid } = provider;
  return { provider: id, provider_session: sid === undefined ? null : namedBy(id, sid) };
}

function providerOf(row: OpenedSession): { readonly provider?: ProviderSession } {
  const { provider: id, provider_session: sid } = row;
  if (id === null) return {};
  return { provider: { id, ...(sid === null ? {} : { sid: sid.slice(id.length + 1) }) } };
}

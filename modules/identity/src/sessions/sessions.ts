import type { Actor } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { BrowserKeys } from './browser-keys.ts';
import { limitsOf } from './session-limits.ts';
import type { SessionPolicies } from './session-policy.ts';
import { createPrincipalOf } from './session-principal.ts';
import { withProof } from './session-store.ts';
import type { FreshProof, Session, SessionFilter, SessionStore, StoredSession } from './session-store.ts';
import { hashOf, newToken } from './session-token.ts';

export type SessionRefusal = {
  readonly refused:
    | 'session_unknown'
    | 'session_expired'
    | 'session_idle'
    | 'session_reused'
    /** The token is past its time: whoever has the key of the browser gets another. */
    | 'session_stale'
    /** It is bound to no browser's key, which their roles require now. */
    | 'session_unbound'
    | 'user_disabled';
};

/**
 * Signed-in people. A token is 256 bits nobody can guess, stored as a hash. The token of a session that is bound to a browser's
 * key is good for five minutes and replaced for whoever has the key (decision 0057); of any other it is replaced by itself after
 * 15 minutes. A new one counts from its first use on, so that a reply that is lost signs nobody out; the one before is then good
 * for another minute, for requests under way, and one that comes back later was copied: the session ends. But for the rules of
 * how long sessions last (five seconds, of another server's changes), nothing is remembered between requests, so ending a
 * session, disabling a person and changing their roles take effect at once.
 */
export type Sessions = {
  /** `renewed` is the token from now on. Rejects when the database cannot be read: the caller must deny then. */
  authenticate(
    token: string,
    use?: {
      /** A request that no person makes with their own hands: the session idles on. */
      readonly background: boolean;
      /** The caller asks for a proof by the session's key before anything else. */
      readonly mayBeStale?: boolean;
    },
  ): Promise<
    | {
        readonly principal: Principal;
        readonly renewed?: Secret;
        /** Of a session that is bound to a browser's key: how long this token is good from now on. */
        readonly goodForMs?: number;
      }
    | SessionRefusal
  >;
  /** Who the session stands for now. Counts as no use of it: for replies that go on for long. */
  recheck(id: string): Promise<Principal | SessionRefusal>;
  /**
   * Whether `proof` is a signature over this very request by the key that the session is bound to; if not, the challenge that one
   * must answer. It holds for a body of that `digest` alone, which the caller must compare. True without one for who has no
   * session, and for a session that is bound to no key.
   */
  proveKey(request: {
    readonly principal: Principal;
    readonly client: Client;
    readonly method: string;
    /** With its query. */
    readonly path: string;
    readonly proof: string | undefined;
  }): Promise<
    { readonly isProved: true; readonly digest?: string } | { readonly isProved: false; readonly challenge: string }
  >;
  /** A new token for a session whose key was proved; undefined when it was given another a moment ago. */
  refresh(id: string): Promise<Secret | undefined>;
  /**
   * A new token for the session, in the transaction that verified who they are or changed what the session stands on. With
   * `proof`, whoever uses it has just proved who they are, which the token there was never has. Throws `session_not_found`.
   */
  renew(where: Database | Transaction, id: string, options: { readonly proof?: FreshProof }): Promise<Secret>;
  /** Newest first; of everybody without `userId`. The newest thousand, unless all are asked for. */
  list(userId?: string, which?: 'all'): Promise<readonly (LiveSession & { readonly userName: string })[]>;
  find(id: string): Promise<LiveSession | undefined>;
  /**
   * With it ends what was let in with it, unless it is the session they ask with: who signs out leaves their programs at work.
   * Throws `session_not_found`, also for somebody else's unless `anybodys`.
   */
  end(request: { readonly id: string; readonly by: Principal; readonly anybodys: boolean }): Promise<void>;
  /** All of one person, or all but one, and every program they let in; recorded in the caller's transaction. How many sessions there were. */
  endAllOf(
    transaction: Transaction,
    user: { readonly id: string; readonly name: string },
    by: Principal,
    exceptId?: string,
  ): Promise<number>;
  /**
   * Ends sessions for whatever reason, and the programs that were let in with them, each with its own event. In the caller's
   * transaction when there is one; else it resolves when they are over. How many sessions there were.
   */
  endWhere(
    which: SessionFilter,
    cause: { readonly by: Principal | Actor; readonly reason: string },
    transaction?: Transaction,
  ): Promise<number>;
};

/** With the ends that it has by the rules of now. */
export type LiveSession = Session & { readonly idleExpiresAtMs: number };

const rotateAfterMs = 15 * 60_000;
const boundTokenMs = 5 * 60_000;
const graceMs = 60_000;
/** So long another tab of the same browser may take to get the token it was just given. */
const refreshGraceMs = 5000;
const lastSeenResolutionMs = 60_000;
const maxListed = 1000;

export function createSessions(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'policy' | 'temporaryRoles' | 'programs'> & {
    readonly userStore: UserStore;
    readonly sessionStore: SessionStore;
    readonly sessionPolicies: Pick<SessionPolicies, 'read'>;
    readonly browserKeys: BrowserKeys;
  },
): Sessions {
  const { database, outbox, clock, random, userStore, sessionStore, sessionPolicies, browserKeys, programs } = needs;
  const principalOf = createPrincipalOf(needs);

  const recordEnd = (
    transaction: Transaction,
    { id, userId }: Session,
    end: Pick<Parameters<typeof authenticationEvent>[0], 'by' | 'cause' | 'failure'> & { readonly name: string },
  ): Promise<void> => {
    const { name, ...rest } = end;
    const action = end.failure === undefined ? 'session.end' : 'session.reuse';
    const user = { id: userId, name };
    return outbox.record(
      transaction,
      authenticationEvent({ nowMs: clock.nowMs(), action, user, sessionId: id, ...rest }),
    );
  };

  const endReused = async (session: Session, { name }: { name: string }): Promise<void> => {
    await database.transaction().execute(async (transaction) => {
      await sessionStore.remove(transaction, [session.id]);
      await recordEnd(transaction, session, { name, failure: 'token_reused' });
    });
    await outbox.flushed();
  };

  const live = async (session: Session, user: User | undefined): Promise<LiveSession> => {
    const roles = user === undefined ? [] : rolesAnywhereOf(user);
    const { idleMs, lifetimeMs } = limitsOf(await sessionPolicies.read(), roles);
    const expiresAtMs = Math.min(session.expiresAtMs, session.createdAtMs + lifetimeMs);
    return { ...session, expiresAtMs, idleExpiresAtMs: Math.min(expiresAtMs, session.lastSeenAtMs + idleMs) };
  };

  const holderOf = async (session: Session | undefined, nowMs: number): Promise<User | SessionRefusal> => {
    if (session === undefined) return { refused: 'session_unknown' };
    const user = await userStore.find(database, session.userId);
    if (user === undefined || stateOf(user) !== 'active') return { refused: 'user_disabled' };
    const { expiresAtMs, idleExpiresAtMs } = await live(session, user);
    if (nowMs >= expiresAtMs) return { refused: 'session_expired' };
    if (nowMs >= idleExpiresAtMs) return { refused: 'session_idle' };
    const { needsBrowserKey } = limitsOf(await sessionPolicies.read(), rolesAnywhereOf(user));
    return needsBrowserKey && session.browserKey === undefined ? { refused: 'session_unbound' } : user;
  };

  /** A token to come after the one in use, for one of all who ask at once. */
  const offerOnce = async (session: StoredSession, nowMs: number): Promise<Secret | undefined> => {
    const token = newToken(random);
    const next = { hash: hashOf(token), offeredAtMs: nowMs };
    return (await sessionStore.offerNextOnce(database, session, next)) ? createSecret(token) : undefined;
  };

  /**
   * The token after the one in use, for one of all who ask at once; for the next who asks a minute later, since the reply may
   * have been lost. Never the same for two: of two holders of a copied token, only one comes past its end.
   */
  const nextOf = async (session: StoredSession, nowMs: number): Promise<Secret | undefined> => {
    if (nowMs - session.rotatedAtMs < rotateAfterMs) return undefined;
    if (session.next !== undefined && nowMs - session.next.offeredAtMs < graceMs) return undefined;
    return offerOnce(session, nowMs);
  };

  return {
    async recheck(id) {
      const session = await sessionStore.find(database, id);
      const user = await holderOf(session, clock.nowMs());
      if ('refused' in user) return user;
      return session === undefined ? { refused: 'session_unknown' } : principalOf(user, session);
    },

    async authenticate(token, { background, mayBeStale = false } = { background: false }) {
      const hash = hashOf(token);
      const session = await sessionStore.findByToken(database, hash);
      if (session === undefined) return { refused: 'session_unknown' };
      const nowMs = clock.nowMs();
      const user = await holderOf(session, nowMs);
      if ('refused' in user) return user;
      const isNext = session.next?.hash === hash;
      if (!isNext && session.tokenHash !== hash && nowMs - session.rotatedAtMs >= graceMs) {
        await endReused(session, user);
        return { refused: 'session_reused' };
      }
      const sinceMs = isNext ? (session.next?.offeredAtMs ?? 0) : session.rotatedAtMs;
      const isBound = session.browserKey !== undefined;
      const isStale = isBound && nowMs - sinceMs >= boundTokenMs;
      if (isStale && !mayBeStale) return { refused: 'session_stale' };
      const goodFor = (ms: number): { readonly goodForMs?: number } => (isBound ? { goodForMs: Math.max(0, ms) } : {});
      // Of one past its time nobody knows yet who holds it: it keeps no session awake, and gains no time by coming into use.
      if (!background && !isStale && nowMs - session.lastSeenAtMs >= lastSeenResolutionMs)
        await sessionStore.setLastSeen(database, session.id, nowMs);
      if (isNext) {
        await sessionStore.takeNext(database, session, isStale ? sinceMs : nowMs);
        return { principal: principalOf(user, withProof(session)), ...goodFor(isStale ? 0 : boundTokenMs) };
      }
      const sinceRotationMs = nowMs - session.rotatedAtMs;
      // A request under way when the token changed. What was proved since, its sender did not prove.
      if (session.tokenHash !== hash)
        return {
          principal: principalOf(user, { ...session, authenticatedAtMs: 0 }),
          ...goodFor(graceMs - sinceRotationMs),
        };
      const principal = principalOf(user, session);
      if (isBound) return { principal, ...goodFor(boundTokenMs - sinceRotationMs) };
      const renewed = background ? undefined : await nextOf(session, nowMs);
      return renewed === undefined ? { principal } : { principal, renewed };
    },

    async proveKey({ principal, client, method, path, proof }) {
      const { sessionId, browserKey } = principal;
      if (sessionId === undefined || browserKey === undefined) return { isProved: true };
      const request = { sessionId, method, path, origin: client.origin };
      const again = (): { readonly isProved: false; readonly challenge: string } => ({
        isProved: false,
        challenge: browserKeys.requestChallenge(request),
      });
      if (proof === undefined) return again();
      const answer = await database.transaction().execute(async (transaction) => {
        const session = await sessionStore.find(transaction, sessionId);
        if (session?.key === undefined) return { kind: 'expired' } as const;
        const judged = await browserKeys.verifyRequest(transaction, session.key, request, proof);
        if (judged.kind === 'wrong')
          await outbox.record(
            transaction,
            authenticationEvent({
              nowMs: clock.nowMs(),
              action: 'session.key-proof',
              failure: 'key_proof_wrong',
              client,
              user: { id: principal.id, name: principal.name },
              sessionId,
              browserKey,
            }),
          );
        return judged;
      });
      if (answer.kind === 'wrong') await outbox.flushed();
      return answer.kind === 'proved' ? { isProved: true, digest: answer.digest } : again();
    },

    async refresh(id) {
      const session = await sessionStore.find(database, id);
      const nowMs = clock.nowMs();
      if (session === undefined) return undefined;
      if (session.next !== undefined && nowMs - session.next.offeredAtMs < refreshGraceMs) return undefined;
      return offerOnce(session, nowMs);
    },

    async renew(where, id, { proof }) {
      const session = await sessionStore.find(where, id);
      if (session === undefined) throw new IdentityError('session_not_found', 'Cannot renew the session: it has ended');
      const token = newToken(random);
      const nowMs = clock.nowMs();
      // Another tab was given one a moment ago, and the browser may hold it by now: it must not be nobody's.
      if (session.next !== undefined && nowMs - session.next.offeredAtMs < refreshGraceMs)
        await sessionStore.takeNext(where, session, nowMs);
      await sessionStore.offerNext(where, id, {
        hash: hashOf(token),
        offeredAtMs: nowMs,
        ...(proof === undefined ? {} : { authenticatedAtMs: nowMs, proof }),
      });
      return createSecret(token);
    },

    async list(userId, which) {
      const nowMs = clock.nowMs();
      const users = new Map((await userStore.list(database)).map((user) => [user.id, user]));
      const stored = await sessionStore.list(database, userId, which === 'all' ? undefined : maxListed);
      const sessions = await Promise.all(stored.map((session) => live(session, users.get(session.userId))));
      return sessions
        .filter(({ idleExpiresAtMs }) => nowMs < idleExpiresAtMs)
        .map((session) => ({ ...session, userName: users.get(session.userId)?.name ?? '' }));
    },

    async find(id) {
      const session = await sessionStore.find(database, id);
      const user = session === undefined ? undefined : await userStore.find(database, session.userId);
      return session === undefined || user === undefined ? undefined : live(session, user);
    },

    async end({ id, by, anybodys }) {
      await database.transaction().execute(async (transaction) => {
        const session = await sessionStore.find(transaction, id);
        const user = session === undefined ? undefined : await userStore.find(transaction, session.userId);
        if (session === undefined || user === undefined || (session.userId !== by.id && !anybodys)) {
          throw new IdentityError(
            'session_not_found',
            `Cannot end session "${id.slice(0, 100)}": must be the id of a session`,
          );
        }
        await sessionStore.remove(transaction, [id]);
        await recordEnd(transaction, session, { by, name: user.name });
        if (id !== by.sessionId) await programs?.endWhere(transaction, { sessionIds: [id] }, by);
      });
      await outbox.flushed();
    },

    async endAllOf(transaction, user, by, exceptId) {
      const sessions = await sessionStore.listWhere(transaction, {
        userId: user.id,
        ...(exceptId === undefined ? {} : { exceptSessionId: exceptId }),
      });
      await sessionStore.remove(
        transaction,
        sessions.map(({ id }) => id),
      );
      for (const session of sessions) await recordEnd(transaction, session, { by, name: user.name });
      await programs?.endWhere(transaction, { userId: user.id }, by);
      return sessions.length;
    },

    async endWhere(which, { by, reason }, transaction) {
      const endIn = async (where: Transaction): Promise<number> => {
        const sessions = await sessionStore.listWhere(where, which);
        await sessionStore.remove(
          where,
          sessions.map(({ id }) => id),
        );
        for (const session of sessions) {
          const name = (await userStore.find(where, session.userId))?.name ?? '';
          await recordEnd(where, session, { by, name, cause: reason });
        }
        await programs?.endWhere(where, programsOf(which, sessions), by);
        return sessions.length;
      };
      if (transaction !== undefined) return endIn(transaction);
      const count = await database.transaction().execute(endIn);
      await outbox.flushed();
      return count;
    },
  };
}

/** A provider's session alone names no person: what was let in with the sessions there were is what is known. */
function programsOf(
  which: SessionFilter,
  ended: readonly Session[],
): Parameters<NonNullable<PeopleNeeds['programs']>['endWhere']>[1] {
  const sessionIds = ended.map(({ id }) => id);
  if ('sessionIds' in which) return { sessionIds };
  if (!('provider' in which)) return which;
  const { provider, userId, sid } = which;
  if (userId !== undefined) return { provider, userId };
  return sid === undefined ? { provider } : { sessionIds };
}

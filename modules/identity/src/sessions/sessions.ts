import { createHash } from 'node:crypto';
import type { AccessPolicy } from '@sallyport/access-policy';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { Session, SessionMethod, SessionStore, StoredSession } from './session-store.ts';

export type SessionRefusal = {
  readonly refused: 'session_unknown' | 'session_expired' | 'session_idle' | 'session_reused' | 'user_disabled';
};

/**
 * Signed-in people. A token is 256 bits nobody can guess, stored as a hash and replaced after 15 minutes. The new one counts
 * from its first use on, so that a reply that is lost signs nobody out; the one before is then good for another minute, for
 * requests under way, and one that comes back later was copied: the session ends. Nothing is remembered between requests, so
 * ending a session, disabling a person and changing their roles take effect at once.
 */
export type Sessions = {
  /** `renewed` is the token from now on. Rejects when the database cannot be read: the caller must deny then. */
  authenticate(
    token: string,
    use?: {
      /** A request that no person makes with their own hands: the session idles on. */
      readonly background: boolean;
    },
  ): Promise<{ readonly principal: Principal; readonly renewed?: Secret } | SessionRefusal>;
  /** Who the session stands for now. Counts as no use of it: for replies that go on for long. */
  recheck(id: string): Promise<Principal | SessionRefusal>;
  /** In the transaction that verified who they are. */
  begin(
    transaction: Transaction,
    session: { readonly user: User; readonly methods: readonly SessionMethod[]; readonly client: Client },
  ): Promise<BegunSession>;
  /**
   * A new token for the session, in the transaction that verified who they are or changed what the session stands on. With
   * `proved`, whoever uses it has just proved who they are; the token there was never has. Throws `session_not_found`.
   */
  renew(where: Database | Transaction, id: string, options: { readonly proved: boolean }): Promise<Secret>;
  /** Newest first; of everybody without `userId`. */
  list(userId?: string): Promise<readonly (Session & { readonly userName: string })[]>;
  find(id: string): Promise<Session | undefined>;
  /** Throws `session_not_found`, also for somebody else's unless `anybodys`. */
  end(request: { readonly id: string; readonly by: Principal; readonly anybodys: boolean }): Promise<void>;
  /** All of one person, or all but one, recorded in the caller's transaction. How many there were. */
  endAllOf(
    transaction: Transaction,
    user: { readonly id: string; readonly name: string },
    by: Principal,
    exceptId?: string,
  ): Promise<number>;
};

export type BegunSession = { readonly token: Secret; readonly session: Session; readonly principal: Principal };

const tokenBytes = 32;
const idBytes = 12;
export const idleLifetimeMs = 30 * 60_000;
const absoluteLifetimeMs = 12 * 3_600_000;
const rotateAfterMs = 15 * 60_000;
const graceMs = 60_000;
const lastSeenResolutionMs = 60_000;
const maxSessionsPerUser = 20;
const maxListed = 1000;

export function createSessions(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'policy'> & {
    readonly userStore: UserStore;
    readonly sessionStore: SessionStore;
  },
): Sessions {
  const { database, outbox, clock, random, policy, userStore, sessionStore } = needs;
  const newToken = (): string => Buffer.from(random(tokenBytes)).toString('base64url');

  const endNow = async (session: Session, user: { name: string }, failure: 'token_reused'): Promise<void> => {
    await database.transaction().execute(async (transaction) => {
      await sessionStore.remove(transaction, [session.id]);
      await outbox.record(
        transaction,
        authenticationEvent({
          nowMs: clock.nowMs(),
          action: 'session.reuse',
          failure,
          user: { id: session.userId, name: user.name },
          sessionId: session.id,
        }),
      );
    });
    await outbox.flushed();
  };

  const holderOf = async (session: Session | undefined, nowMs: number): Promise<User | SessionRefusal> => {
    if (session === undefined) return { refused: 'session_unknown' };
    if (nowMs >= session.expiresAtMs) return { refused: 'session_expired' };
    if (nowMs - session.lastSeenAtMs >= idleLifetimeMs) return { refused: 'session_idle' };
    const user = await userStore.find(database, session.userId);
    return user === undefined || stateOf(user) !== 'active' ? { refused: 'user_disabled' } : user;
  };

  /**
   * The token after the one in use, for one of all who ask at once; for the next who asks a minute later, since the reply may
   * have been lost. Never the same for two: of two holders of a copied token, only one comes past its end.
   */
  const nextOf = async (session: StoredSession, nowMs: number): Promise<Secret | undefined> => {
    if (nowMs - session.rotatedAtMs < rotateAfterMs) return undefined;
    if (session.next !== undefined && nowMs - session.next.offeredAtMs < graceMs) return undefined;
    const renewed = newToken();
    const next = { hash: hashOf(renewed), offeredAtMs: nowMs };
    const isOffered = await sessionStore.offerNextOnce(database, session, next);
    return isOffered ? createSecret(renewed) : undefined;
  };

  return {
    async recheck(id) {
      const session = await sessionStore.find(database, id);
      const user = await holderOf(session, clock.nowMs());
      if ('refused' in user) return user;
      return session === undefined ? { refused: 'session_unknown' } : principalOf(user, session, policy);
    },

    async authenticate(token, { background } = { background: false }) {
      const hash = hashOf(token);
      const session = await sessionStore.findByToken(database, hash);
      if (session === undefined) return { refused: 'session_unknown' };
      const nowMs = clock.nowMs();
      const user = await holderOf(session, nowMs);
      if ('refused' in user) return user;
      if (!background && nowMs - session.lastSeenAtMs >= lastSeenResolutionMs)
        await sessionStore.setLastSeen(database, session.id, nowMs);
      if (session.next?.hash === hash) {
        await sessionStore.takeNext(database, session, nowMs);
        const { authenticatedAtMs = session.authenticatedAtMs } = session.next;
        return { principal: principalOf(user, { ...session, authenticatedAtMs }, policy) };
      }
      if (session.tokenHash !== hash) {
        // A request under way when the token changed. What was proved since, its sender did not prove.
        if (nowMs - session.rotatedAtMs < graceMs)
          return { principal: principalOf(user, { ...session, authenticatedAtMs: 0 }, policy) };
        await endNow(session, user, 'token_reused');
        return { refused: 'session_reused' };
      }
      const principal = principalOf(user, session, policy);
      const renewed = background ? undefined : await nextOf(session, nowMs);
      return renewed === undefined ? { principal } : { principal, renewed };
    },

    async begin(transaction, { user, methods, client }) {
      const nowMs = clock.nowMs();
      const token = newToken();
      const session: Session = {
        id: Buffer.from(random(idBytes)).toString('hex'),
        userId: user.id,
        createdAtMs: nowMs,
        authenticatedAtMs: nowMs,
        lastSeenAtMs: nowMs,
        expiresAtMs: nowMs + absoluteLifetimeMs,
        address: client.address,
        agent: client.agent,
        methods,
        assurance: methods.includes('passkey') ? 3 : 2,
      };
      await sessionStore.removeExpired(transaction, nowMs, nowMs - idleLifetimeMs);
      const earlier = await sessionStore.list(transaction, user.id, maxListed);
      const surplus = earlier.slice(maxSessionsPerUser - 1).map(({ id }) => id);
      await sessionStore.remove(transaction, surplus);
      for (const sessionId of surplus)
        await outbox.record(transaction, authenticationEvent({ nowMs, action: 'session.end', user, sessionId }));
      await sessionStore.insert(transaction, { ...session, tokenHash: hashOf(token), rotatedAtMs: nowMs });
      await userStore.update(transaction, user.id, { lastSignInAtMs: nowMs });
      await outbox.record(
        transaction,
        authenticationEvent({ nowMs, action: 'session.sign-in', client, user, methods, sessionId: session.id }),
      );
      return { token: createSecret(token), session, principal: principalOf(user, session, policy) };
    },

    async renew(where, id, { proved }) {
      const session = await sessionStore.find(where, id);
      if (session === undefined) throw new IdentityError('session_not_found', 'Cannot renew the session: it has ended');
      const token = newToken();
      const nowMs = clock.nowMs();
      await sessionStore.offerNext(where, id, session.tokenHash, {
        hash: hashOf(token),
        offeredAtMs: nowMs,
        ...(proved ? { authenticatedAtMs: nowMs } : {}),
      });
      return createSecret(token);
    },

    async list(userId) {
      const nowMs = clock.nowMs();
      const names = new Map((await userStore.list(database)).map((user) => [user.id, user.name]));
      const sessions = await sessionStore.list(database, userId, maxListed);
      return sessions
        .filter((session) => nowMs < session.expiresAtMs && nowMs - session.lastSeenAtMs < idleLifetimeMs)
        .map((session) => ({ ...session, userName: names.get(session.userId) ?? '' }));
    },

    find: (id) => sessionStore.find(database, id),

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
        const nowMs = clock.nowMs();
        await outbox.record(
          transaction,
          authenticationEvent({ nowMs, action: 'session.end', by, user, sessionId: id }),
        );
      });
      await outbox.flushed();
    },

    async endAllOf(transaction, user, by, exceptId) {
      const all = await sessionStore.list(transaction, user.id, maxListed);
      const sessions = all.filter(({ id }) => id !== exceptId);
      await sessionStore.remove(
        transaction,
        sessions.map(({ id }) => id),
      );
      for (const { id } of sessions)
        await outbox.record(
          transaction,
          authenticationEvent({ nowMs: clock.nowMs(), action: 'session.end', by, user, sessionId: id }),
        );
      return sessions.length;
    },
  };
}

function principalOf(user: User, session: Session, policy: AccessPolicy): Principal {
  const principal: Principal = {
    kind: 'user',
    id: user.id,
    name: user.name,
    scopes: [],
    roles: user.roles,
    sessionId: session.id,
    authenticatedAtMs: session.authenticatedAtMs,
    assurance: session.assurance,
  };
  return { ...principal, scopes: policy.permissionsOf(principal) };
}

/** A token is 256 random bits: there is nothing to guess, so one SHA-256 is enough. */
function hashOf(token: string): string {
  return createHash('sha256').update('sallyport session\0').update(token).digest('hex');
}

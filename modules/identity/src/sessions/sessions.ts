import { createHash } from 'node:crypto';
import type { AccessPolicy } from '@sallyport/access-policy';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { stateOf, userStore, type User } from '../people/user-store.ts';
import { sessionStore, type Session, type SessionMethod } from './session-store.ts';

export type SessionRefusal = {
  readonly refused: 'session_unknown' | 'session_expired' | 'session_idle' | 'session_reused' | 'user_disabled';
};

/**
 * Signed-in people. A token is 256 random bits, stored as a hash and replaced every 15 minutes; the one before is good for
 * another minute, for requests under way. One that comes back later was copied: the session ends. Nothing is remembered
 * between requests, so ending a session, disabling a person and changing their roles take effect at once.
 */
export type Sessions = {
  /** `renewed` is the token from now on. Rejects when the database cannot be read: the caller must deny then. */
  authenticate(token: string): Promise<{ readonly principal: Principal; readonly renewed?: Secret } | SessionRefusal>;
  /** Who the session stands for now. Counts as no use of it: for replies that go on for long. */
  recheck(id: string): Promise<Principal | SessionRefusal>;
  /** In the transaction that verified who they are. */
  begin(
    transaction: Transaction,
    session: { readonly user: User; readonly methods: readonly SessionMethod[]; readonly client: Client },
  ): Promise<BegunSession>;
  /** Newest first; of everybody without `userId`. */
  list(userId?: string): Promise<readonly (Session & { readonly userName: string })[]>;
  find(id: string): Promise<Session | undefined>;
  /** Throws `session_not_found`, also for somebody else's unless `anybodys`. */
  end(request: { readonly id: string; readonly by: Principal; readonly anybodys: boolean }): Promise<void>;
  /** All of one person, recorded in the caller's transaction. */
  endAllOf(
    transaction: Transaction,
    user: { readonly id: string; readonly name: string },
    by: Principal,
  ): Promise<void>;
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
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'policy'>,
): Sessions {
  const { database, outbox, clock, random, policy } = needs;
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

  return {
    async recheck(id) {
      const session = await sessionStore.find(database, id);
      const user = await holderOf(session, clock.nowMs());
      if ('refused' in user) return user;
      return session === undefined ? { refused: 'session_unknown' } : principalOf(user, session, policy);
    },

    async authenticate(token) {
      const hash = hashOf(token);
      const session = await sessionStore.findByToken(database, hash);
      if (session === undefined) return { refused: 'session_unknown' };
      const nowMs = clock.nowMs();
      const user = await holderOf(session, nowMs);
      if ('refused' in user) return user;
      if (nowMs - session.lastSeenAtMs >= lastSeenResolutionMs)
        await sessionStore.setLastSeen(database, session.id, nowMs);
      const principal = principalOf(user, session, policy);
      if (session.tokenHash !== hash) {
        if (nowMs - session.rotatedAtMs < graceMs) return { principal };
        await endNow(session, user, 'token_reused');
        return { refused: 'session_reused' };
      }
      if (nowMs - session.rotatedAtMs < rotateAfterMs) return { principal };
      const renewed = newToken();
      const change = { id: session.id, from: hash, to: hashOf(renewed), nowMs };
      return (await sessionStore.replaceToken(database, change))
        ? { principal, renewed: createSecret(renewed) }
        : { principal };
    },

    async begin(transaction, { user, methods, client }) {
      const nowMs = clock.nowMs();
      const token = newToken();
      const session: Session = {
        id: Buffer.from(random(idBytes)).toString('hex'),
        userId: user.id,
        createdAtMs: nowMs,
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

    async endAllOf(transaction, user, by) {
      const sessions = await sessionStore.list(transaction, user.id, maxListed);
      await sessionStore.remove(
        transaction,
        sessions.map(({ id }) => id),
      );
      for (const { id } of sessions)
        await outbox.record(
          transaction,
          authenticationEvent({ nowMs: clock.nowMs(), action: 'session.end', by, user, sessionId: id }),
        );
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
    authenticatedAtMs: session.createdAtMs,
    assurance: session.assurance,
  };
  return { ...principal, scopes: policy.permissionsOf(principal) };
}

/** A token is 256 random bits: there is nothing to guess, so one SHA-256 is enough. */
function hashOf(token: string): string {
  return createHash('sha256').update('sallyport session\0').update(token).digest('hex');
}

import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import type { Assurance, Shown } from '../admission/assurance.ts';
import { authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { rolesAnywhereOf, type User, type UserStore } from '../people/user-store.ts';
import type { BrowserKeys } from './browser-keys.ts';
import { limitsOf, longestOf, maxLifetimeMs } from './session-limits.ts';
import type { SessionPolicies } from './session-policy.ts';
import { createPrincipalOf } from './session-principal.ts';
import type { Session, SessionStore } from './session-store.ts';
import { hashOf, newToken } from './session-token.ts';
import type { LiveSession } from './sessions.ts';

/**
 * In the transaction that verified who they are. Handed to admission alone: nothing else can begin a session. Never goes on with a
 * token that the browser had before. Throws, so that what was shown is not used up: `browser_key_required`,
 * `key_proof_refused`, `sessions_exceeded`.
 */
export type BeginSession = (
  transaction: Transaction,
  session: {
    readonly user: User;
    readonly shown: Shown;
    readonly assurance: Assurance;
    /** What was shown is also a fresh proof of who they are. */
    readonly isProof: boolean;
    readonly client: Client;
    /** What their passkey or certificate said of itself: for the record. */
    readonly passkey?: JsonObject;
    readonly certificate?: JsonObject;
  },
) => Promise<BegunSession>;

export type BegunSession = { readonly token: Secret; readonly session: LiveSession; readonly principal: Principal };

const idBytes = 12;

export function createBeginSession(
  needs: Pick<PeopleNeeds, 'outbox' | 'clock' | 'random' | 'policy' | 'temporaryRoles'> & {
    readonly userStore: UserStore;
    readonly sessionStore: SessionStore;
    readonly sessionPolicies: Pick<SessionPolicies, 'read'>;
    readonly browserKeys: BrowserKeys;
  },
): BeginSession {
  const { outbox, clock, random, userStore, sessionStore, sessionPolicies, browserKeys } = needs;
  const principalOf = createPrincipalOf(needs);

  const end = async (
    transaction: Transaction,
    user: User,
    sessions: readonly Session[],
    cause: string,
  ): Promise<void> => {
    await sessionStore.remove(
      transaction,
      sessions.map(({ id }) => id),
    );
    for (const { id: sessionId } of sessions) {
      const event = { nowMs: clock.nowMs(), action: 'session.end', user, sessionId, cause } as const;
      await outbox.record(transaction, authenticationEvent(event));
    }
  };

  return async (transaction, { user, shown, assurance, isProof, client, passkey, certificate }) => {
    const nowMs = clock.nowMs();
    const rules = await sessionPolicies.read(transaction);
    const { idleMs, lifetimeMs, maxSessions, needsBrowserKey } = limitsOf(rules, rolesAnywhereOf(user));
    const key = await browserKeys.verify(transaction, client);
    if (needsBrowserKey && key === undefined)
      throw new IdentityError('browser_key_required', 'Cannot sign in here: the browser must show a key of its own', {
        hint: 'use the console, in a browser that is up to date and keeps its data',
      });

    const longest = longestOf(rules);
    const createdMs = nowMs - longest.lifetimeMs;
    await sessionStore.removeExpired(transaction, { nowMs, createdMs, seenMs: nowMs - longest.idleMs });
    const earlier = await sessionStore.listWhere(transaction, { userId: user.id });
    // The browser had one already, whose token it gives up for the new one.
    const isReplaced = ({ browserKey }: Session): boolean => key !== undefined && browserKey === key.thumbprint;
    const isLive = ({ createdAtMs, lastSeenAtMs }: Session): boolean =>
      nowMs < createdAtMs + lifetimeMs && nowMs < lastSeenAtMs + idleMs;
    // One that is over by their own roles' times takes nobody's place.
    const others = earlier.filter((session) => !isReplaced(session) && isLive(session));
    const surplus = others.slice(maxSessions - 1);
    if (surplus.length > 0 && rules.whenTooMany === 'ask' && client.endsOldest !== true)
      throw new IdentityError(
        'sessions_exceeded',
        `Cannot sign in once more: there are ${maxSessions} sessions already, which is as many as your roles may have`,
        { details: { max: maxSessions }, hint: 'end one of them, or let the oldest be ended' },
      );
    await end(transaction, user, earlier.filter(isReplaced), 'signed in again with the same browser');
    await end(transaction, user, surplus, 'signed in once too often');

    const token = newToken(random);
    const { methods, provider } = shown;
    const session: Session = {
      id: Buffer.from(random(idBytes)).toString('hex'),
      userId: user.id,
      createdAtMs: nowMs,
      authenticatedAtMs: isProof ? nowMs : 0,
      lastSeenAtMs: nowMs,
      expiresAtMs: nowMs + maxLifetimeMs,
      address: client.address,
      agent: client.agent,
      methods,
      assurance,
      ...(key === undefined ? {} : { browserKey: key.thumbprint }),
      ...(provider === undefined
        ? {}
        : {
            provider: {
              id: provider.id,
              ...(provider.sessionId === undefined ? {} : { sid: provider.sessionId }),
            },
          }),
    };
    const stored = { ...session, tokenHash: hashOf(token), rotatedAtMs: nowMs };
    await sessionStore.insert(transaction, key === undefined ? stored : { ...stored, key });
    await userStore.update(transaction, user.id, { lastSignInAtMs: nowMs });
    const provided = provider === undefined ? {} : { provider: provider.id };
    const shownKey = key === undefined ? {} : { browserKey: key.thumbprint };
    await outbox.record(
      transaction,
      authenticationEvent({
        nowMs,
        action: 'session.sign-in',
        client,
        user,
        methods,
        assurance,
        sessionId: session.id,
        ...provided,
        ...shownKey,
        ...(passkey === undefined ? {} : { passkey }),
        ...(certificate === undefined ? {} : { certificate }),
      }),
    );
    const expiresAtMs = nowMs + lifetimeMs;
    const live = { ...session, expiresAtMs, idleExpiresAtMs: Math.min(expiresAtMs, nowMs + idleMs) };
    return { token: createSecret(token), session: live, principal: principalOf(user, session) };
  };
}

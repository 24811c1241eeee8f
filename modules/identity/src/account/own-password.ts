import type { Client, Principal } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import { accountEvent, authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { PasswordHashes } from '../passwords/password-hash.ts';
import { checkPassword } from '../passwords/password-rules.ts';
import { isSamePassword, nameKeyOf, type UserStore } from '../people/user-store.ts';
import { sessionIdOf } from '../sessions/session-format.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { networkOf, refuseThrottled, type SignInThrottle } from '../sessions/sign-in-throttle.ts';
import type { Tickets } from '../tickets/tickets.ts';

export type OwnPassword = {
  /** Undefined when it is not known: it was set by an earlier version. */
  changedAtMs(by: Principal): Promise<number | undefined>;
  /**
   * Ends every other session and whatever was begun with the old password; the session it is done in gets a new token.
   * Throws `proof_refused` for a wrong current password, `password_weak`, `sign_in_throttled`, `passwords_busy`.
   */
  change(request: {
    readonly by: Principal;
    readonly current: string;
    readonly password: string;
    readonly client: Client;
  }): Promise<{ readonly token: Secret; readonly endedSessions: number }>;
};

export function createOwnPassword(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'passwordStrength'> & {
    readonly userStore: UserStore;
    readonly hashes: PasswordHashes;
    readonly sessions: Sessions;
    readonly tickets: Tickets;
    readonly throttle: SignInThrottle;
    readonly organization: { read(): Promise<string | undefined> };
  },
): OwnPassword {
  const { database, outbox, clock, userStore, hashes, sessions, tickets, throttle, organization } = needs;
  return {
    changedAtMs: async (by) => (await userStore.find(database, by.id))?.passwordChangedAtMs,

    async change({ by, current, password, client }) {
      const sessionId = sessionIdOf(by);
      const user = await userStore.find(database, by.id);
      if (user === undefined)
        throw new IdentityError('session_not_found', 'Cannot change the password: the session has ended');
      refuseThrottled(throttle.begin(client.address, nameKeyOf(user.name)).waitMs);
      const lane = { source: networkOf(client.address), isKnown: true };
      const { matches, outdated } = await hashes.verify(current, user.passwordHash, lane);
      if (!matches) {
        const failure = authenticationEvent({
          nowMs: clock.nowMs(),
          action: 'session.step-up',
          failure: 'password_wrong',
          client,
          user,
          sessionId,
        });
        await database.transaction().execute((transaction) => outbox.record(transaction, failure));
        await outbox.flushed();
        throw new IdentityError('proof_refused', 'Cannot change the password: the current one is wrong');
      }
      const related = [user.name, (await organization.read()) ?? '', 'sallyport'];
      await checkPassword(password, related, needs.passwordStrength);
      if (password.normalize('NFKC') === current.normalize('NFKC'))
        throw new IdentityError('password_weak', 'Cannot use this password: it is the one you have', {
          details: { reason: 'it is the one you have' },
        });
      const passwordHash = await hashes.hash(password, lane);
      const changed = await database.transaction().execute(async (transaction) => {
        const nowMs = clock.nowMs();
        // Changed meanwhile elsewhere, by somebody who knew the old one too.
        if (!isSamePassword(await userStore.find(transaction, by.id), user, outdated))
          throw new IdentityError('proof_refused', 'Cannot change the password: it was changed meanwhile');
        await userStore.update(transaction, by.id, { passwordHash, passwordChangedAtMs: nowMs });
        await tickets.forget(transaction, { userId: by.id });
        const endedSessions = await sessions.endAllOf(transaction, user, by, sessionId);
        const details = { sessions: endedSessions, address: client.address };
        await outbox.record(transaction, accountEvent({ nowMs, action: 'user.password', by, user, details }));
        // The password alone proves nothing anew: when they last proved it stays what it was.
        return { token: await sessions.renew(transaction, sessionId, {}), endedSessions };
      });
      await outbox.flushed();
      throttle.succeeded(client.address, nameKeyOf(user.name));
      return changed;
    },
  };
}

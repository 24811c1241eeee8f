import type { Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { accountEvent, authenticationEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { SessionMethod } from '../sessions/session-store.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { Tickets } from '../tickets/tickets.ts';
import type { Challenges } from './challenges.ts';
import type { PasskeyStore } from './passkey-store.ts';
import { creationOptions, refused, verifyCreation, type CreationResponse } from './passkeys.ts';
import type { RecoveryCodes } from './recovery-codes.ts';
import type { TotpFactor } from './totp.ts';

export type Enrolled = { readonly recoveryCodes: string[]; readonly begun: BegunSession };

/**
 * The first second factor of somebody who has just set or shown their password. With it the account is active and they are
 * signed in. The ticket is good until then, and for nobody who has a factor. All throw `ticket_invalid`.
 */
export type Enrolment = {
  beginTotp(request: { readonly enrolment: string }): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Throws `code_wrong`. */
  confirmTotp(request: {
    readonly enrolment: string;
    readonly code: string;
    readonly client: Client;
  }): Promise<Enrolled>;
  /** Throws `passkey_needs_name`. */
  passkeyOptions(request: { readonly enrolment: string; readonly client: Client }): Promise<object>;
  /** Throws `passkey_refused`. */
  confirmPasskey(request: {
    readonly enrolment: string;
    readonly response: CreationResponse;
    readonly label?: string;
    readonly client: Client;
  }): Promise<Enrolled>;
};

const maxAttempts = 10;

export function createEnrolment(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly userStore: UserStore;
    readonly challenges: Challenges;
    readonly tickets: Tickets;
    readonly sessions: Sessions;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly recoveryCodes: RecoveryCodes;
  },
): Enrolment {
  const { database, outbox, clock, userStore, challenges, tickets, sessions, totp, recoveryCodes, passkeyStore } =
    needs;

  const holderOf = async (where: Transaction | typeof database, enrolment: string): Promise<User> => {
    const found = await tickets.find(where, 'enrolment', enrolment);
    const user = found?.userId === undefined ? undefined : await userStore.find(where, found.userId);
    if (found === undefined || found.attempts >= maxAttempts || user === undefined || stateOf(user) !== 'enrolling')
      throw new IdentityError('ticket_invalid', 'Cannot go on: the step was used, has expired or is wrong', {
        hint: 'sign in with your name and password to start it again',
      });
    return user;
  };

  const finish = async (
    transaction: Transaction,
    user: User,
    method: SessionMethod,
    client: Client,
  ): Promise<Enrolled> => {
    const nowMs = clock.nowMs();
    await tickets.forget(transaction, { userId: user.id });
    await userStore.update(transaction, user.id, { activatedAtMs: nowMs });
    const codes = await recoveryCodes.renew(transaction, user.id);
    const by = { kind: 'user', id: user.id, name: user.name };
    const details = { method, address: client.address };
    await outbox.record(transaction, accountEvent({ nowMs, by, action: 'user.factor', user, details }));
    const begun = await sessions.begin(transaction, { user, methods: ['password', method], client });
    return { recoveryCodes: codes, begun };
  };

  const recordFailure = (
    transaction: Transaction,
    failure: 'code_wrong' | 'passkey_refused',
    client: Client,
    user: User,
  ): Promise<void> =>
    outbox.record(
      transaction,
      authenticationEvent({ nowMs: clock.nowMs(), action: 'session.enrol', failure, client, user }),
    );

  return {
    beginTotp: ({ enrolment }) =>
      database
        .transaction()
        .execute(async (transaction) => totp.begin(transaction, await holderOf(transaction, enrolment))),

    async confirmTotp({ enrolment, code, client }) {
      const enrolled = await database.transaction().execute(async (transaction) => {
        const user = await holderOf(transaction, enrolment);
        if (await totp.confirm(transaction, user.id, code)) return finish(transaction, user, 'totp', client);
        await tickets.countAttempt(transaction, enrolment);
        await recordFailure(transaction, 'code_wrong', client, user);
        return undefined;
      });
      await outbox.flushed();
      if (enrolled === undefined)
        throw new IdentityError('code_wrong', 'Cannot confirm the app: the code is wrong', {
          hint: 'is the clock of the phone right?',
        });
      return enrolled;
    },

    async passkeyOptions({ enrolment, client }) {
      const user = await holderOf(database, enrolment);
      const known = await passkeyStore.listOf(database, user.id);
      return creationOptions({ site: client, user, challenge: challenges.issue('create', user.id), known });
    },

    async confirmPasskey({ enrolment, response, label, client }) {
      const holder = await holderOf(database, enrolment);
      const isOurs = (challenge: string): boolean => challenges.check(challenge, 'create', holder.id);
      let created;
      try {
        created = await verifyCreation({ site: client, response, isOurs });
      } catch (error) {
        if (!(error instanceof IdentityError) || error.code !== 'passkey_refused') throw error;
        await database.transaction().execute(async (transaction) => {
          await tickets.countAttempt(transaction, enrolment);
          await recordFailure(transaction, 'passkey_refused', client, holder);
        });
        await outbox.flushed();
        throw error;
      }
      const { challenge, ...made } = created;
      const enrolled = await database.transaction().execute(async (transaction) => {
        const user = await holderOf(transaction, enrolment);
        await challenges.spend(transaction, challenge);
        if ((await passkeyStore.find(transaction, made.id)) !== undefined) throw refused('it is in use already');
        await passkeyStore.insert(transaction, {
          ...made,
          userId: user.id,
          label: label ?? 'Passkey',
          createdAtMs: clock.nowMs(),
        });
        return finish(transaction, user, 'passkey', client);
      });
      await outbox.flushed();
      return enrolled;
    },
  };
}

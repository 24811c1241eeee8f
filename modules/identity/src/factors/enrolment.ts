import type { Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { accountEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { stateOf, userStore, type User } from '../people/user-store.ts';
import type { SessionMethod } from '../sessions/session-store.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { passkeyStore } from './passkey-store.ts';
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
    readonly tickets: Tickets;
    readonly sessions: Sessions;
    readonly totp: TotpFactor;
    readonly recoveryCodes: RecoveryCodes;
  },
): Enrolment {
  const { database, outbox, clock, tickets, sessions, totp, recoveryCodes } = needs;

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
        return undefined;
      });
      if (enrolled === undefined)
        throw new IdentityError('code_wrong', 'Cannot confirm the app: the code is wrong', {
          hint: 'is the clock of the phone right?',
        });
      await outbox.flushed();
      return enrolled;
    },

    async passkeyOptions({ enrolment, client }) {
      const user = await holderOf(database, enrolment);
      const known = await passkeyStore.listOf(database, user.id);
      const { token } = await tickets.issue(database, { purpose: 'passkey-creation', userId: user.id });
      return creationOptions({ site: client, user, challenge: token, known });
    },

    async confirmPasskey({ enrolment, response, label, client }) {
      const holder = await holderOf(database, enrolment);
      const takeChallenge = async (challenge: string): Promise<boolean> => {
        const taken = await tickets.consume(database, 'passkey-creation', challenge);
        return taken?.userId === holder.id;
      };
      const made = await verifyCreation({ site: client, response, takeChallenge });
      const enrolled = await database.transaction().execute(async (transaction) => {
        const user = await holderOf(transaction, enrolment);
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

import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import type { JsonObject } from '@sallyport/contracts';
import { accountEvent, authenticationEvent, passkeyOf } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { Admission, Admitted } from '../admission/admission.ts';
import type { Shown } from '../admission/assurance.ts';
import type { Enrollable } from '../admission/judgement.ts';
import type { Tickets } from '../tickets/tickets.ts';
import type { Challenges } from './challenges.ts';
import type { PasskeyPolicyStore } from './passkey-policy-store.ts';
import type { PasskeyStore } from './passkey-store.ts';
import { creationOptions, provenanceDetails, refused, verifyCreation, type CreationResponse } from './passkeys.ts';
import type { RecoveryCodes } from './recovery-codes.ts';
import type { TotpFactor } from './totp.ts';

/** No recovery codes for whoever has some already and did not use one to come here. */
export type Enrolled = { readonly recoveryCodes: string[]; readonly admitted: Admitted };

/**
 * A second factor for whoever admission does not let in without: the first, of somebody who has just set or shown their password,
 * which makes the account active; or a stronger one, of somebody who showed what they have. Then admission is asked again. All
 * throw `ticket_invalid`, and `factor_insufficient` for a factor that would not do.
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
  /** What would do for whose step it is, where they are. */
  methods(request: { readonly enrolment: string; readonly client: Client }): Promise<readonly Enrollable[]>;
  /** Whose step it is, if a certificate would do for them where they are. */
  certificateHolder(
    where: Database | Transaction,
    request: { readonly enrolment: string; readonly client: Client },
  ): Promise<User>;
  /** In the transaction that finds a certificate good: `bind` makes it theirs, and leaves the event. */
  confirmCertificate(
    transaction: Transaction,
    request: {
      readonly enrolment: string;
      readonly client: Client;
      /** What it says of itself: for the record. */
      readonly certificate: JsonObject;
      readonly bind: (user: User) => Promise<void>;
    },
  ): Promise<Enrolled>;
};

type Holder = { readonly user: User; readonly shown: Shown };

const maxAttempts = 10;

export function createEnrolment(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly userStore: UserStore;
    readonly challenges: Challenges;
    readonly tickets: Tickets;
    readonly admission: Admission;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly passkeyPolicyStore: PasskeyPolicyStore;
    readonly recoveryCodes: RecoveryCodes;
  },
): Enrolment {
  const { database, outbox, clock, userStore, challenges, tickets, admission, totp, recoveryCodes, passkeyStore } =
    needs;
  const { passkeyPolicyStore } = needs;

  const holderOf = async (where: Transaction | typeof database, enrolment: string): Promise<Holder> => {
    const found = await tickets.find(where, 'enrolment', enrolment);
    const user = found?.userId === undefined ? undefined : await userStore.find(where, found.userId);
    const state = user === undefined ? 'disabled' : stateOf(user);
    // Whoever has just set a password, by a link of ours, has shown it; whoever has an account has shown what admission noted.
    const shown: Shown | undefined = found?.shown ?? (state === 'enrolling' ? { methods: ['password'] } : undefined);
    const mayEnrol = state === 'enrolling' || state === 'active';
    if (found === undefined || found.attempts >= maxAttempts || user === undefined || !mayEnrol || shown === undefined)
      throw new IdentityError('ticket_invalid', 'Cannot go on: the step was used, has expired or is wrong', {
        hint: 'sign in with your name and password to start it again',
      });
    return { user, shown };
  };

  const holderFor = async (
    where: Transaction | typeof database,
    enrolment: string,
    factor: Enrollable,
    client?: Client,
  ): Promise<Holder> => {
    const holder = await holderOf(where, enrolment);
    if ((await admission.enrollable(where, holder.user, client)).includes(factor)) return holder;
    const what = factor === 'certificate' ? 'a certificate here' : 'an app';
    throw new IdentityError(
      'factor_insufficient',
      `Cannot add ${what}: must be a passkey, for what this account may do`,
    );
  };

  const finish = async (
    transaction: Transaction,
    { user, shown }: Holder,
    {
      method,
      client,
      passkey,
      certificate,
    }: { method: Enrollable; client: Client; passkey?: JsonObject; certificate?: JsonObject },
  ): Promise<Enrolled> => {
    const nowMs = clock.nowMs();
    await tickets.forget(transaction, { userId: user.id });
    if (stateOf(user) === 'enrolling') await userStore.update(transaction, user.id, { activatedAtMs: nowMs });
    const keepsCodes = !shown.methods.includes('recovery') && (await recoveryCodes.count(transaction, user.id)) > 0;
    const codes = keepsCodes ? [] : await recoveryCodes.renew(transaction, user.id);
    const by = { kind: 'user', id: user.id, name: user.name };
    const details = { method, address: client.address, ...(passkey === undefined ? {} : { passkey }) };
    // Of a certificate whoever bound it says so.
    if (certificate === undefined)
      await outbox.record(transaction, accountEvent({ nowMs, by, action: 'user.factor', user, details }));
    const methods = [...shown.methods, method];
    const about = certificate === undefined ? {} : { certificate };
    return {
      recoveryCodes: codes,
      admitted: await admission.admit(transaction, { user, shown: { ...shown, methods }, client, ...about }),
    };
  };

  const recordFailure = (
    transaction: Transaction,
    failure: 'code_wrong' | 'passkey_refused',
    client: Client,
    { user, passkey }: { user: User; passkey?: JsonObject | undefined },
  ): Promise<void> =>
    outbox.record(
      transaction,
      authenticationEvent({
        nowMs: clock.nowMs(),
        action: 'session.enrol',
        failure,
        client,
        user,
        ...(passkey === undefined ? {} : { passkey }),
      }),
    );

  return {
    beginTotp: ({ enrolment }) =>
      database
        .transaction()
        .execute(async (transaction) =>
          totp.begin(transaction, (await holderFor(transaction, enrolment, 'totp')).user),
        ),

    async confirmTotp({ enrolment, code, client }) {
      const enrolled = await database.transaction().execute(async (transaction) => {
        const holder = await holderFor(transaction, enrolment, 'totp');
        if (await totp.confirm(transaction, holder.user.id, code))
          return finish(transaction, holder, { method: 'totp', client });
        await tickets.countAttempt(transaction, enrolment);
        await recordFailure(transaction, 'code_wrong', client, { user: holder.user });
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
      const { user } = await holderFor(database, enrolment, 'passkey');
      const known = await passkeyStore.listOf(database, user.id);
      const rules = await passkeyPolicyStore.read(database);
      return creationOptions({ site: client, user, challenge: challenges.issue('create', user.id), known, rules });
    },

    async confirmPasskey({ enrolment, response, label, client }) {
      const { user } = await holderFor(database, enrolment, 'passkey');
      const isOurs = (challenge: string): boolean => challenges.check(challenge, 'create', user.id);
      let created;
      try {
        const rules = await passkeyPolicyStore.read(database);
        const roles = rolesAnywhereOf(user);
        created = await verifyCreation({ site: client, response, isOurs, rules, roles, nowMs: clock.nowMs() });
      } catch (error) {
        if (!(error instanceof IdentityError) || error.code !== 'passkey_refused') throw error;
        await database.transaction().execute(async (transaction) => {
          await tickets.countAttempt(transaction, enrolment);
          await recordFailure(transaction, 'passkey_refused', client, { user, passkey: passkeyOf(error) });
        });
        await outbox.flushed();
        throw error;
      }
      const { challenge, ...made } = created;
      const enrolled = await database.transaction().execute(async (transaction) => {
        const holder = await holderFor(transaction, enrolment, 'passkey');
        await challenges.spend(transaction, challenge);
        if ((await passkeyStore.find(transaction, made.id)) !== undefined) throw refused('it is in use already');
        await passkeyStore.insert(transaction, {
          ...made,
          userId: holder.user.id,
          label: label ?? 'Passkey',
          createdAtMs: clock.nowMs(),
        });
        return finish(transaction, holder, { method: 'passkey', client, passkey: provenanceDetails(made, 'accepted') });
      });
      await outbox.flushed();
      return enrolled;
    },

    async methods({ enrolment, client }) {
      const { user } = await holderOf(database, enrolment);
      return admission.enrollable(database, user, client);
    },

    certificateHolder: async (where, { enrolment, client }) =>
      (await holderFor(where, enrolment, 'certificate', client)).user,

    async confirmCertificate(transaction, { enrolment, client, certificate, bind }) {
      const holder = await holderFor(transaction, enrolment, 'certificate', client);
      await bind(holder.user);
      return finish(transaction, holder, { method: 'certificate', client, certificate });
    },
  };
}

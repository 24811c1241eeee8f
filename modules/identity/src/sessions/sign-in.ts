import type { Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import type { JsonObject } from '@sallyport/contracts';
import { authenticationEvent, passkeyOf, type SignInFailure } from '../audit-record.ts';
import type { CodeKind } from '../codes/code-message.ts';
import type { SentCodes } from '../codes/sent-codes.ts';
import { IdentityError } from '../errors.ts';
import type { PasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import type { PasskeyStore } from '../factors/passkey-store.ts';
import type { Challenges } from '../factors/challenges.ts';
import { sessionRefusalOf, type Admission, type Admitted } from '../admission/admission.ts';
import type { SessionMethod, Shown } from '../admission/assurance.ts';
import { refused, requestOptions, usedPasskey, verifyRequest, type RequestResponse } from '../factors/passkeys.ts';
import type { RecoveryCodes } from '../factors/recovery-codes.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { PasswordHashes } from '../passwords/password-hash.ts';
import type { Lane } from '../passwords/work-queue.ts';
import {
  isSamePassword,
  nameKeyOf,
  rolesAnywhereOf,
  stateOf,
  type User,
  type UserStore,
} from '../people/user-store.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { networkOf, refuseThrottled, type SignInThrottle } from './sign-in-throttle.ts';
import { createHolderOf } from './ticket-holder.ts';

/**
 * Password, then a second factor; or a passkey alone, which is both. This verifies what is shown; whether it is enough, admission
 * says. Wrong names, wrong passwords and people who may not sign in get the same answer after the same work. Every attempt
 * leaves an event before it is answered.
 */
export type SignIn = {
  /** Throws `credentials_wrong`, `sign_in_throttled`, `passwords_busy`. */
  withPassword(request: {
    readonly name: string;
    readonly password: string;
    readonly client: Client;
  }): Promise<Admitted>;
  /** Throws `ticket_invalid`, `code_wrong`, `sign_in_throttled`. */
  withCode(request: {
    readonly kind: 'totp' | 'recovery' | 'code';
    readonly ticket: string;
    readonly code: string;
    readonly client: Client;
  }): Promise<Admitted>;
  /** A code by e-mail or SMS, for this ticket. Throws `ticket_invalid`, `code_unavailable`, `code_too_many`, `code_not_sent`. */
  sendCode(request: {
    readonly ticket: string;
    readonly client: Client;
  }): Promise<{ readonly kind: CodeKind; readonly sentTo: string }>;
  /** Throws `ticket_invalid`, `passkey_needs_name`. */
  passkeyOptions(request: { readonly ticket?: string; readonly client: Client }): Promise<object>;
  /** Throws `ticket_invalid`, `passkey_refused`, `sign_in_throttled`. */
  withPasskey(request: {
    readonly ticket?: string;
    readonly response: RequestResponse;
    readonly client: Client;
  }): Promise<Admitted>;
};

const codeLifetimeMs = 10 * 60_000;
const maxNameInEvent = 100;

export function createSignIn(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly userStore: UserStore;
    readonly challenges: Challenges;
    readonly hashes: PasswordHashes;
    readonly tickets: Tickets;
    readonly admission: Admission;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly passkeyPolicyStore: PasskeyPolicyStore;
    readonly recoveryCodes: RecoveryCodes;
    readonly sentCodes: SentCodes;
    readonly throttle: SignInThrottle;
  },
): SignIn {
  const { database, outbox, clock, userStore, hashes, tickets, admission, totp, recoveryCodes, throttle } = needs;
  const { challenges, passkeyStore, passkeyPolicyStore, sentCodes } = needs;

  const recordFailure = async (
    failure: SignInFailure,
    client: Client,
    { passkey, ...user }: { id?: string; name: string; passkey?: JsonObject | undefined },
    transaction?: Transaction,
  ): Promise<void> => {
    const name = user.name.slice(0, maxNameInEvent);
    const event = authenticationEvent({
      nowMs: clock.nowMs(),
      action: 'session.sign-in',
      failure,
      client,
      user: { ...user, name },
      ...(passkey === undefined ? {} : { passkey }),
    });
    if (transaction !== undefined) return outbox.record(transaction, event);
    await database.transaction().execute((own) => outbox.record(own, event));
    await outbox.flushed();
  };

  /** In a transaction; a session that is refused to somebody who has shown enough is recorded after it. */
  const telling = async <Answer>(
    client: Client,
    { id, name }: { readonly id: string; readonly name: string },
    work: (transaction: Transaction) => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      return await database.transaction().execute(work);
    } catch (error) {
      const failure = sessionRefusalOf(error);
      if (failure !== undefined) await recordFailure(failure, client, { id, name });
      throw error;
    }
  };

  const laneOf = (client: Client, name: string): Lane => ({
    source: networkOf(client.address),
    isKnown: client.isLocal || throttle.isKnown(client.address, nameKeyOf(name)),
  });

  const beginAttempt = async (client: Client, user: { id?: string; name: string }): Promise<void> => {
    const { waitMs, first } = throttle.begin(client.address, nameKeyOf(user.name));
    if (first) await recordFailure('throttled', client, user);
    refuseThrottled(waitMs);
  };

  const holderOf = createHolderOf(needs);

  const succeed = async (admitted: Admitted, client: Client, attempted: string): Promise<Admitted> => {
    await outbox.flushed();
    if ('begun' in admitted) throttle.succeeded(client.address, nameKeyOf(attempted));
    return admitted;
  };

  return {
    async withPassword({ name, password, client }) {
      await beginAttempt(client, { name });
      const user = await userStore.findByName(database, name);
      const { matches, outdated } = await hashes.verify(password, user?.passwordHash, laneOf(client, name));
      const failure = failureOf(user, matches);
      if (user === undefined || failure !== undefined) {
        await recordFailure(failure ?? 'user_unknown', client, user === undefined ? { name } : { id: user.id, name });
        throw credentialsWrong();
      }
      const costlier = outdated ? await hashes.hash(password) : undefined;
      const admitted = await telling(client, user, async (transaction) => {
        // Checking takes a while: what was changed or taken away meanwhile counts for nothing any more, and is not brought back.
        const current = await userStore.find(transaction, user.id);
        if (!isSamePassword(current, user, outdated)) {
          await recordFailure('password_wrong', client, { id: user.id, name }, transaction);
          return undefined;
        }
        if (costlier !== undefined) await userStore.rehash(transaction, user.id, costlier);
        return admission.admit(transaction, { user, shown: { methods: ['password'] }, client });
      });
      if (admitted !== undefined) return succeed(admitted, client, name);
      await outbox.flushed();
      throw credentialsWrong();
    },

    async withCode({ kind, ticket, code, client }) {
      const holder = (await holderOf(database, ticket)).user;
      await beginAttempt(client, holder);
      const admitted = await telling(client, holder, async (transaction) => {
        const { user, shown } = await holderOf(transaction, ticket);
        const right =
          kind === 'totp'
            ? await totp.verify(transaction, user.id, code)
            : kind === 'code'
              ? await sentCodes.verify(transaction, { userId: user.id, boundTo: ticket, code })
              : await recoveryCodes.use(transaction, user.id, code);
        if (!right) {
          await tickets.countAttempt(transaction, ticket);
          const failure = kind === 'recovery' ? 'recovery_code_wrong' : 'code_wrong';
          await recordFailure(failure, client, user, transaction);
          return undefined;
        }
        await tickets.forget(transaction, { purpose: 'second-factor', userId: user.id });
        if (kind === 'recovery') await totp.forgetFailures(transaction, user.id);
        const name = user.name;
        return { name, ...(await admission.admit(transaction, { user, shown: after(shown, kind), client })) };
      });
      if (admitted !== undefined) return succeed(admitted, client, admitted.name);
      await outbox.flushed();
      throw new IdentityError('code_wrong', 'Cannot sign in: the code is wrong or was used before');
    },

    async sendCode({ ticket, client }) {
      const { user } = await holderOf(database, ticket);
      if (!(await admission.acceptsCodes(database, user)))
        throw new IdentityError('code_unavailable', 'Cannot send a code: it would not count for this account');
      const isKnown = client.isLocal || throttle.isKnown(client.address, nameKeyOf(user.name));
      const sent = await sentCodes.send({ userId: user.id, boundTo: ticket, isKnown });
      // Only for what was sent, which is bounded: asking alone keeps no ticket alive.
      await tickets.extend(database, ticket, clock.nowMs() + codeLifetimeMs);
      return sent;
    },

    async passkeyOptions({ ticket, client }) {
      const user = ticket === undefined ? undefined : (await holderOf(database, ticket)).user;
      const all = user === undefined ? [] : await passkeyStore.listOf(database, user.id);
      const passkeys = all.filter(({ hostName }) => hostName === client.hostName);
      return requestOptions({ site: client, challenge: challenges.issue('sign-in', user?.id), passkeys });
    },

    async withPasskey({ ticket, response, client }) {
      const holder = ticket === undefined ? undefined : (await holderOf(database, ticket)).user;
      const attempted = holder?.name ?? `passkey ${response.id}`;
      await beginAttempt(client, { name: attempted });
      const passkey = await passkeyStore.find(database, response.id);
      // As many questions for one that nobody has: what is asked must not tell which are known.
      const user = await userStore.find(database, passkey?.userId ?? '');
      const rules = await passkeyPolicyStore.read(database);
      const named = user ?? holder ?? { name: 'passkey' };
      try {
        if (passkey === undefined || user === undefined || stateOf(user) !== 'active')
          throw refused('it belongs to nobody who may sign in');
        if (holder !== undefined && holder.id !== user.id) throw refused('it belongs to somebody else');
        const isOurs = (challenge: string): boolean => challenges.check(challenge, 'sign-in', holder?.id);
        const roles = rolesAnywhereOf(user);
        const { use, challenge } = await verifyRequest({ site: client, response, passkey, isOurs, rules, roles });
        const admitted = await telling(client, user, async (transaction) => {
          const current = await userStore.find(transaction, user.id);
          if (current === undefined || stateOf(current) !== 'active') throw refused('they may not sign in any more');
          await challenges.spend(transaction, challenge);
          if (!(await passkeyStore.advance(transaction, passkey, use, clock.nowMs())))
            throw refused('it was used meanwhile');
          // As it is now: what was shown before may have been taken back meanwhile.
          const earlier = ticket === undefined ? { methods: [] } : (await holderOf(transaction, ticket)).shown;
          if (ticket !== undefined) await tickets.forget(transaction, { purpose: 'second-factor', userId: user.id });
          await totp.forgetFailures(transaction, user.id);
          const shown = after(earlier, 'passkey');
          const facts = usedPasskey(passkey, use, rules);
          return admission.admit(transaction, { user: current, shown, client, passkey: facts });
        });
        return await succeed(admitted, client, attempted);
      } catch (error) {
        if (!(error instanceof IdentityError) || error.code !== 'passkey_refused') throw error;
        if (ticket !== undefined) await tickets.countAttempt(database, ticket);
        const known = 'id' in named ? { id: named.id, name: named.name } : named;
        await recordFailure('passkey_refused', client, { ...known, passkey: passkeyOf(error) });
        throw error;
      }
    },
  };
}

function credentialsWrong(): IdentityError {
  return new IdentityError('credentials_wrong', 'Cannot sign in: the name or the password is wrong');
}

function failureOf(user: User | undefined, matches: boolean): SignInFailure | undefined {
  if (user === undefined) return 'user_unknown';
  if (!matches) return 'password_wrong';
  const state = stateOf(user);
  if (state === 'disabled') return 'user_disabled';
  return state === 'invited' ? 'user_not_ready' : undefined;
}

function after(shown: Shown, method: SessionMethod): Shown {
  return { ...shown, methods: [...shown.methods, method] };
}

import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import { authenticationEvent, type SignInFailure } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { Challenges } from '../factors/challenges.ts';
import type { PasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import type { PasskeyStore } from '../factors/passkey-store.ts';
import type { Admission } from '../admission/admission.ts';
import type { OwnedFactor } from '../admission/judgement.ts';
import { refused, requestOptions, verifyRequest, type RequestResponse } from '../factors/passkeys.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { PasswordHashes } from '../passwords/password-hash.ts';
import { nameKeyOf, stateOf, type User, type UserStore, rolesAnywhereOf } from '../people/user-store.ts';
import { sessionIdOf } from './session-format.ts';
import type { Sessions } from './sessions.ts';
import { networkOf, refuseThrottled, type SignInThrottle } from './sign-in-throttle.ts';

/** Password and a code of the app, or a passkey, which is both. A recovery code is for coming back in, not for this. */
export type Proof =
  | { readonly kind: 'password'; readonly password: string; readonly code: string }
  | { readonly kind: 'passkey'; readonly response: RequestResponse };

/**
 * Why somebody can prove nothing: their passkeys were made for another name of this server; what they have is less than their roles
 * ask for; or they have nothing that proves anything, as whoever comes by a provider or by a code that was sent.
 */
export type Lack = 'other_name' | 'stronger_factor' | 'factor';

/**
 * Somebody signed in proves once more, in full, who they are: for what a stolen session must not be enough. Slowed down
 * together with signing in; each attempt leaves an event before it is answered. All throw `session_required`.
 */
export type StepUp = {
  /** What they can prove it with here; `passkey` are the options for the browser. */
  options(request: { readonly by: Principal; readonly client: Client }): Promise<{
    readonly methods: readonly OwnedFactor[];
    readonly passkey?: object;
    /** When there is nothing. */
    readonly lacks?: Lack;
  }>;
  /** The session's new token; only whoever uses it has proved anything. Throws `proof_refused`, `sign_in_throttled`, `passwords_busy`. */
  prove(request: { readonly by: Principal; readonly client: Client; readonly proof: Proof }): Promise<Secret>;
};

export function createStepUp(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly userStore: UserStore;
    readonly hashes: PasswordHashes;
    readonly sessions: Sessions;
    readonly admission: Admission;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly passkeyPolicyStore: PasskeyPolicyStore;
    readonly challenges: Challenges;
    readonly throttle: SignInThrottle;
  },
): StepUp {
  const { database, outbox, clock, userStore, hashes, sessions, totp, challenges, throttle, passkeyStore, admission } =
    needs;
  const { passkeyPolicyStore } = needs;

  const record = (
    transaction: Transaction,
    attempt: {
      readonly client: Client;
      readonly user: User;
      readonly sessionId: string;
      readonly failure?: SignInFailure;
      readonly methods?: readonly string[];
    },
  ): Promise<void> =>
    outbox.record(transaction, authenticationEvent({ nowMs: clock.nowMs(), action: 'session.step-up', ...attempt }));

  /** Why the proof fails, or undefined and the challenge that was answered. */
  const judge = async (
    transaction: Transaction,
    user: User,
    client: Client,
    { by, proof }: { readonly by: Principal; readonly proof: Proof },
  ): Promise<SignInFailure | undefined> => {
    const accepted = await admission.proofs(transaction, { userId: by.id, roles: rolesAnywhereOf(by), client });
    if (!accepted.includes(proof.kind === 'passkey' ? 'passkey' : 'totp')) return 'proof_not_accepted';
    if (proof.kind === 'password')
      return (await totp.verify(transaction, user.id, proof.code)) ? undefined : 'code_wrong';
    try {
      const passkey = await passkeyStore.find(transaction, proof.response.id);
      if (passkey === undefined || passkey.userId !== user.id) throw refused('it belongs to somebody else');
      const { use, challenge } = await verifyRequest({
        site: client,
        response: proof.response,
        passkey,
        rules: await passkeyPolicyStore.read(transaction),
        roles: rolesAnywhereOf(user),
        isOurs: (given) => challenges.check(given, 'step-up', user.id),
      });
      await challenges.spend(transaction, challenge);
      if (!(await passkeyStore.advance(transaction, passkey, use, clock.nowMs())))
        throw refused('it was used meanwhile');
      return undefined;
    } catch (error) {
      if (error instanceof IdentityError && error.code === 'passkey_refused') return 'passkey_refused';
      throw error;
    }
  };

  const lackOf = async (userId: string, passkeys: { readonly all: number; readonly here: number }): Promise<Lack> => {
    if (passkeys.all > 0 && passkeys.here === 0) return 'other_name';
    return (await totp.isConfirmed(database, userId)) ? 'stronger_factor' : 'factor';
  };

  return {
    async options({ by, client }) {
      sessionIdOf(by);
      const all = await passkeyStore.listOf(database, by.id);
      const passkeys = all.filter(({ hostName }) => hostName === client.hostName);
      const methods = await admission.proofs(database, { userId: by.id, roles: rolesAnywhereOf(by), client });
      return {
        methods,
        ...(methods.length === 0 ? { lacks: await lackOf(by.id, { all: all.length, here: passkeys.length }) } : {}),
        ...(methods.includes('passkey')
          ? {
              passkey: await requestOptions({
                site: client,
                challenge: challenges.issue('step-up', by.id),
                passkeys,
              }),
            }
          : {}),
      };
    },

    async prove({ by, client, proof }) {
      const sessionId = sessionIdOf(by);
      const user = await userStore.find(database, by.id);
      if (user === undefined || stateOf(user) !== 'active')
        throw new IdentityError('session_not_found', 'Cannot prove who you are: the session has ended');
      const attempt = { client, user, sessionId };
      const { waitMs, first } = throttle.begin(client.address, nameKeyOf(user.name));
      if (first) {
        await database
          .transaction()
          .execute((transaction) => record(transaction, { ...attempt, failure: 'throttled' }));
        await outbox.flushed();
      }
      refuseThrottled(waitMs);
      // Outside the transaction: it takes a while.
      const isPasswordRight =
        proof.kind === 'passkey' ||
        (
          await hashes.verify(proof.password, user.passwordHash, {
            source: networkOf(client.address),
            isKnown: true,
          })
        ).matches;
      const token = await database.transaction().execute(async (transaction) => {
        const failure = isPasswordRight ? await judge(transaction, user, client, { by, proof }) : 'password_wrong';
        if (failure !== undefined) {
          await record(transaction, { ...attempt, failure });
          return undefined;
        }
        await totp.forgetFailures(transaction, user.id);
        const methods = proof.kind === 'passkey' ? ['passkey'] : ['password', 'totp'];
        await record(transaction, { ...attempt, methods });
        return sessions.renew(transaction, sessionId, {
          proof: { methods, assurance: methods.includes('passkey') ? 3 : 2 },
        });
      });
      await outbox.flushed();
      if (token === undefined)
        throw new IdentityError(
          'proof_refused',
          proof.kind === 'passkey'
            ? 'Cannot accept this passkey: it was refused'
            : 'Cannot accept this: the password or the code is wrong, or the code was used before',
        );
      throttle.succeeded(client.address, nameKeyOf(user.name));
      return token;
    },
  };
}

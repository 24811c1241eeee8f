import type { ReencryptProgress } from '@sallyport/platform/encrypted-columns';
import { createOwnFactors, type OwnFactors } from '../account/own-factors.ts';
import { createOwnPassword, type OwnPassword } from '../account/own-password.ts';
import { createChallenges } from '../factors/challenges.ts';
import { createEnrolment, type Enrolment } from '../factors/enrolment.ts';
import { createRecoveryCodes } from '../factors/recovery-codes.ts';
import { deriveKey } from '../factors/sealing.ts';
import { createPasskeyStore, type Passkey } from '../factors/passkey-store.ts';
import { createTotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds, TakeOver } from '../needs.ts';
import { createPasswordHashes, type PasswordCost } from '../passwords/password-hash.ts';
import { createSessionStore } from '../sessions/session-store.ts';
import { createSessions, type Sessions } from '../sessions/sessions.ts';
import { createSignIn, type SignIn } from '../sessions/sign-in.ts';
import { createStepUp, type StepUp } from '../sessions/step-up.ts';
import { createSignInThrottle } from '../sessions/sign-in-throttle.ts';
import { createTickets } from '../tickets/tickets.ts';
import { readCredentialsHeld, type CredentialsHeld } from './credentials-held.ts';
import { createOrganization, type Organization } from './organization.ts';
import { createDirectory, type People } from './people.ts';
import { createSetup, type Setup } from './setup.ts';
import { createUserStore } from './user-store.ts';

/** Everything about people, put together. */
export type PeopleServices = {
  readonly setup: Setup;
  readonly people: People;
  readonly enrolment: Enrolment;
  readonly signIn: SignIn;
  readonly sessions: Sessions;
  readonly organization: Organization;
  readonly stepUp: StepUp;
  readonly ownFactors: OwnFactors;
  readonly ownPassword: OwnPassword;
  /**
   * Seals anew what an earlier version wrote, to be awaited before anybody may come in; and what is sealed with older keys, which
   * may go on beside everything else. One answer for each table.
   */
  sealStored(options?: Parameters<TakeOver>[1]): Promise<readonly ReencryptProgress[]>;
  /** The public half of somebody's passkeys, for whoever has them sign something else than a sign-in. */
  passkeysOf(userId: string): Promise<readonly Pick<Passkey, 'id' | 'hostName' | 'publicKey' | 'counter'>[]>;
  /** For the inventory of cryptography. */
  credentialsHeld(): Promise<CredentialsHeld>;
};

export function createPeople(needs: PeopleNeeds & { readonly passwordCost?: PasswordCost }): PeopleServices {
  const { clock, random, key, passwordCost, database } = needs;
  const hashes = createPasswordHashes({
    random,
    pepper: deriveKey(key, 'password pepper'),
    ...(passwordCost === undefined ? {} : { cost: passwordCost }),
  });
  const tickets = createTickets(needs);
  const totp = createTotpFactor({ ...needs, key: deriveKey(key, 'totp seed'), nowMs: () => clock.nowMs() });
  const recoveryCodes = createRecoveryCodes({ key: deriveKey(key, 'recovery code'), random });
  const userStore = createUserStore(needs);
  const sessionStore = createSessionStore(needs);
  const passkeyStore = createPasskeyStore(needs);
  const sessions = createSessions({ ...needs, userStore, sessionStore });
  const challenges = createChallenges({ key: deriveKey(key, 'passkey challenge'), clock, random, tickets });
  const throttle = createSignInThrottle(clock);
  const organization = createOrganization(needs);
  const stores = { userStore, sessionStore, passkeyStore, tickets, totp, recoveryCodes, challenges };
  const parts = { ...needs, ...stores, hashes, sessions, throttle, organization };
  return {
    setup: createSetup(parts),
    people: createDirectory(parts),
    enrolment: createEnrolment(parts),
    signIn: createSignIn(parts),
    sessions,
    organization,
    stepUp: createStepUp(parts),
    ownFactors: createOwnFactors(parts),
    ownPassword: createOwnPassword(parts),
    async passkeysOf(userId) {
      const passkeys = await passkeyStore.listOf(database, userId);
      return passkeys.map(({ id, hostName, publicKey, counter }) => ({ id, hostName, publicKey, counter }));
    },
    credentialsHeld: () => readCredentialsHeld(database),
    async sealStored(options) {
      const progress: ReencryptProgress[] = [];
      for (const { takeOver } of [userStore, sessionStore, passkeyStore, totp, organization])
        progress.push(await takeOver(database, options));
      return progress;
    },
  };
}

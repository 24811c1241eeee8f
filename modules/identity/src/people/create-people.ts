import { createEnrolment, type Enrolment } from '../factors/enrolment.ts';
import { createRecoveryCodes } from '../factors/recovery-codes.ts';
import { deriveKey } from '../factors/sealing.ts';
import { createTotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import { createPasswordHashes, type PasswordCost } from '../passwords/password-hash.ts';
import { createSessions, type Sessions } from '../sessions/sessions.ts';
import { createSignIn, type SignIn } from '../sessions/sign-in.ts';
import { createSignInThrottle } from '../sessions/sign-in-throttle.ts';
import { createTickets } from '../tickets/tickets.ts';
import { createOrganization, type Organization } from './organization.ts';
import { createDirectory, type People } from './people.ts';
import { createSetup, type Setup } from './setup.ts';

/** Everything about people, put together. */
export type PeopleServices = {
  readonly setup: Setup;
  readonly people: People;
  readonly enrolment: Enrolment;
  readonly signIn: SignIn;
  readonly sessions: Sessions;
  readonly organization: Organization;
};

export function createPeople(needs: PeopleNeeds & { readonly passwordCost?: PasswordCost }): PeopleServices {
  const { clock, random, key, passwordCost } = needs;
  const hashes = createPasswordHashes({
    random,
    pepper: deriveKey(key, 'password pepper'),
    ...(passwordCost === undefined ? {} : { cost: passwordCost }),
  });
  const tickets = createTickets(needs);
  const totp = createTotpFactor({ key: deriveKey(key, 'totp seed'), random, nowMs: () => clock.nowMs() });
  const recoveryCodes = createRecoveryCodes({ key: deriveKey(key, 'recovery code'), random });
  const sessions = createSessions(needs);
  const parts = { ...needs, hashes, tickets, totp, recoveryCodes, sessions };
  return {
    setup: createSetup(parts),
    people: createDirectory(parts),
    enrolment: createEnrolment(parts),
    signIn: createSignIn({ ...parts, throttle: createSignInThrottle(clock) }),
    sessions,
    organization: createOrganization(needs),
  };
}

import type { ReencryptProgress } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { createAdmission, type Admission } from '../admission/admission.ts';
import { createSignInRules, type SignInRules } from '../admission/sign-in-rules.ts';
import { createRequirementStore } from '../admission/requirement-store.ts';
import { createWaysIn } from '../admission/ways-in.ts';
import { createOwnAddresses, type OwnAddresses } from '../account/own-addresses.ts';
import { createCodeSenders, type CodeSenders } from '../codes/code-senders.ts';
import { createCodeStore } from '../codes/code-store.ts';
import { createNotices, type Notices } from '../codes/notices.ts';
import { createSentCodes } from '../codes/sent-codes.ts';
import { createOwnFactors, type OwnFactors } from '../account/own-factors.ts';
import { createOwnPassword, type OwnPassword } from '../account/own-password.ts';
import { createAuthorityStore } from '../certificates/authority-store.ts';
import { createCertificateAuthorities, type CertificateAuthorities } from '../certificates/certificate-authorities.ts';
import { createCertificateCheck } from '../certificates/certificate-check.ts';
import { createCertificateFlow, type CertificateFlow } from '../certificates/certificate-flow.ts';
import { createCertificateStore } from '../certificates/certificate-store.ts';
import { createCertificatesHeld } from '../certificates/certificates-held.ts';
import { createCertificateWarnings, type CertificateWarnings } from '../certificates/certificate-warnings.ts';
import { createNewestRevocations } from '../certificates/newest-revocations.ts';
import {
  createEndCertificateSessions,
  createPersonCertificates,
  type PersonCertificates,
} from '../certificates/person-certificates.ts';
import { createChallenges } from '../factors/challenges.ts';
import { createEnrolment, type Enrolment } from '../factors/enrolment.ts';
import { createRecoveryCodes } from '../factors/recovery-codes.ts';
import { deriveKey } from '../factors/sealing.ts';
import { createPasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import { createPasskeyRules, type PasskeyRulesService } from '../factors/passkey-rules.ts';
import { createPasskeyStore, type Passkey } from '../factors/passkey-store.ts';
import { createSealedPasskeys, type SealedPasskeys } from '../factors/sealed-passkeys.ts';
import { createTotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds, TakeOver } from '../needs.ts';
import { createPasswordHashes, type PasswordCost } from '../passwords/password-hash.ts';
import { createSessionStore } from '../sessions/session-store.ts';
import { createBeginSession } from '../sessions/begin-session.ts';
import { createBrowserKeys, type BrowserKeys } from '../sessions/browser-keys.ts';
import { createSessionPolicies, type SessionPolicies } from '../sessions/session-policy.ts';
import { createSessions, type Sessions } from '../sessions/sessions.ts';
import { createSignIn, type SignIn } from '../sessions/sign-in.ts';
import { createStepUp, type StepUp } from '../sessions/step-up.ts';
import { createSignInThrottle } from '../sessions/sign-in-throttle.ts';
import { createTickets } from '../tickets/tickets.ts';
import { createAnsweringPerson } from './answering-person.ts';
import { readCredentialsHeld, type CredentialsHeld } from './credentials-held.ts';
import { createPersonNow, type PersonNow } from './person-now.ts';
import { createOrganization, type Organization } from './organization.ts';
import { createDirectory, type People } from './people.ts';
import { createProvidedPeople, type ProvidedPeople } from './provided-people.ts';
import { createSealedEntry, type SealedEntry } from './sealed-entry.ts';
import { createSetup, type Setup } from './setup.ts';
import { createUserStore } from './user-store.ts';

/** Everything about people, put together. */
export type PeopleServices = {
  readonly setup: Setup;
  readonly people: People;
  /** People and roles by the word of a provider. */
  readonly provided: ProvidedPeople;
  readonly enrolment: Enrolment;
  readonly signInRules: SignInRules;
  readonly passkeyRules: PasskeyRulesService;
  readonly certificateAuthorities: CertificateAuthorities;
  readonly personCertificates: PersonCertificates;
  readonly certificateFlow: CertificateFlow;
  readonly certificateWarnings: CertificateWarnings;
  readonly codeSenders: CodeSenders;
  readonly ownAddresses: OwnAddresses;
  readonly notices: Notices;
  /** Where every way to sign in ends. */
  readonly admission: Admission;
  readonly signIn: SignIn;
  /** For accounts that are opened with sealed codes, and in no other way. */
  readonly sealedEntry: SealedEntry;
  readonly sealedPasskeys: SealedPasskeys;
  readonly sessions: Sessions;
  readonly sessionPolicies: SessionPolicies;
  readonly browserKeys: BrowserKeys;
  readonly organization: Organization;
  readonly stepUp: StepUp;
  readonly ownFactors: OwnFactors;
  readonly ownPassword: OwnPassword;
  /**
   * Seals anew what an earlier version wrote, to be awaited before anybody may come in; and what is sealed with older keys, which
   * may go on beside everything else. One answer for each table.
   */
  sealStored(options?: Parameters<TakeOver>[1]): Promise<readonly ReencryptProgress[]>;
  /** The public half of those of somebody's passkeys that may be used, for whoever has them sign something else than a sign-in. */
  passkeysOf(userId: string): Promise<readonly Pick<Passkey, 'id' | 'hostName' | 'publicKey' | 'counter'>[]>;
  /** See `createPersonNow`. */
  readonly personNow: PersonNow;
  /** Whoever answers for a key or service account, as `createAnsweringPerson` says. */
  answering(userId: string): Promise<Principal>;
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
  const answering = createAnsweringPerson(userStore);
  const sessionStore = createSessionStore(needs);
  const passkeyStore = createPasskeyStore(needs);
  const passkeyPolicyStore = createPasskeyPolicyStore(needs);
  const challenges = createChallenges({ key: deriveKey(key, 'passkey challenge'), clock, random, tickets });
  const browserKeys = createBrowserKeys({ challenges });
  const sessionPolicies = createSessionPolicies(needs);
  const sessionParts = { ...needs, userStore, sessionStore, sessionPolicies, browserKeys };
  const sessions = createSessions(sessionParts);
  const beginSession = createBeginSession(sessionParts);
  const throttle = createSignInThrottle(clock);
  const organization = createOrganization(needs);
  const newestRevocations = createNewestRevocations(needs);
  const authorityStore = createAuthorityStore({ ...needs, newestRevocations });
  const certificateStore = createCertificateStore({ ...needs, key: deriveKey(key, 'certificate') });
  const stores = {
    userStore,
    sessionStore,
    passkeyStore,
    passkeyPolicyStore,
    tickets,
    totp,
    recoveryCodes,
    challenges,
    authorityStore,
    newestRevocations,
    certificateStore,
  };
  const codeStore = createCodeStore(needs);
  const codeSenders = createCodeSenders({ ...needs, codeStore });
  const sentCodes = createSentCodes({
    ...needs,
    key: deriveKey(key, 'sent code'),
    codeStore,
    senders: codeSenders,
    organization,
  });
  const requirementStore = createRequirementStore();
  const check = createCertificateCheck({ ...needs, ...stores, codeStore });
  const certificatesHeld = createCertificatesHeld({ ...needs, certificateStore, check });
  const waysIn = createWaysIn({
    ...needs,
    ...stores,
    certificateOwners: (where, among) => certificatesHeld.owners(where, among),
  });
  const admission = createAdmission({
    ...needs,
    ...stores,
    beginSession,
    browserKeys,
    requirementStore,
    codes: sentCodes,
    certificateAbility: certificatesHeld,
  });
  const parts = {
    ...needs,
    ...stores,
    codeStore,
    sentCodes,
    hashes,
    sessions,
    admission,
    throttle,
    organization,
    check,
    waysIn,
  };
  const endSessions = createEndCertificateSessions({ ...parts, sessionStore });
  const certificateParts = { ...parts, endSessions };
  const certificateAuthorities = createCertificateAuthorities(certificateParts);
  const enrolment = createEnrolment(parts);
  const notices = createNotices({ ...parts, senders: codeSenders });
  const passkeyRules = createPasskeyRules(parts);
  return {
    setup: createSetup(parts),
    people: createDirectory(parts),
    provided: createProvidedPeople(parts),
    enrolment,
    admission,
    certificateAuthorities,
    personCertificates: createPersonCertificates(certificateParts),
    certificateFlow: createCertificateFlow({
      ...certificateParts,
      enrolment,
      sealingKey: deriveKey(key, 'certificate sign-in'),
      hasAuthority: () => certificateAuthorities.hasEnabled(),
    }),
    codeSenders,
    ownAddresses: createOwnAddresses(parts),
    notices,
    certificateWarnings: createCertificateWarnings({ ...parts, notices }),
    passkeyRules,
    signInRules: createSignInRules({ ...parts, requirementStore }),
    signIn: createSignIn(parts),
    sealedEntry: createSealedEntry({ userStore, admission }),
    sealedPasskeys: createSealedPasskeys(parts),
    sessions,
    sessionPolicies,
    browserKeys,
    organization,
    stepUp: createStepUp(parts),
    ownFactors: createOwnFactors({ ...parts, endCertificateSessions: endSessions }),
    ownPassword: createOwnPassword(parts),
    async passkeysOf(userId) {
      const passkeys = await passkeyStore.listOf(database, userId);
      const refused = new Set((await passkeyRules.passkeysOf(userId)).filter((one) => one.refusal).map(({ id }) => id));
      return passkeys
        .filter(({ id }) => !refused.has(id))
        .map(({ id, hostName, publicKey, counter }) => ({ id, hostName, publicKey, counter }));
    },
    personNow: createPersonNow(sessionParts),
    answering: (userId) => answering(database, userId),
    credentialsHeld: () => readCredentialsHeld(database),
    async sealStored(options) {
      const progress: ReencryptProgress[] = [];
      for (const { takeOver } of [
        userStore,
        sessionStore,
        passkeyStore,
        passkeyPolicyStore,
        authorityStore,
        newestRevocations,
        certificateStore,
        totp,
        organization,
      ])
        progress.push(await takeOver(database, options));
      progress.push(await authorityStore.takeOverLists(database, options));
      progress.push(await codeStore.takeOverSenders(database, options));
      progress.push(await codeStore.takeOverAddresses(database, options));
      return progress;
    },
  };
}

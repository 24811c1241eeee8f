import type { JsonObject } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { authenticationEvent, type SignInFailure } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import { refusalOf } from '../factors/passkey-policy.ts';
import type { PasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import type { PasskeyStore } from '../factors/passkey-store.ts';
import { canHavePasskeys } from '../factors/passkeys.ts';
import type { RecoveryCodes } from '../factors/recovery-codes.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import { rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { BeginSession, BegunSession } from '../sessions/begin-session.ts';
import type { BrowserKeys } from '../sessions/browser-keys.ts';
import type { Tickets } from '../tickets/tickets.ts';
import type { SecondFactor, Shown } from './assurance.ts';
import {
  enrollable,
  judge,
  proofsOf,
  type Enrollable,
  type EnrolReason,
  type Held,
  type OwnedFactor,
} from './judgement.ts';
import type { RequirementStore } from './requirement-store.ts';
import { meets, requirementOf, type Requirement } from './requirements.ts';

/** What is still to come before somebody is in. */
export type SignInStep =
  | { readonly step: 'second-factor'; readonly ticket: string; readonly methods: readonly SecondFactor[] }
  | {
      readonly step: 'enrol';
      readonly enrolment: string;
      readonly methods: readonly Enrollable[];
      readonly reason: EnrolReason;
    };

/** A passkey is offered to whoever has none and should: `fromMs` when it will be required. */
export type Offer = { readonly factor: 'passkey'; readonly fromMs?: number };
export type Admitted = { readonly begun: BegunSession; readonly offer?: Offer } | SignInStep;

/**
 * The one place that decides whether what somebody has shown is enough to come in, and what counts as a fresh proof of who they
 * are. Every way to sign in ends here, and nothing else can begin a session. It decides by what roles require now, in the
 * transaction that verified what was shown.
 */
export type Admission = {
  /**
   * A session, or the step that is to follow with its ticket: commit the transaction in either case. Whoever calls has verified
   * each method in `shown` in this transaction or found it on a ticket. Throws `credentials_wrong` for who may not sign in.
   */
  admit(
    transaction: Transaction,
    request: {
      readonly user: Pick<User, 'id'>;
      readonly shown: Shown;
      readonly client: Client;
      /** What the passkey or the certificate that was shown last said of itself: for the record. */
      readonly passkey?: JsonObject;
      readonly certificate?: JsonObject;
    },
  ): Promise<Admitted>;
  /** Codes by e-mail and SMS count for somebody: none is sent to others, whoever asks. */
  acceptsCodes(where: Database | Transaction, user: User): Promise<boolean>;
  /** What somebody may enrol when they have to enrol something. */
  enrollable(
    where: Database | Transaction,
    user: User,
    /** Where they are; without it, what they may enrol anywhere. */
    client?: Client,
  ): Promise<readonly Enrollable[]>;
  /** With the factors left, they would not have what their roles require; with those they have, they do. */
  wouldLack(
    where: Database | Transaction,
    roles: readonly string[],
    factors: { readonly has: readonly OwnedFactor[]; readonly left: readonly OwnedFactor[] },
  ): Promise<boolean>;
  /** What somebody signed in can prove themselves with, under this host name. The best first. */
  proofs(
    where: Database | Transaction,
    request: { readonly userId: string; readonly roles: readonly string[]; readonly client: Client },
  ): Promise<readonly OwnedFactor[]>;
};

/** Whether somebody can be sent weak codes: that factor is off where none is handed over. */
export type CodeAbility = {
  /** They have received one before, and one can be sent now. */
  of(where: Database | Transaction, userId: string): Promise<{ readonly held: boolean; readonly now: boolean }>;
};

/** Whether somebody has a certificate to sign in with, and could show it where they are. */
export type CertificateAbility = {
  of(
    where: Database | Transaction,
    userId: string,
    client: Client,
  ): Promise<Pick<Held, 'certificate' | 'certificateHere' | 'certificateBindable'>>;
};

export function createAdmission(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'riskOf'> & {
    readonly beginSession: BeginSession;
    readonly userStore: UserStore;
    readonly tickets: Tickets;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly passkeyPolicyStore: PasskeyPolicyStore;
    readonly recoveryCodes: RecoveryCodes;
    readonly requirementStore: RequirementStore;
    readonly codes?: CodeAbility;
    readonly certificateAbility: CertificateAbility;
    readonly browserKeys: Pick<BrowserKeys, 'peek'>;
  },
): Admission {
  const { outbox, clock, beginSession, userStore, tickets, totp, passkeyStore, recoveryCodes, requirementStore } =
    needs;

  const withKey = async (client: Client): Promise<Client & { readonly browserKey?: string }> => {
    const browserKey = await needs.browserKeys.peek(client);
    return browserKey === undefined ? client : { ...client, browserKey };
  };
  const heldBy = async (
    where: Database | Transaction,
    { userId, roles, client }: { readonly userId: string; readonly roles: readonly string[]; readonly client: Client },
  ): Promise<Held> => {
    const passkeys = await passkeyStore.listOf(where, userId);
    const rules = await needs.passkeyPolicyStore.read(where);
    const code = (await needs.codes?.of(where, userId)) ?? { held: false, now: false };
    return {
      totp: await totp.isConfirmed(where, userId),
      // One that the policy refuses is still theirs: a password alone must not be enough to put another in its place.
      passkey: passkeys.length > 0,
      passkeyHere:
        canHavePasskeys(client.hostName) &&
        passkeys.some((one) => one.hostName === client.hostName && refusalOf(one, roles, rules) === undefined),
      ...(await needs.certificateAbility.of(where, userId, client)),
      recovery: (await recoveryCodes.count(where, userId)) > 0,
      code: code.held,
      codeNow: code.held && code.now,
    };
  };
  const requiredOf = async (where: Database | Transaction, roles: readonly string[]): Promise<Requirement> =>
    requirementOf(roles, await requirementStore.list(where), clock.nowMs());

  return {
    async admit(transaction, { user: { id }, shown, client, ...about }) {
      const user = await userStore.find(transaction, id);
      const state = user === undefined ? 'disabled' : stateOf(user);
      if (user === undefined || state === 'disabled' || state === 'invited')
        throw new IdentityError('credentials_wrong', 'Cannot sign in: they may not');
      const held = await heldBy(transaction, { userId: id, roles: rolesAnywhereOf(user), client });
      const usual = await requiredOf(transaction, rolesAnywhereOf(user));
      const required = needs.riskOf?.(user, await withKey(client)).needsStronger === true ? raised(usual, held) : usual;
      const judgement = judge(shown, held, required);
      if (judgement.kind === 'enough') {
        const { assurance, isProof } = judgement;
        const begun = await beginSession(transaction, {
          user,
          shown,
          assurance,
          isProof,
          client,
          ...about,
        });
        const offer = offerOf(held, required);
        return offer === undefined ? { begun } : { begun, offer };
      }
      const { methods } = shown;
      const isPasswordAlone = methods.length === 1 && methods[0] === 'password';
      // Whoever goes no further has a password, or more, that works: somebody should know.
      const action = isPasswordAlone ? 'session.password-accepted' : 'session.more-required';
      const event = authenticationEvent({ nowMs: clock.nowMs(), action, client, user, methods, ...about });
      await outbox.record(transaction, event);
      const purpose = judgement.kind === 'enrol' ? 'enrolment' : 'second-factor';
      const { token } = await tickets.issue(transaction, { purpose, userId: id, shown });
      return judgement.kind === 'enrol'
        ? { step: 'enrol', enrolment: token, methods: judgement.factors, reason: judgement.reason }
        : { step: 'second-factor', ticket: token, methods: judgement.factors };
    },

    async acceptsCodes(where, user) {
      const { leastAssurance, factors } = await requiredOf(where, rolesAnywhereOf(user));
      return leastAssurance === 2 && factors.has('code');
    },

    async enrollable(where, user, client) {
      const ability = client === undefined ? undefined : await needs.certificateAbility.of(where, user.id, client);
      return enrollable(await requiredOf(where, rolesAnywhereOf(user)), ability?.certificateBindable === true);
    },

    async wouldLack(where, roles, { has, left }) {
      const required = await requiredOf(where, roles);
      const end = required.coming ?? required;
      return meets(has, false, end) && !meets(left, false, end);
    },

    proofs: async (where, { userId, roles, client }) =>
      proofsOf(await heldBy(where, { userId, roles, client }), await requiredOf(where, roles)),
  };
}

/** Why a session was refused to somebody who had shown enough: to be recorded once the transaction is rolled back. */
export function sessionRefusalOf(error: unknown): SignInFailure | undefined {
  if (!(error instanceof IdentityError)) return undefined;
  const { code } = error;
  return code === 'browser_key_required' || code === 'key_proof_refused' || code === 'sessions_exceeded'
    ? code
    : undefined;
}

/** Whoever comes as they never did before shows more: no weak code, and their passkey or certificate where they have one. */
function raised(required: Requirement, held: Held): Requirement {
  const factors = new Set([...required.factors].filter((factor) => factor !== 'code'));
  const isSafer = held.passkeyHere || (held.certificateHere && factors.has('certificate'));
  return { ...required, factors, leastAssurance: isSafer ? 3 : required.leastAssurance };
}

function offerOf(held: Held, { isOfferedPasskey, coming }: Requirement): Offer | undefined {
  if (held.passkey || held.certificate || !isOfferedPasskey) return undefined;
  return coming?.leastAssurance === 3 ? { factor: 'passkey', fromMs: coming.fromMs } : { factor: 'passkey' };
}

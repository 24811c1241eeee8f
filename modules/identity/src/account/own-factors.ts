import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { rolesAnywhereOf } from '../people/user-store.ts';
import type { Admission } from '../admission/admission.ts';
import type { WaysIn } from '../admission/ways-in.ts';
import { accountEvent, authenticationEvent, passkeyOf } from '../audit-record.ts';
import type { CertificateCheck } from '../certificates/certificate-check.ts';
import type { CertificateStore } from '../certificates/certificate-store.ts';
import type { EndCertificateSessions } from '../certificates/person-certificates.ts';
import { shownCertificates, type ShownCertificate } from '../certificates/shown-certificate.ts';
import { IdentityError } from '../errors.ts';
import type { Challenges } from '../factors/challenges.ts';
import { shownPasskey, type ShownPasskey } from '../factors/passkey-rules.ts';
import type { PasskeyPolicyStore } from '../factors/passkey-policy-store.ts';
import type { PasskeyStore } from '../factors/passkey-store.ts';
import {
  creationOptions,
  provenanceDetails,
  refused,
  verifyCreation,
  type CreationResponse,
} from '../factors/passkeys.ts';
import type { RecoveryCodes } from '../factors/recovery-codes.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { PeopleNeeds } from '../needs.ts';
import type { Tickets } from '../tickets/tickets.ts';

export type OwnFactor = {
  readonly id: string;
  readonly kind: 'totp' | 'passkey' | 'certificate';
  readonly label: string;
  readonly createdAtMs: number;
  /** The only host name a passkey is good for. */
  readonly hostName?: string;
  readonly passkey?: ShownPasskey;
  readonly certificate?: ShownCertificate;
};

/** The second factors of whoever asks. Each change leaves its event before it resolves. */
export type OwnFactors = {
  /** What changes one, below, throws `factor_unavailable` for a session that sealed codes opened: it is open for hours. */
  /** Oldest first. */
  list(by: Principal): Promise<readonly OwnFactor[]>;
  recoveryCodesLeft(by: Principal): Promise<number>;
  /** In place of a seed that was begun and not confirmed. Throws `factor_limit_reached`. */
  beginTotp(by: Principal): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Throws `proof_refused`, `factor_limit_reached`. */
  confirmTotp(request: { readonly by: Principal; readonly code: string; readonly label: string }): Promise<void>;
  /** Throws `passkey_needs_name`, `factor_limit_reached`. */
  passkeyOptions(request: { readonly by: Principal; readonly client: Client }): Promise<object>;
  /** Throws `passkey_refused`, `factor_limit_reached`. */
  addPasskey(request: {
    readonly by: Principal;
    readonly client: Client;
    readonly response: CreationResponse;
    readonly label: string;
  }): Promise<void>;
  /** Throws `factor_not_found`. */
  rename(request: { readonly by: Principal; readonly id: string; readonly label: string }): Promise<void>;
  /** Throws `factor_not_found`, and `last_factor` for the last, or the last that is enough for what they may do: recovery codes are none. */
  remove(request: { readonly by: Principal; readonly id: string }): Promise<void>;
  /** In place of those there were, which are good no more. */
  renewRecoveryCodes(by: Principal): Promise<readonly string[]>;
};

const maxFactors = 20;

export function createOwnFactors(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly admission: Pick<Admission, 'wouldLack'>;
    readonly waysIn: Pick<WaysIn, 'keeping'>;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly passkeyPolicyStore: PasskeyPolicyStore;
    readonly certificateStore: CertificateStore;
    readonly check: Pick<CertificateCheck, 'at'>;
    readonly endCertificateSessions: EndCertificateSessions;
    readonly recoveryCodes: RecoveryCodes;
    readonly challenges: Challenges;
    readonly tickets: Pick<Tickets, 'forget'>;
  },
): OwnFactors {
  const { database, outbox, clock, totp, recoveryCodes, challenges, passkeyStore, admission } = needs;
  const { passkeyPolicyStore, certificateStore } = needs;

  const listIn = async (where: Transaction | typeof database, by: Principal): Promise<readonly OwnFactor[]> => {
    const [userId, roles] = [by.id, rolesAnywhereOf(by)];
    const apps = await totp.listOf(where, userId);
    const passkeys = await passkeyStore.listOf(where, userId);
    const rules = await passkeyPolicyStore.read(where);
    const kept = await certificateStore.listOf(where, userId);
    const certificates = await shownCertificates(kept, needs.check.at(where), clock.nowMs());
    return [
      ...apps.map((app) => ({ ...app, kind: 'totp' as const })),
      ...passkeys.map((passkey) => ({
        id: passkey.id,
        kind: 'passkey' as const,
        label: passkey.label,
        createdAtMs: passkey.createdAtMs,
        hostName: passkey.hostName,
        passkey: shownPasskey(passkey, roles, rules),
      })),
      ...certificates.map((one) => ({
        id: one.id,
        kind: 'certificate' as const,
        label: one.label,
        createdAtMs: one.createdAtMs,
        certificate: one,
      })),
    ].toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  };
  const requireRoom = async (where: Transaction | typeof database, by: Principal): Promise<void> => {
    if ((await listIn(where, by)).length < maxFactors) return;
    throw new IdentityError(
      'factor_limit_reached',
      `Cannot add another factor: there are ${maxFactors} already, remove one first`,
    );
  };
  const record = (
    transaction: Transaction,
    by: Principal,
    action: string,
    details: { readonly method: string; readonly label: string; readonly passkey?: JsonObject },
  ): Promise<void> => outbox.record(transaction, accountEvent({ nowMs: clock.nowMs(), action, by, user: by, details }));

  /** Whoever was to enrol for want of a factor that would do must use this one now. */
  const closeEnrolments = (transaction: Transaction, by: Principal): Promise<void> =>
    needs.tickets.forget(transaction, { purpose: 'enrolment', userId: by.id });

  return {
    list: (by) => listIn(database, by),
    recoveryCodesLeft: (by) => recoveryCodes.count(database, by.id),

    async beginTotp(by) {
      requireNotSealed(by);
      await requireRoom(database, by);
      return database.transaction().execute((transaction) => totp.begin(transaction, by));
    },

    async confirmTotp({ by, code, label }) {
      requireNotSealed(by);
      const isRight = await database.transaction().execute(async (transaction) => {
        await requireRoom(transaction, by);
        const confirmed = await totp.confirm(transaction, by.id, code, label);
        if (confirmed) {
          await closeEnrolments(transaction, by);
          await record(transaction, by, 'user.factor', { method: 'totp', label });
        } else
          await outbox.record(
            transaction,
            authenticationEvent({ nowMs: clock.nowMs(), action: 'session.enrol', failure: 'code_wrong', by, user: by }),
          );
        return confirmed;
      });
      await outbox.flushed();
      if (!isRight)
        throw new IdentityError('proof_refused', 'Cannot confirm the app: the code is wrong', {
          hint: 'is the clock of the phone right?',
        });
    },

    async passkeyOptions({ by, client }) {
      requireNotSealed(by);
      await requireRoom(database, by);
      const known = await passkeyStore.listOf(database, by.id);
      const rules = await passkeyPolicyStore.read(database);
      return creationOptions({ site: client, user: by, challenge: challenges.issue('create', by.id), known, rules });
    },

    async addPasskey({ by, client, response, label }) {
      requireNotSealed(by);
      const isOurs = (given: string): boolean => challenges.check(given, 'create', by.id);
      const rules = await passkeyPolicyStore.read(database);
      const roles = rolesAnywhereOf(by);
      const nowMs = clock.nowMs();
      const verifying = verifyCreation({ site: client, response, isOurs, rules, roles, nowMs });
      const { challenge, ...made } = await verifying.catch(async (error: unknown) => {
        const passkey = passkeyOf(error);
        const failure = 'passkey_refused';
        const attempt = { nowMs, action: 'session.enrol', failure, client, by, user: by } as const;
        if (error instanceof IdentityError && error.code === failure) {
          const event = authenticationEvent(passkey === undefined ? attempt : { ...attempt, passkey });
          await database.transaction().execute((transaction) => outbox.record(transaction, event));
          await outbox.flushed();
        }
        throw error;
      });
      await database.transaction().execute(async (transaction) => {
        await requireRoom(transaction, by);
        await challenges.spend(transaction, challenge);
        if ((await passkeyStore.find(transaction, made.id)) !== undefined) throw refused('it is in use already');
        await passkeyStore.insert(transaction, { ...made, userId: by.id, label, createdAtMs: clock.nowMs() });
        await closeEnrolments(transaction, by);
        const passkey = provenanceDetails(made, 'accepted');
        await record(transaction, by, 'user.factor', { method: 'passkey', label, passkey });
      });
      await outbox.flushed();
    },

    async rename({ by, id, label }) {
      requireNotSealed(by);
      await database.transaction().execute(async (transaction) => {
        const isRenamed =
          (await totp.rename(transaction, by.id, id, label)) ||
          (await passkeyStore.rename(transaction, by.id, id, label)) ||
          (await certificateStore.rename(transaction, by.id, id, label));
        if (!isRenamed) throw notFound(id);
        await record(transaction, by, 'user.factor-rename', { method: id, label });
      });
      await outbox.flushed();
    },

    async remove({ by, id }) {
      requireNotSealed(by);
      await database.transaction().execute(async (transaction) => {
        const factors = await listIn(transaction, by);
        const factor = factors.find((one) => one.id === id);
        if (factor === undefined) throw notFound(id);
        if (factors.length === 1)
          throw new IdentityError(
            'last_factor',
            `Cannot remove "${factor.label}": another second factor must be there first`,
          );
        // A passkey that is refused by now is no way in, nor is a certificate that cannot be used; one that was kept in part may be.
        const good = factors.filter(
          ({ passkey, certificate }) =>
            passkey?.refusal === undefined &&
            (certificate?.trouble === undefined || certificate.trouble === 'not-kept-whole'),
        );
        const has = good.map(({ kind }) => kind);
        const left = good.filter((one) => one.id !== id).map(({ kind }) => kind);
        if (await admission.wouldLack(transaction, rolesAnywhereOf(by), { has, left }))
          throw new IdentityError(
            'last_factor',
            `Cannot remove "${factor.label}": what your account may do requires a factor like it, add another first`,
          );
        const take = async (): Promise<void> => {
          if (factor.kind === 'totp') await totp.remove(transaction, by.id, id);
          else if (factor.kind === 'passkey') await passkeyStore.remove(transaction, by.id, id);
          else await certificateStore.remove(transaction, by.id, id);
        };
        // Roles may ask for more than they have: then nothing they lack is taken, and it may still be the last way in of all.
        await needs.waysIn.keeping(transaction, by, take, () => lastWayIn(factor.label));
        const ending = { by, reason: 'certificate removed' };
        if (factor.kind === 'certificate')
          await needs.endCertificateSessions(transaction, [by.id], ending, by.sessionId);
        await record(transaction, by, 'user.factor-remove', { method: factor.kind, label: factor.label });
      });
      await outbox.flushed();
    },

    async renewRecoveryCodes(by) {
      requireNotSealed(by);
      const codes = await database.transaction().execute(async (transaction) => {
        const renewed = await recoveryCodes.renew(transaction, by.id);
        await record(transaction, by, 'user.recovery-codes', { method: 'recovery', label: '' });
        return renewed;
      });
      await outbox.flushed();
      return codes;
    },
  };
}

function lastWayIn(label: string): IdentityError {
  return new IdentityError(
    'last_factor',
    `Cannot remove "${label}": at least one administrator must keep a factor that is accepted, add another first`,
  );
}

/** Whoever opens an account with sealed codes keeps no way of their own into it, whosever it is. */
function requireNotSealed({ methods }: Principal): void {
  if (methods?.includes('sealed') !== true) return;
  throw new IdentityError(
    'factor_unavailable',
    'Cannot change factors of this account: it was opened with sealed codes',
  );
}

function notFound(id: string): IdentityError {
  return new IdentityError('factor_not_found', `Cannot find factor "${id.slice(0, 100)}": must be one of your own`);
}

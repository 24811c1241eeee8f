import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import type { WaysIn } from '../admission/ways-in.ts';
import { accountEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { parseRoles } from '../people/user-name.ts';
import { parseSiteRoles } from '../people/site-roles.ts';
import { effectiveRolesOf, type User, type UserStore } from '../people/user-store.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { authorityLimits, type Authority } from './authority.ts';
import {
  certificateDetails,
  refusalWords,
  type CertificateCheck,
  type CertificateJudge,
  type GoodCertificate,
} from './certificate-check.ts';
import type { CertificateStore, PersonCertificate } from './certificate-store.ts';
import { readPem, type Certificate } from './certificate.ts';
import { shownCertificates, type OwnCertificate } from './shown-certificate.ts';

/** Whose certificates are whose. Every change leaves its event in the transaction that makes it. */
export type PersonCertificates = {
  /** Throws `user_not_found`. */
  listOf(userId: string): Promise<readonly OwnCertificate[]>;
  /**
   * Binds a certificate from a file, for whoever hands out cards; only for whoever may do all that this person may. Throws
   * `user_not_found`, `role_grant_widened`, `certificate_refused`, `certificate_taken`, `factor_limit_reached`.
   */
  bindFor(request: {
    readonly userId: string;
    readonly pem: string;
    readonly label: string;
    readonly by: Principal;
  }): Promise<void>;
  /** With the sessions that began with a certificate. Throws `user_not_found`, `factor_not_found`, `role_grant_widened`, `certificate_authority_lock_out`. */
  removeFor(request: { readonly userId: string; readonly id: string; readonly by: Principal }): Promise<void>;
};

export type EndCertificateSessions = (
  transaction: Transaction,
  userIds: readonly string[],
  cause: { readonly by: Principal | Actor; readonly reason: string },
  /** The one it is asked from stays. */
  exceptSessionId?: string,
) => Promise<number>;

/** Whoever came in with a certificate is out, and so is whoever is on the way. */
export function createEndCertificateSessions(needs: {
  readonly sessionStore: Pick<SessionStore, 'listWhere'>;
  readonly sessions: Pick<Sessions, 'endWhere'>;
  readonly tickets: Pick<Tickets, 'forget'>;
}): EndCertificateSessions {
  return async (transaction, userIds, cause, exceptSessionId) => {
    let ended = 0;
    for (const userId of new Set(userIds)) {
      await needs.tickets.forget(transaction, { purpose: 'second-factor', userId });
      await needs.tickets.forget(transaction, { purpose: 'enrolment', userId });
      const all = await needs.sessionStore.listWhere(transaction, { userId });
      const sessionIds = all
        .filter(({ id, methods }) => id !== exceptSessionId && methods.includes('certificate'))
        .map(({ id }) => id);
      if (sessionIds.length > 0) ended += await needs.sessions.endWhere({ sessionIds }, cause, transaction);
    }
    return ended;
  };
}

export function createPersonCertificates(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'policy'> & {
    readonly certificateStore: CertificateStore;
    readonly userStore: UserStore;
    readonly waysIn: Pick<WaysIn, 'keeping'>;
    readonly check: CertificateCheck;
    readonly tickets: Pick<Tickets, 'forget'>;
    readonly endSessions: EndCertificateSessions;
  },
): PersonCertificates {
  const { database, outbox, clock, policy, certificateStore, check } = needs;

  const find = async (where: Transaction | typeof database, userId: string): Promise<User> => {
    const user = await needs.userStore.find(where, userId);
    if (user !== undefined) return user;
    throw new IdentityError('user_not_found', `Cannot find person "${userId.slice(0, 100)}": must be one of the list`);
  };
  /** Who could come in as them must be able to be them. */
  const requireAll = (user: User, by: Principal): void => {
    parseRoles(effectiveRolesOf(user), by, policy, { mayBeNone: true });
    parseSiteRoles(user.siteRoles ?? [], by, policy);
  };

  return {
    async listOf(userId) {
      await find(database, userId);
      return shownCertificates(await certificateStore.listOf(database, userId), check.at(database), clock.nowMs());
    },

    async bindFor({ userId, pem, label, by }) {
      const [certificate, more] = readPem(pem, 1) ?? [];
      if (certificate === undefined || more !== undefined)
        throw new IdentityError('certificate_refused', 'Cannot bind this: must be one certificate, as PEM');
      await database.transaction().execute(async (transaction) => {
        const user = await find(transaction, userId);
        requireAll(user, by);
        const judge = check.at(transaction);
        const verified = await judge.verify(certificate.der);
        if (verified.kind === 'refused')
          throw new IdentityError(
            'certificate_refused',
            `Cannot bind this certificate: ${refusalWords[verified.refusal]}`,
            { details: { reason: verified.refusal } },
          );
        const [one] = verified.all;
        if (one === undefined) throw new TypeError('Cannot bind a certificate that is good by nobody');
        await bindTo(transaction, { ...needs, judge }, { good: verified.all, one, user, label, by });
      });
      await outbox.flushed();
    },

    async removeFor({ userId, id, by }) {
      await database.transaction().execute(async (transaction) => {
        const user = await find(transaction, userId);
        requireAll(user, by);
        const one = (await certificateStore.listOf(transaction, userId)).find((row) => row.id === id);
        if (one === undefined)
          throw new IdentityError('factor_not_found', `Cannot find certificate "${id.slice(0, 100)}": must be theirs`);
        await needs.waysIn.keeping(transaction, by, async () => {
          await certificateStore.remove(transaction, userId, id);
        });
        const sessions = await needs.endSessions(transaction, [userId], { by, reason: 'certificate removed' });
        const details = { method: 'certificate', label: one.label, serial: one.serial, sessions };
        const event = { nowMs: clock.nowMs(), action: 'user.factor-remove', by, user, details };
        await outbox.record(transaction, accountEvent(event));
      });
      await outbox.flushed();
    },
  };
}

/**
 * Makes a certificate that was found good somebody's. Nobody binds to themselves what says it is somebody else's, whoever may be found by
 * such a name: holding a card is not being whom it names. Throws `certificate_taken`, `factor_limit_reached`.
 */
export async function bindTo(
  transaction: Transaction,
  needs: Pick<PeopleNeeds, 'outbox' | 'clock'> & {
    readonly certificateStore: CertificateStore;
    readonly check: Pick<CertificateCheck, 'rowId'>;
    readonly judge: CertificateJudge;
    readonly tickets: Pick<Tickets, 'forget'>;
  },
  {
    good,
    one,
    user,
    label,
    by,
  }: {
    readonly good: readonly GoodCertificate[];
    /** Of these, the one it is bound under. */
    readonly one: GoodCertificate;
    readonly user: User;
    readonly label: string;
    readonly by: Principal | Actor;
  },
): Promise<void> {
  const { certificateStore, clock, judge } = needs;
  const id = needs.check.rowId(one.certificate);
  const row = await certificateStore.find(transaction, id);
  const isRowOthers = row !== undefined && (row.userId !== user.id || row.kind === 'bound');
  const isNaming = good.some(({ authority }) => authority.settings.finds !== 'binding');
  // Whoever hands out cards knows whose they are, but where the authority's word counts for more than theirs.
  const namesCount = isNaming || by.id === user.id;
  const others = [...(await judge.couldMean(one.certificate))].filter((userId) => userId !== user.id);
  const isUnreadable = isNaming && one.certificate.names.hasFaults;
  // Whose it is, is nobody's business who merely holds it.
  if (isRowOthers || (namesCount && others.length > 0) || isUnreadable)
    throw new IdentityError(
      'certificate_taken',
      'Cannot bind this certificate: it is bound already, or its authority gives it to somebody else',
    );
  const own = await certificateStore.listOf(transaction, user.id);
  if (own.filter((other) => other.id !== id).length >= authorityLimits.certificatesOfPerson)
    throw new IdentityError(
      'factor_limit_reached',
      `Cannot bind another certificate: there are ${authorityLimits.certificatesOfPerson} already, remove one first`,
    );
  const nowMs = clock.nowMs();
  if (row !== undefined) await certificateStore.remove(transaction, user.id, id);
  await certificateStore.insert(
    transaction,
    rowOf(one, { id, userId: user.id, kind: 'bound', label, createdAtMs: nowMs }),
  );
  // Whoever was to enrol for want of a factor that would do must use this one now.
  await needs.tickets.forget(transaction, { purpose: 'enrolment', userId: user.id });
  const details = { method: 'certificate', label, certificate: certificateDetails(one.certificate, 'bound') };
  await needs.outbox.record(transaction, accountEvent({ nowMs, action: 'user.factor', by, user, details }));
}

export function rowOf(
  {
    certificate,
    authority,
    issuerId,
  }: { readonly certificate: Certificate; readonly authority: Authority; readonly issuerId: string },
  row: Pick<PersonCertificate, 'id' | 'userId' | 'kind' | 'label' | 'createdAtMs'>,
): PersonCertificate {
  return {
    ...row,
    authorityId: authority.id,
    subject: certificate.shownSubject,
    issuer: certificate.shownIssuer,
    issuerId,
    serial: certificate.serial,
    points: certificate.revocationPoints,
    thumbprint: certificate.thumbprint,
    validToMs: certificate.validToMs,
    der: certificate.der,
  };
}

import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal, SiteRole } from '@sallyport/platform/http';
import { accountEvent } from '../audit-record.ts';
import type { OwnedFactor } from '../admission/judgement.ts';
import type { WaysIn } from '../admission/ways-in.ts';
import type { CertificateStore } from '../certificates/certificate-store.ts';
import type { CodeStore } from '../codes/code-store.ts';
import { IdentityError } from '../errors.ts';
import type { PasskeyStore } from '../factors/passkey-store.ts';
import type { TotpFactor } from '../factors/totp.ts';
import type { KeySuspension, PeopleNeeds } from '../needs.ts';
import type { PasswordHashes } from '../passwords/password-hash.ts';
import { checkPassword } from '../passwords/password-rules.ts';
import type { RecoveryCodes } from '../factors/recovery-codes.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { allowedAtBest } from './allowed-at-best.ts';
import { formatSiteRoles, parseSiteRoles } from './site-roles.ts';
import { parseRoles, parseUserName } from './user-name.ts';
import {
  effectiveRolesOf,
  hasActive,
  rolesAnywhereOf,
  stateOf,
  type User,
  type UserState,
  type UserStore,
} from './user-store.ts';

export type Person = Omit<User, 'passwordHash'> & {
  readonly state: UserState;
  readonly factors: readonly OwnedFactor[];
};

export type Invitation = {
  readonly name: string;
  readonly roles: readonly string[];
  readonly siteRoles: readonly SiteRole[];
  /** Nobody's name for a link of the operator, or of somebody who is gone, and after a reset. */
  readonly invitedBy: string | undefined;
  /** They had an account before, and begin anew. */
  readonly isReset: boolean;
  readonly expiresAtMs: number;
};

/** Who has an account. Every change leaves its event in the transaction that makes it and takes effect before it resolves. */
export type People = {
  /** By name. */
  list(): Promise<readonly Person[]>;
  /**
   * Disabling ends their sessions and whatever they had begun, and suspends the keys they made; enabling does not bring the
   * keys back. New roles hold from the next request on, under a new token, and suspend keys that may do more.
   * Throws `user_not_found`, `role_unknown`, `role_grant_widened`, `last_administrator`, `sealed_account`.
   */
  change(request: {
    readonly id: string;
    readonly roles?: readonly string[];
    /** Each at one site alone; `roles` are held everywhere. */
    readonly siteRoles?: readonly SiteRole[];
    readonly disabled?: boolean;
    readonly by: Principal;
  }): Promise<Person>;
  /**
   * The token goes into the link, which is good once and for 72 hours. Inviting again whoever has not come yet, or has no
   * second factor yet, gives a new link in place of the old one. Throws `user_exists`, `user_name_invalid`, `user_limit_reached` and as `change`.
   */
  invite(request: {
    readonly name: string;
    readonly roles: readonly string[];
    readonly siteRoles?: readonly SiteRole[];
    readonly by: Principal;
  }): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /**
   * Takes password, factors, recovery codes, sessions, programs and, unless `keepsLinks`, accounts at providers away and gives a
   * link like an invitation's, for somebody who lost them or whose account others may hold. Nobody resets themselves: who can sign in changes their own account, and a thief of a session must not have a link.
   * By the operator it works for the last administrator too, and is recorded as `user.recover`.
   * Throws `user_not_found`, `reset_self`, `role_grant_widened`, `user_disabled`, `sealed_account`.
   */
  reset(request: {
    readonly id: string;
    readonly keepsLinks?: boolean;
    readonly by: Principal;
  }): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /**
   * From now on they may look after their own account, and nothing else before they have chosen another password. Of somebody without
   * one nothing is asked, and of whoever has chosen another since `unlessSinceMs`. May be asked again.
   */
  requirePasswordChange(request: {
    readonly userId: string;
    readonly by: Principal;
    readonly reason: string;
    readonly unlessSinceMs?: number;
  }): Promise<void>;
  /**
   * Who an invitation is for, so that they know what they join before they choose a password. Only the link itself tells:
   * anything else is `link_invalid`, as for `accept`, and the link stays good.
   */
  look(request: { readonly token: string }): Promise<Invitation>;
  /** Sets the password. Throws `link_invalid`, `password_weak`, `passwords_busy`; a weak password leaves the link good. */
  accept(request: { readonly token: string; readonly password: string }): Promise<{ readonly enrolment: string }>;
};

const maxPeople = 5000;
const idBytes = 12;
const nothing = { roles: [] };

function isUnfinished(user: User): boolean {
  const state = stateOf(user);
  return state === 'invited' || state === 'enrolling';
}

export function createDirectory(
  needs: Pick<
    PeopleNeeds,
    | 'database'
    | 'outbox'
    | 'clock'
    | 'random'
    | 'policy'
    | 'passwordStrength'
    | 'refuseRoles'
    | 'outsideLinks'
    | 'isSealedAccount'
  > & {
    readonly apiKeys: KeySuspension;
    readonly userStore: UserStore;
    readonly sessionStore: SessionStore;
    readonly hashes: PasswordHashes;
    readonly tickets: Tickets;
    readonly sessions: Sessions;
    readonly totp: TotpFactor;
    readonly passkeyStore: PasskeyStore;
    readonly recoveryCodes: RecoveryCodes;
    readonly codeStore: Pick<CodeStore, 'removeAllOf'>;
    readonly certificateStore: Pick<CertificateStore, 'listOf' | 'listOwners' | 'removeAllOf'>;
    readonly waysIn: Pick<WaysIn, 'administrators'>;
  },
): People {
  const { database, outbox, clock, random, policy, hashes, tickets, sessions, totp, recoveryCodes } = needs;
  const { apiKeys, userStore, sessionStore, passkeyStore, certificateStore } = needs;

  const shown = async (where: Transaction | typeof database, user: User): Promise<Person> => {
    const passkeys = await passkeyStore.listOf(where, user.id);
    const hasTotp = await totp.isConfirmed(where, user.id);
    const certificates = await certificateStore.listOf(where, user.id);
    return personOf(user, { totp: hasTotp, passkey: passkeys.length > 0, certificate: certificates.length > 0 });
  };

  const record = (
    transaction: Transaction,
    action: string,
    about: {
      by: Principal;
      user: User;
      details?: JsonObject;
    },
  ): Promise<void> => outbox.record(transaction, accountEvent({ nowMs: clock.nowMs(), action, ...about }));

  return {
    async list() {
      const withTotp = new Set(await totp.listConfirmed(database));
      const withPasskey = new Set(await passkeyStore.listOwners(database));
      const withCertificate = new Set(await certificateStore.listOwners(database));
      const users = await userStore.list(database);
      return users.map((user) => {
        const [totp, passkey] = [withTotp.has(user.id), withPasskey.has(user.id)];
        return personOf(user, { totp, passkey, certificate: withCertificate.has(user.id) });
      });
    },

    async change({ id, roles, siteRoles, disabled, by }) {
      const before = (roles ?? siteRoles) === undefined ? undefined : await userStore.find(database, id);
      if (before !== undefined)
        await needs.refuseRoles?.(
          before,
          rolesAnywhereOf({
            ...before,
            ...(roles === undefined ? {} : { roles }),
            ...(siteRoles === undefined ? {} : { siteRoles }),
          }),
        );
      if (disabled === true) await refuseSealed(id, 'disable');
      const changed = await database.transaction().execute(async (transaction) => {
        const user = await userStore.find(transaction, id);
        if (user === undefined)
          throw new IdentityError(
            'user_not_found',
            `Cannot change user "${id.slice(0, 100)}": must be the id of a user`,
          );
        const atSites = siteRoles === undefined ? (user.siteRoles ?? []) : parseSiteRoles(siteRoles, by, policy);
        const given = roles === undefined ? user.roles : parseRoles(roles, by, policy, { mayBeNone: true });
        const isDisabled = disabled ?? user.disabledAtMs !== undefined;
        await requireOtherAdministrator(
          transaction,
          user,
          isDisabled ? nothing : { ...user, roles: given },
          needs.waysIn,
        );
        const isNew =
          given.join(' ') !== user.roles.join(' ') ||
          formatSiteRoles(atSites) !== formatSiteRoles(user.siteRoles ?? []);
        // Whoever a provider made may have none.
        if (isNew) requireAny(given, atSites, user);
        let stopped: { effective(): void } | undefined;
        if (isNew || (isDisabled && user.disabledAtMs === undefined)) {
          const now = { ...user, roles: given, siteRoles: atSites };
          const allowed = isDisabled ? { allowed: [] } : allowedAtBest(policy, now);
          stopped = await apiKeys.suspendAllOf(transaction, { makerId: id, ...allowed, by });
        }
        if (isNew) {
          await userStore.update(transaction, id, { roles: given, siteRoles: atSites });
          await sessionStore.replaceTokensSoon(transaction, id);
          await record(transaction, 'user.roles', {
            by,
            user,
            details: {
              roles: [...given],
              roles_before: [...user.roles],
              site_roles: shownSiteRoles(atSites),
              site_roles_before: shownSiteRoles(user.siteRoles ?? []),
            },
          });
        }
        if (isDisabled && user.disabledAtMs === undefined) {
          await userStore.update(transaction, id, { disabledAtMs: clock.nowMs() });
          await tickets.forget(transaction, { userId: id });
          await sessions.endAllOf(transaction, user, by);
          await record(transaction, 'user.disable', { by, user });
        }
        if (!isDisabled && user.disabledAtMs !== undefined) {
          // Who comes back has the roles they had: whoever lets them must be able to give these.
          parseRoles(effectiveRolesOf({ ...user, roles: given }), by, policy, { mayBeNone: true });
          parseSiteRoles(atSites, by, policy);
          await userStore.update(transaction, id, { disabledAtMs: null });
          await record(transaction, 'user.enable', { by, user });
        }
        return { user: await userStore.find(transaction, id), stopped };
      });
      changed.stopped?.effective();
      await outbox.flushed();
      if (changed.user === undefined) throw new TypeError('Cannot show a user: they are gone');
      return shown(database, changed.user);
    },

    async invite({ name: text, roles, siteRoles = [], by }) {
      const name = parseUserName(text);
      await needs.refuseRoles?.({ id: undefined, name }, rolesAnywhereOf({ roles, siteRoles }));
      let stopped: { effective(): void } | undefined;
      const ticket = await database.transaction().execute(async (transaction) => {
        const given = parseRoles(roles, by, policy, { mayBeNone: siteRoles.length > 0 });
        const atSites = parseSiteRoles(siteRoles, by, policy);
        const earlier = await userStore.findByName(transaction, name);
        if (earlier !== undefined && !isUnfinished(earlier))
          throw new IdentityError('user_exists', `Cannot invite "${name}": must be a name nobody has`);
        if (earlier !== undefined) {
          // Whoever could not give the roles they had must not take their place away either.
          parseRoles(earlier.roles, by, policy, { mayBeNone: true });
          parseSiteRoles(earlier.siteRoles ?? [], by, policy);
          await removeFactors(transaction, earlier.id);
          const keys = await apiKeys.suspendAllOf(transaction, { makerId: earlier.id, allowed: [], by });
          const links = await needs.outsideLinks?.forgetPerson(transaction, { userId: earlier.id, by });
          stopped = {
            effective() {
              keys.effective();
              links?.effective();
            },
          };
          await tickets.forget(transaction, { userId: earlier.id });
          await userStore.remove(transaction, earlier.id);
          await record(transaction, 'user.delete', { by, user: earlier });
        }
        if ((await userStore.count(transaction)) >= maxPeople)
          throw new IdentityError(
            'user_limit_reached',
            `Cannot invite "${name}": there are ${maxPeople} people already`,
          );
        const user: User = {
          id: Buffer.from(random(idBytes)).toString('hex'),
          name,
          roles: given,
          siteRoles: atSites,
          createdAtMs: clock.nowMs(),
          createdBy: `${by.kind}/${by.id}`,
        };
        await userStore.insert(transaction, user);
        await record(transaction, 'user.create', {
          by,
          user,
          details: { roles: [...given], site_roles: shownSiteRoles(atSites) },
        });
        return tickets.issue(transaction, { purpose: 'invitation', userId: user.id });
      });
      stopped?.effective();
      await outbox.flushed();
      return ticket;
    },

    async reset({ id, keepsLinks = false, by }) {
      await refuseSealed(id, 'reset');
      let unlinked: { readonly count: number; effective(): void } | undefined;
      const ticket = await database.transaction().execute(async (transaction) => {
        const user = await userStore.find(transaction, id);
        if (user === undefined)
          throw new IdentityError(
            'user_not_found',
            `Cannot reset user "${id.slice(0, 100)}": must be the id of a user`,
          );
        if (by.kind === 'user' && by.id === id)
          throw new IdentityError(
            'reset_self',
            'Cannot reset your own account: must be done by another administrator',
            {
              hint: 'change password and factors under Settings, Account',
            },
          );
        if (user.disabledAtMs !== undefined)
          throw new IdentityError('user_disabled', `Cannot reset "${user.name}": must be enabled first`);
        // The link lets whoever holds it be this person.
        parseRoles(effectiveRolesOf(user), by, policy, { mayBeNone: true });
        parseSiteRoles(user.siteRoles ?? [], by, policy);
        if (by.kind !== 'operator') await requireOtherAdministrator(transaction, user, nothing, needs.waysIn);
        const nowMs = clock.nowMs();
        const { factors } = await shown(transaction, user);
        await removeFactors(transaction, id);
        await tickets.forget(transaction, { userId: id });
        await userStore.update(transaction, id, { passwordHash: null, activatedAtMs: null });
        const ended = await sessions.endAllOf(transaction, user, by);
        if (!keepsLinks) unlinked = await needs.outsideLinks?.forgetPerson(transaction, { userId: id, by });
        const links = unlinked?.count ?? 0;
        const details = { factors: [...factors], sessions: ended, links_removed: links, roles: [...user.roles] };
        const action = by.kind === 'operator' ? 'user.recover' : 'user.reset';
        await outbox.record(transaction, accountEvent({ nowMs, action, by, user, details }));
        return tickets.issue(transaction, { purpose: 'invitation', userId: id });
      });
      unlinked?.effective();
      await outbox.flushed();
      return ticket;
    },

    async requirePasswordChange({ userId, by, reason, unlessSinceMs = Infinity }) {
      await database.transaction().execute(async (transaction) => {
        const user = await userStore.find(transaction, userId);
        if (user?.passwordHash === undefined || user.passwordRefusedAtMs !== undefined) return;
        if ((user.passwordChangedAtMs ?? 0) > unlessSinceMs) return;
        const nowMs = clock.nowMs();
        await userStore.update(transaction, userId, { passwordRefusedAtMs: nowMs });
        const event = accountEvent({ nowMs, action: 'user.password-refuse', by, user, details: { reason } });
        await outbox.record(transaction, event);
      });
      await outbox.flushed();
    },

    async look({ token }) {
      const { user, expiresAtMs } = await invitationOf(database, token);
      const isReset = user.passwordChangedAtMs !== undefined;
      const inviter = /^user\/(.+)$/.exec(user.createdBy)?.[1];
      const invitedBy = isReset || inviter === undefined ? undefined : (await userStore.find(database, inviter))?.name;
      return { name: user.name, roles: user.roles, siteRoles: user.siteRoles ?? [], invitedBy, isReset, expiresAtMs };
    },

    async accept({ token, password }) {
      const invited = await holderOfInvitation(database, token);
      await checkPassword(password, [invited.name, 'sallyport'], needs.passwordStrength);
      const passwordHash = await hashes.hash(password);
      const enrolment = await database.transaction().execute(async (transaction) => {
        const user = await holderOfInvitation(transaction, token);
        await tickets.consume(transaction, 'invitation', token);
        await userStore.update(transaction, user.id, { passwordHash, passwordChangedAtMs: clock.nowMs() });
        const by = { kind: 'user', id: user.id, name: user.name };
        await outbox.record(transaction, accountEvent({ nowMs: clock.nowMs(), action: 'user.password', by, user }));
        return tickets.issue(transaction, { purpose: 'enrolment', userId: user.id });
      });
      await outbox.flushed();
      return { enrolment: enrolment.token };
    },
  };

  /** Whoever has its codes would find on the worst day that they open nothing, while the list says they do. */
  async function refuseSealed(id: string, what: 'disable' | 'reset'): Promise<void> {
    if ((await needs.isSealedAccount?.(id)) !== true) return;
    throw new IdentityError(
      'sealed_account',
      `Cannot ${what} a break-glass account: must be given up first, among the break-glass accounts`,
      { hint: 'giving it up ends its sessions and disables it' },
    );
  }

  async function removeFactors(transaction: Transaction, userId: string): Promise<void> {
    await totp.removeAllOf(transaction, userId);
    await passkeyStore.removeAllOf(transaction, userId);
    await certificateStore.removeAllOf(transaction, userId);
    await recoveryCodes.removeAllOf(transaction, userId);
    await needs.codeStore.removeAllOf(transaction, userId);
  }

  async function holderOfInvitation(where: Transaction | typeof database, token: string): Promise<User> {
    return (await invitationOf(where, token)).user;
  }

  async function invitationOf(
    where: Transaction | typeof database,
    token: string,
  ): Promise<{ readonly user: User; readonly expiresAtMs: number }> {
    const ticket = await tickets.find(where, 'invitation', token);
    const user = ticket?.userId === undefined ? undefined : await userStore.find(where, ticket.userId);
    if (ticket !== undefined && user !== undefined && stateOf(user) === 'invited')
      return { user, expiresAtMs: ticket.expiresAtMs };
    throw new IdentityError('link_invalid', 'Cannot accept the invitation: it was used, has expired or is wrong', {
      hint: 'ask for a new one',
    });
  }
}

/** Whoever is nothing anywhere is to be disabled instead. Throws `role_unknown`. */
function requireAny(
  roles: readonly string[],
  siteRoles: readonly SiteRole[],
  { name, providedRoles = [] }: User,
): void {
  if (roles.length + siteRoles.length + providedRoles.length > 0) return;
  throw new IdentityError('role_unknown', `Cannot take all roles from "${name}": must have one, or be disabled`);
}

function shownSiteRoles(siteRoles: readonly SiteRole[]): JsonObject[] {
  return siteRoles.map(({ role, site }) => ({ role, site }));
}

/** Throws `last_administrator` when nobody else could let people in again: one with nothing that is accepted is none. */
async function requireOtherAdministrator(
  transaction: Transaction,
  user: User,
  /** What is left to them. */
  left: Pick<User, 'roles' | 'providedRoles'>,
  waysIn: Pick<WaysIn, 'administrators'>,
): Promise<void> {
  const takes = (of: (one: typeof left) => readonly string[]): boolean =>
    of(user).includes('admin') && !of(left).includes('admin');
  const isGiven = takes(({ roles }) => roles);
  const isAny = takes(effectiveRolesOf);
  if (stateOf(user) !== 'active' || !(isGiven || isAny)) return;
  const { withFactor, byProvider } = await waysIn.administrators(transaction);
  const able = new Set([...withFactor, ...byProvider]);
  const isLastAble = isAny && able.has(user.id) && able.size === 1;
  // What a provider gave it may take back tomorrow: one whom we made administrator must remain.
  const isLastGiven = isGiven && !(await hasActive(transaction, 'admin', user.id));
  if (!isLastAble && !isLastGiven) return;
  throw new IdentityError('last_administrator', `Cannot take "${user.name}" away: there must be another administrator`);
}

function personOf(user: User, has: Readonly<Record<OwnedFactor, boolean>>): Person {
  const { passwordHash: _passwordHash, ...open } = user;
  const factors = (['passkey', 'certificate', 'totp'] as const).filter((factor) => has[factor]);
  return { ...open, state: stateOf(user), factors };
}

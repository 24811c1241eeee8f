import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { effectiveRolesOf, rolesAnywhereOf, stateOf, type User, type UserStore } from '../people/user-store.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { OwnedFactor } from './judgement.ts';
import type { RequirementStore } from './requirement-store.ts';
import { defaultRequirement, isPrivileged, meets, requirementOf, type RoleRequirement } from './requirements.ts';
import type { WaysIn } from './ways-in.ts';

/** Somebody who does not have what the rules ask for: they are let in once more by what they have, to add it. */
export type Unmet = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly has: readonly OwnedFactor[];
};
export type RulesPreview = {
  readonly unmet: readonly Unmet[];
  /** Open sessions that began with less than the rules will ask for. */
  readonly weakerSessions: number;
  /** No administrator could come in any more without adding a factor first: it is refused, but for the operator. */
  readonly isLockingOut: boolean;
};

/** What each role must show to come in. Holds from the next sign-in on, on every way in and on every server. */
export type SignInRules = {
  /** Of every role there is, in the order of the policies. */
  read(): Promise<readonly RoleRequirement[]>;
  /** What `rules` would mean for those who are here, once they hold. Roles that are not named keep what they have. */
  preview(rules: readonly RoleRequirement[]): Promise<RulesPreview>;
  /**
   * With `endSessions`, whoever came in with less is out, but for the session it is asked from. Throws `role_unknown`,
   * `sign_in_rules_invalid`, and `sign_in_rules_lock_out` when no administrator would have what is asked for; the operator may.
   */
  change(request: {
    readonly rules: readonly RoleRequirement[];
    readonly endSessions: boolean;
    readonly by: Principal;
  }): Promise<{ readonly endedSessions: number }>;
};

const updateActivity = 3;
const maxAheadMs = 180 * 86_400_000;
/** Databases bound how many values one question may name, and nobody else writes while one transaction lasts. */
const endedAtOnce = 500;

export function createSignInRules(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'policy'> & {
    readonly userStore: UserStore;
    readonly sessions: Pick<Sessions, 'list' | 'endWhere'>;
    readonly requirementStore: RequirementStore;
    readonly waysIn: Pick<WaysIn, 'of'>;
  },
): SignInRules {
  const { database, outbox, clock, policy, userStore, sessions, requirementStore } = needs;

  const read = async (where: Database | Transaction): Promise<RoleRequirement[]> => {
    const stored = await requirementStore.list(where);
    return policy.roles().map(({ id }) => stored.find(({ role }) => role === id) ?? defaultRequirement(id));
  };
  const merged = (before: readonly RoleRequirement[], rules: readonly RoleRequirement[]): RoleRequirement[] =>
    before.map((one) => rules.find(({ role }) => role === one.role) ?? one);

  /** As if everything that is to come later held today: what is asked for in the end is what people must know. */
  const inTheEnd = (rules: readonly RoleRequirement[]): RoleRequirement[] =>
    rules.map(({ enforcedFromMs: _later, ...rule }) => rule);

  const unmetBy = async (
    where: Database | Transaction,
    rules: readonly RoleRequirement[],
    isMeant: (user: User) => boolean = () => true,
  ): Promise<readonly { readonly user: User; readonly has: readonly OwnedFactor[]; readonly isMet: boolean }[]> => {
    const users = (await userStore.list(where)).filter((user) => stateOf(user) === 'active' && isMeant(user));
    const ways = await needs.waysIn.of(where, users);
    return users.map((user) => {
      const has = ways.get(user.id) ?? [];
      const required = requirementOf(rolesAnywhereOf(user), inTheEnd(rules), clock.nowMs());
      return { user, has, isMet: meets(has, user.passwordHash === undefined, required) };
    });
  };

  const weakerSessions = async (rules: readonly RoleRequirement[]): Promise<readonly string[]> => {
    const roles = new Map((await userStore.list(database)).map((user) => [user.id, rolesAnywhereOf(user)]));
    return (await sessions.list(undefined, 'all'))
      .filter(({ userId, assurance, methods }) => {
        const required = requirementOf(roles.get(userId) ?? [], rules, clock.nowMs());
        if (assurance >= required.leastAssurance) return false;
        return !(required.leastAssurance === 2 && methods.includes('code') && required.factors.has('code'));
      })
      .map(({ id }) => id);
  };

  const isAdministrator = (user: User): boolean => effectiveRolesOf(user).includes('admin');
  const isLockingOut = (people: Awaited<ReturnType<typeof unmetBy>>): boolean =>
    !people.some(({ user, isMet }) => isMet && isAdministrator(user));

  return {
    read: () => read(database),

    async preview(rules) {
      requireValid(rules, await read(database), clock.nowMs());
      const all = merged(await read(database), rules);
      const people = await unmetBy(database, all);
      return {
        unmet: people
          .filter(({ isMet }) => !isMet)
          .map(({ user, has }) => ({ id: user.id, name: user.name, roles: effectiveRolesOf(user), has })),
        weakerSessions: (await weakerSessions(inTheEnd(all))).length,
        isLockingOut: isLockingOut(people),
      };
    },

    async change({ rules, endSessions, by }) {
      const nowMs = clock.nowMs();
      requireValid(rules, await read(database), nowMs);
      await database.transaction().execute(async (transaction) => {
        const before = await read(transaction);
        const after = merged(before, rules);
        // In the transaction that changes it: nobody takes what they have meanwhile.
        if (by.kind !== 'operator' && isLockingOut(await unmetBy(transaction, after, isAdministrator)))
          throw new IdentityError(
            'sign_in_rules_lock_out',
            'Cannot ask this of administrators: at least one of them must have what is asked for',
            { hint: 'add a passkey to your own account first, under Settings, Account' },
          );
        await requirementStore.replace(
          transaction,
          after.filter((rule) => inWords(rule) !== inWords(defaultRequirement(rule.role))),
        );
        await outbox.record(
          transaction,
          auditEvent({
            nowMs,
            actor: { kind: by.kind, id: by.id, name: by.name },
            action: 'settings.change',
            classUid: ocsfClass.entityManagement,
            activityId: updateActivity,
            outcome: 'success',
            target: { type: 'setting', id: 'sign-in-rules' },
            details: { from: before.map(inWords), to: after.map(inWords) },
          }),
        );
      });
      const weaker = endSessions ? await weakerSessions(await read(database)) : [];
      const sessionIds = weaker.filter((id) => id !== by.sessionId);
      let endedSessions = 0;
      for (let at = 0; at < sessionIds.length; at += endedAtOnce)
        endedSessions += await sessions.endWhere(
          { sessionIds: sessionIds.slice(at, at + endedAtOnce) },
          { by, reason: 'sign-in rules' },
        );
      await outbox.flushed();
      return { endedSessions };
    },
  };
}

function inWords({ role, leastAssurance, factors, provesWithPasskey, enforcedFromMs }: RoleRequirement): string {
  const proof = provesWithPasskey ? ', proves with a passkey' : '';
  const from = enforcedFromMs === undefined ? '' : ` from ${new Date(enforcedFromMs).toISOString()}`;
  return `${role}: at least ${leastAssurance} by ${factors.join(', ')}${proof}${from}`;
}

function requireValid(rules: readonly RoleRequirement[], known: readonly RoleRequirement[], nowMs: number): void {
  for (const { role, leastAssurance, factors, enforcedFromMs } of rules) {
    const cannot = (what: string): IdentityError =>
      new IdentityError('sign_in_rules_invalid', `Cannot set how "${role}" signs in: ${what}`);
    if (!known.some((one) => one.role === role))
      throw new IdentityError(
        'role_unknown',
        `Cannot set how "${role.slice(0, 100)}" signs in: must be one of ${known.map((one) => one.role).join(', ')}`,
      );
    if (rules.filter((one) => one.role === role).length > 1) throw cannot('must be named once');
    if (!factors.includes('passkey')) throw cannot('a passkey must always do');
    if (factors.includes('code') && (isPrivileged(role) || leastAssurance === 3))
      throw cannot(
        'codes by e-mail or SMS must not stand for an administrator, nor for a factor that cannot be phished',
      );
    if (enforcedFromMs !== undefined && (enforcedFromMs <= nowMs || enforcedFromMs > nowMs + maxAheadMs))
      throw cannot('the day it begins must be within the next 180 days');
  }
}

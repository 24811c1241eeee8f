import type { Actor } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { SiteRole } from '@sallyport/platform/http';
import { accountEvent } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { KeySuspension, PeopleNeeds } from '../needs.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Tickets } from '../tickets/tickets.ts';
import { allowedAtBest } from './allowed-at-best.ts';
import { parseUserName } from './user-name.ts';
import { effectiveRolesOf, rolesAnywhereOf, stateOf, type User, type UserState, type UserStore } from './user-store.ts';

/** Somebody, for whoever is told about them by another system. */
export type KnownPerson = {
  readonly id: string;
  readonly name: string;
  readonly state: UserState;
  readonly roles: readonly string[];
  readonly providedRoles: readonly string[];
  /** Those and the ones held at a site alone. */
  readonly rolesAnywhere: readonly string[];
  readonly siteRoles: readonly SiteRole[];
};

/**
 * People and roles by the word of another system: a provider they sign in with, a directory. Such roles are kept apart from those
 * given here, for each source on its own, and never count as the one administrator that must remain. Every function runs in the
 * caller's transaction and leaves its event there.
 */
export type ProvidedPeople = {
  find(where: Database | Transaction, id: string): Promise<KnownPerson | undefined>;
  /** As people read names. */
  isNameTaken(where: Database | Transaction, name: string): Promise<boolean>;
  /** Somebody without password and without roles of their own. Throws `user_exists`, `user_name_invalid`, `user_limit_reached`. */
  create(transaction: Transaction, person: { readonly name: string; readonly by: Actor }): Promise<KnownPerson>;
  /**
   * What this source says now, in place of what it said before; roles there are not are left out. Takes effect with the next
   * request; keys that may do more than their maker now may stop: `effective` is to be called after the commit.
   */
  setRoles(
    transaction: Transaction,
    said: { readonly userId: string; readonly source: string; readonly roles: readonly string[]; readonly by: Actor },
  ): Promise<{ readonly isChanged: boolean; effective(): void }>;
  /**
   * Throws what `refuseRoles` throws, for roles that nobody may hold together with what they hold besides what this source said. Before a transaction
   * begins; `userId` is undefined for who is not here yet.
   */
  refuseTogether(said: {
    readonly userId: string | undefined;
    readonly name: string;
    readonly source: string;
    readonly roles: readonly string[];
  }): Promise<void>;
  /** All this source ever said; who is on the way in by its word begins anew. */
  forgetSource(
    transaction: Transaction,
    said: { readonly source: string; readonly by: Actor },
  ): Promise<{ effective(): void }>;
};

type Tables = { identity_provided_roles: { user_id: string; source: string; roles: string } };

const maxPeople = 5000;
const idBytes = 12;

export function createProvidedPeople(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'policy' | 'refuseRoles'> & {
    readonly tickets: Pick<Tickets, 'forget'>;
    readonly apiKeys: KeySuspension;
    readonly userStore: UserStore;
    readonly sessionStore: Pick<SessionStore, 'replaceTokensSoon'>;
  },
): ProvidedPeople {
  const { database, outbox, clock, random, policy, apiKeys, userStore, sessionStore, tickets } = needs;

  /** Brings somebody's own row in line with what all sources say. */
  const gather = async (
    transaction: Transaction,
    userId: string,
    by: Actor,
  ): Promise<{ readonly isChanged: boolean; effective(): void }> => {
    const user = await userStore.find(transaction, userId);
    const rows = await transaction
      .withTables<Tables>()
      .selectFrom('identity_provided_roles')
      .select('roles')
      .where('user_id', '=', userId)
      .orderBy('source')
      .execute();
    const providedRoles = [...new Set(rows.flatMap(({ roles }) => roles.split(' ')))].filter((role) => role !== '');
    if (user === undefined || providedRoles.join(' ') === (user.providedRoles ?? []).join(' '))
      return { isChanged: false, effective: () => undefined };
    const [before, now] = [effectiveRolesOf(user), effectiveRolesOf({ ...user, providedRoles })];
    const allowed = allowedAtBest(policy, { ...user, providedRoles });
    const stopped = await apiKeys.suspendAllOf(transaction, { makerId: userId, ...allowed, by });
    await userStore.update(transaction, userId, { providedRoles });
    await sessionStore.replaceTokensSoon(transaction, userId);
    const details = { roles: [...now], roles_before: [...before], provided: providedRoles };
    await outbox.record(transaction, accountEvent({ nowMs: clock.nowMs(), by, action: 'user.roles', user, details }));
    return { isChanged: true, effective: stopped.effective };
  };

  const knownOnes = (roles: readonly string[]): readonly string[] => {
    const known = new Set<string>(policy.roles().map(({ id }) => id));
    return [...new Set(roles)].filter((role) => known.has(role));
  };

  return {
    async find(where, id) {
      const user = await userStore.find(where, id);
      return user === undefined ? undefined : knownOf(user);
    },

    isNameTaken: async (where, name) => (await userStore.findByName(where, name)) !== undefined,

    async create(transaction, { name: text, by }) {
      const name = parseUserName(text);
      if ((await userStore.findByName(transaction, name)) !== undefined)
        throw new IdentityError('user_exists', 'Cannot create an account: there is somebody of that name');
      if ((await userStore.count(transaction)) >= maxPeople)
        throw new IdentityError(
          'user_limit_reached',
          `Cannot create an account: there are ${maxPeople} people already`,
        );
      const nowMs = clock.nowMs();
      const user: User = {
        id: Buffer.from(random(idBytes)).toString('hex'),
        name,
        roles: [],
        createdAtMs: nowMs,
        createdBy: `${by.kind}/${by.id}`,
        activatedAtMs: nowMs,
      };
      await userStore.insert(transaction, user);
      await outbox.record(
        transaction,
        accountEvent({ nowMs, action: 'user.create', by, user, details: { roles: [] } }),
      );
      return knownOf(user);
    },

    async setRoles(transaction, { userId, source, roles, by }) {
      const said = knownOnes(roles);
      const tables = transaction.withTables<Tables>();
      await tables
        .deleteFrom('identity_provided_roles')
        .where('user_id', '=', userId)
        .where('source', '=', source)
        .execute();
      if (said.length > 0)
        await tables
          .insertInto('identity_provided_roles')
          .values({ user_id: userId, source, roles: said.join(' ') })
          .execute();
      return gather(transaction, userId, by);
    },

    async refuseTogether({ userId, name, source, roles: said }) {
      const roles = knownOnes(said);
      if (roles.length === 0) return;
      const user = userId === undefined ? undefined : await userStore.find(database, userId);
      const others = await database
        .withTables<Tables>()
        .selectFrom('identity_provided_roles')
        .select('roles')
        .where('user_id', '=', user?.id ?? '')
        .where('source', '!=', source)
        .execute();
      const held = [...(user?.roles ?? []), ...others.flatMap((one) => one.roles.split(' '))];
      await needs.refuseRoles?.({ id: user?.id, name: user?.name ?? name }, [...new Set([...held, ...roles])]);
    },

    async forgetSource(transaction, { source, by }) {
      await tickets.forget(transaction, { method: source.replace('/', ':') });
      const tables = transaction.withTables<Tables>();
      const rows = await tables
        .selectFrom('identity_provided_roles')
        .select('user_id')
        .where('source', '=', source)
        .execute();
      await tables.deleteFrom('identity_provided_roles').where('source', '=', source).execute();
      const changes: { effective(): void }[] = [];
      for (const { user_id: userId } of rows) changes.push(await gather(transaction, userId, by));
      return { effective: () => changes.forEach((change) => change.effective()) };
    },
  };
}

function knownOf(user: User): KnownPerson {
  const { id, name, roles, providedRoles = [], siteRoles = [] } = user;
  return { id, name, state: stateOf(user), roles, providedRoles, rolesAnywhere: rolesAnywhereOf(user), siteRoles };
}

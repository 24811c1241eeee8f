/** What people and programs may do by now, where nobody of them asks. */
import { setImmediate } from 'node:timers/promises';
import { allActions, heldRights } from '@sallyport/access-policy';
import type { AccessPolicy, Action } from '@sallyport/access-policy';
import { effectiveRolesOf, type ApiKeys, type PeopleNeeds } from '@sallyport/identity';
import type { MachineAccess } from '@sallyport/machine-access';
import type { Principal } from '@sallyport/platform/http';

/** A few milliseconds of deciding. */
const peoplePerTurn = 4;
const bestMoment = { context: { channel: 'network' }, risk: { value: 0, isFresh: true } } as const;

type Person = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly providedRoles?: readonly string[];
  readonly state: string;
  readonly passwordRefusedAtMs?: number;
};

/** The session, and the grants it held. */
type HeldForNow = { readonly sessionId: string; readonly browserKey?: string; readonly grantIds: readonly string[] };

export type CurrentScopes = {
  /**
   * Scopes of `kind/id` at this moment: of a person by the roles held now, of a key or service account by what it was made for, of the
   * operator all, who owns the data directory for ever. With `heldForNow` a person also has what they held for a time when they asked, as
   * long as the same session holds it. Undefined when there is nobody of this name any more, when the account or
   * key has ended, and for whoever is none of them.
   */
  of(owner: string, heldForNow?: HeldForNow): Promise<readonly string[] | undefined>;
  /**
   * Active people who have it, of those that are `wanted`, also who holds it for a time with some session of theirs. Asks for this one alone,
   * and lets others work in between. For telling them of something: what they do is decided by the session they do it with.
   */
  holders(scope: Action, wanted?: (userId: string) => boolean): Promise<readonly Pick<Person, 'id' | 'name'>[]>;
  /** Whether this person has it by what they hold for a time; false at once for who holds nothing so. */
  holdsForNow(userId: string, scope: Action): Promise<boolean>;
};

export function createCurrentScopes(needs: {
  readonly people: { list(): Promise<readonly Person[]> };
  readonly apiKeys: Pick<ApiKeys, 'recheck'>;
  readonly services: Pick<MachineAccess['accounts'], 'scopesNow'>;
  readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'decide'>;
  readonly temporaryRoles: Required<PeopleNeeds>['temporaryRoles'];
  readonly heldBy: (userId: string) => ReturnType<Required<PeopleNeeds>['temporaryRoles']>;
}): CurrentScopes {
  // As signed in with two factors.
  const principalOf = (
    { id, name, passwordRefusedAtMs, ...held }: Person,
    granted: ReturnType<Required<PeopleNeeds>['temporaryRoles']> = [],
  ): Principal => ({
    kind: 'user',
    id,
    name,
    scopes: [],
    // What is held at a site alone, or for single actions, is no right to work for the whole server.
    roles: [
      ...effectiveRolesOf(held),
      ...granted.flatMap(({ role, site, actions }) => (site === undefined && actions === undefined ? [role] : [])),
    ],
    assurance: 2,
    // Before they have chosen another password nothing is done in their name either.
    ...(passwordRefusedAtMs === undefined ? {} : { limitedTo: ['sessions:own'] }),
  });
  const scopesOf = (...held: Parameters<typeof principalOf>): readonly string[] =>
    heldRights(needs.policy, principalOf(...held));
  /** As `permissionsOf` would say, which asks for every action there is. */
  const holds = (person: Person, action: Action): boolean => {
    const granted = needs.heldBy(person.id);
    const parts = granted.filter(({ site, actions }) => site === undefined && actions !== undefined);
    const principal = {
      ...principalOf(person, granted),
      ...(parts.length === 0 ? {} : { grantedRoles: parts.map(({ role, actions = [] }) => ({ role, actions })) }),
    };
    const { allowed, needsProof, isUnsure } = needs.policy.decide({ principal, action, ...bestMoment });
    return (
      allowed || needsProof === true || (isUnsure === true && heldRights(needs.policy, principal).includes(action))
    );
  };
  const active = async (): Promise<readonly Person[]> =>
    (await needs.people.list()).filter(({ state }) => state === 'active');

  return {
    async of(owner, heldForNow) {
      const kind = owner.slice(0, owner.indexOf('/'));
      const id = owner.slice(kind.length + 1);
      if (kind === 'key') {
        const key = await needs.apiKeys.recheck(id);
        if ('refused' in key) return undefined;
        // Neither at some sites alone nor what its maker may not do counts as everywhere.
        return key.sites === undefined && key.onBehalfOf === undefined ? key.scopes : heldRights(needs.policy, key);
      }
      if (kind === 'service') return needs.services.scopesNow(id);
      if (kind === 'operator') return allActions;
      const person = kind === 'user' ? (await active()).find((one) => one.id === id) : undefined;
      if (person === undefined) return undefined;
      if (heldForNow === undefined) return scopesOf(person);
      const { grantIds, ...session } = heldForNow;
      const granted = needs.temporaryRoles({ userId: id, ...session });
      return scopesOf(
        person,
        granted.filter(({ grantId }) => grantIds.includes(grantId)),
      );
    },
    async holders(scope, wanted = () => true) {
      const asked = (await active()).filter(({ id }) => wanted(id));
      const found: Pick<Person, 'id' | 'name'>[] = [];
      for (const [index, person] of asked.entries()) {
        if (index > 0 && index % peoplePerTurn === 0) await setImmediate();
        if (holds(person, scope)) found.push({ id: person.id, name: person.name });
      }
      return found;
    },
    async holdsForNow(userId, scope) {
      if (needs.heldBy(userId).length === 0) return false;
      const person = (await active()).find(({ id }) => id === userId);
      return person !== undefined && holds(person, scope);
    },
  };
}

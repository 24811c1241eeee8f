import { createAccessPolicy, createLivePolicy, engine, readPolicyTexts } from '@sallyport/access-policy';
import type { LivePolicy, PolicyTexts, PrincipalRisk } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import type { EventSearch } from '@sallyport/event-search';
import { effectiveRolesOf } from '@sallyport/identity';
import type { ApiKeys, PeopleServices } from '@sallyport/identity';
import type { MachineAccess } from '@sallyport/machine-access';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { createPolicyLibrary, createPolicyRoutes } from '@sallyport/policy-library';
import type { Subject } from '@sallyport/policy-library';
import type { CommonNeeds, Custody } from './custody.ts';
import { numberInVault } from './number-in-vault.ts';
import { createRecordedDecisions } from './recorded-decisions.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';

/** The bundled policies, in force until the organisation's are: what everything asks. */
export async function openPolicy(): Promise<{ readonly policy: LivePolicy; readonly bundledPolicies: PolicyTexts }> {
  const bundledPolicies = await readPolicyTexts(policiesDirectory);
  return { policy: createLivePolicy(createAccessPolicy(bundledPolicies)), bundledPolicies };
}

export type PolicyServices = {
  routes(riskOf: (principal: Principal) => PrincipalRisk | undefined): RoutePlugin;
  close(): Promise<void>;
};

/** The organisation's policies over the bundled ones, in force before this resolves. */
export async function createPolicyServices(
  needs: CommonNeeds &
    Pick<Custody, 'database' | 'ledger' | 'outbox'> & {
      readonly policy: LivePolicy;
      readonly bundledPolicies: PolicyTexts;
      readonly people: Pick<PeopleServices, 'people' | 'personNow' | 'answering'>;
      readonly apiKeys: Pick<ApiKeys, 'listKeys' | 'recheck'>;
      readonly accounts: Pick<MachineAccess['accounts'], 'list'>;
      readonly search: Pick<EventSearch, 'search' | 'event'>;
      /** Where anything stands. */
      readonly sites: () => readonly (string | undefined)[];
    },
): Promise<PolicyServices> {
  const { people, apiKeys, clock } = needs;

  async function subjects(): Promise<readonly Subject[]> {
    const nowMs = clock.nowMs();
    const [persons, keys, accounts] = await Promise.all([
      people.people.list(),
      apiKeys.listKeys(),
      needs.accounts.list(),
    ]);
    const behind = new Map<string, Principal>();
    for (const id of new Set([...keys.flatMap(({ makerId }) => makerId ?? []), ...accounts.map((one) => one.ownerId)]))
      behind.set(id, await people.answering(id));
    const behalf = (id: string | undefined): Pick<Subject, 'onBehalfOf'> => {
      const person = behind.get(id ?? '');
      return person === undefined ? {} : { onBehalfOf: person };
    };
    const lasts = (one: { readonly expiresAtMs?: number; readonly suspendedAtMs?: number }): boolean =>
      one.suspendedAtMs === undefined && (one.expiresAtMs ?? Infinity) > nowMs;
    return [
      ...persons
        .filter(({ state }) => state !== 'disabled')
        .map((person): Subject => ({
          kind: 'user',
          id: person.id,
          name: person.name,
          roles: effectiveRolesOf(person),
          scopes: [],
          ...(person.siteRoles === undefined ? {} : { siteRoles: person.siteRoles }),
        })),
      ...keys
        .filter((key) => key.revokedAtMs === undefined && lasts(key))
        .map(({ id, name, scopes, sites, makerId }): Subject => ({
          kind: 'key',
          id,
          name,
          scopes,
          ownerId: makerId ?? 'operator',
          ...behalf(makerId),
          ...(sites === undefined ? {} : { sites }),
        })),
      ...accounts.filter(lasts).map(({ id, name, scopes, sites, ownerId }): Subject => ({
        kind: 'service',
        id,
        name,
        scopes,
        ownerId,
        ...behalf(ownerId),
        ...(sites === undefined ? {} : { sites }),
      })),
    ];
  }

  engine.onTrouble((reason) =>
    needs.log.error(
      'The policy engine broke: what was asked just then is denied; see policy_engine in the health report',
      {
        reason,
      },
    ),
  );
  const library = createPolicyLibrary({
    ...needs,
    sealingKey: await secretKey(needs.ledger.secrets, secretNames.policies),
    bundled: needs.bundledPolicies,
    live: needs.policy,
    mark: numberInVault(needs.ledger.secrets, secretNames.policyMark),
    numbersMark: numberInVault(needs.ledger.secrets, secretNames.policyNumbers),
    decisions: createRecordedDecisions(needs.search),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    subjects,
    sites: async () => [...new Set(needs.sites().flatMap((site) => (site === undefined || site === '' ? [] : [site])))],
  });
  await library.start();

  return {
    routes: (riskOf) =>
      createPolicyRoutes(library, {
        live: needs.policy,
        riskOf,
        async principalOf(kind, id) {
          if (kind === 'user')
            return (await people.personNow(id, { assurance: 2, methods: [], authenticatedAtMs: 0 }))?.principal;
          if (kind === 'key') {
            const found = await apiKeys.recheck(id);
            return 'refused' in found ? undefined : found;
          }
          const account = (await subjects()).find((one) => one.kind === 'service' && one.id === id);
          return account;
        },
      }),
    close: () => library.close(),
  };
}

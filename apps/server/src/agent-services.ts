import {
  createAgentGuard,
  createOpenJudge,
  createOwnPolicies,
  createWarmJudge,
  loadPackDecisions,
} from '@sallyport/agent-guard';
import type { AgentGuard, AgentGuardNeeds } from '@sallyport/agent-guard';
import { heldRights } from '@sallyport/access-policy';
import type { AccessPolicy } from '@sallyport/access-policy';
import type { JsonObject } from '@sallyport/contracts';
import type { Sensors } from '@sallyport/device-fleet';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import type { EventSearch } from '@sallyport/event-search';
import type { ApiKeys, PeopleServices } from '@sallyport/identity';
import type { MachineAccess } from '@sallyport/machine-access';
import type { Principal } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { AlertServices } from './alert-services.ts';
import { createPastCalls } from './past-agent-calls.ts';
import type { CurrentScopes } from './current-scopes.ts';
import type { Https } from './https/index.ts';
import type { ColumnKeyrings } from './column-keys.ts';
import type { CommonNeeds, Custody } from './custody.ts';
import { numberInVault } from './number-in-vault.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';

export type AgentServices = Pick<AgentGuard, 'routes' | 'sessions' | 'approvals'> & {
  /** A no to every call that waits for a person: before their connections are cut, which some harnesses would take for a yes. */
  endQuestions(): Promise<void>;
  close(): Promise<void>;
};

/** What an owner may do at best. */
const strongest = { assurance: 3, authenticatedAtMs: 0, methods: [] } as const;
const seenEveryMs = 60_000;
const silenceEveryMs = 30_000;
const questionsEveryMs = 1000;

/** AI agents: their runs, what each call may do, and the switch that stops them. */
export async function createAgentServices(
  needs: CommonNeeds &
    Pick<Custody, 'database' | 'ledger' | 'outbox'> & {
      readonly columnKeyrings: Pick<ColumnKeyrings, 'open'>;
      readonly people: Pick<PeopleServices, 'personNow' | 'notices'>;
      readonly apiKeys: Pick<ApiKeys, 'recheck'>;
      readonly services: Pick<MachineAccess['accounts'], 'find' | 'idsOf' | 'scopesNow'>;
      readonly policy: Pick<AccessPolicy, 'permissionsOf'>;
      readonly search: Pick<EventSearch, 'search'>;
      readonly sensors: Pick<Sensors, 'vouched' | 'machine'>;
      readonly currentScopes: Pick<CurrentScopes, 'holders' | 'holdsForNow'>;
      readonly https: Pick<Https, 'publicOrigin'>;
      readonly risks: () => Pick<AlertServices['riskFacts'], 'of' | 'ofAgent'>;
    },
): Promise<AgentServices> {
  const { log, every } = needs;
  const packs = loadPackDecisions(agentPolicyFiles(), {
    onTrouble: (pack, error) =>
      log.error(`Cannot load the pack "${pack}": every call under it is denied`, errorFields(error)),
  });
  const owner: AgentGuardNeeds['owner'] = async ({ kind, id }) => {
    if (kind === 'user') return (await needs.people.personNow(id, strongest))?.principal;
    if (kind === 'key') {
      const key = await needs.apiKeys.recheck(id);
      if ('refused' in key) return undefined;
      const { name, onBehalfOf } = key;
      const person = onBehalfOf === undefined ? {} : { person: onBehalfOf.id };
      return { name, scopes: heldRights(needs.policy, key), ...person };
    }
    const scopes = await needs.services.scopesNow(id);
    if (scopes === undefined) return undefined;
    const account = await needs.services.find(id);
    return account === undefined ? undefined : { name: account.name, scopes, person: account.ownerId };
  };
  const shared = {
    ...needs,
    columnKeys: await needs.columnKeyrings.open(secretNames.agentColumns),
    pastCalls: createPastCalls(needs.search),
    owner,
    log: (message: string, details: JsonObject) => log.warn(message, details),
  };
  const ownPolicies = createOwnPolicies({
    ...shared,
    files: agentPolicyFiles(),
    sealingKey: await secretKey(needs.ledger.secrets, secretNames.agentPolicies),
    mark: numberInVault(needs.ledger.secrets, secretNames.agentPolicyMark),
  });
  await ownPolicies.start();
  const openJudge = createOpenJudge(packs, ownPolicies);
  const guard = await createAgentGuard({
    ...shared,
    packs,
    ownPolicies,
    openJudge,
    warmJudge: createWarmJudge(openJudge),
    machines: needs.sensors,
    riskOf({ agentId, owner, ownerName, person }) {
      const { of, ofAgent } = needs.risks();
      // Of the person behind a service only the id is known here: how they come and go counts, what they do does not.
      const owners: Principal[] = [{ ...owner, name: ownerName, scopes: [] }];
      if (person !== undefined && person !== owner.id)
        owners.push({ kind: 'user', id: person, name: person, scopes: [] });
      return { risk: ofAgent(agentId), ownerRisk: Math.max(...owners.map((one) => of(one)?.value ?? 100)) };
    },
    servicesOf: (userId) => needs.services.idsOf(userId),
    telling: {
      deliver: (message) => needs.people.notices.deliver(message),
      reach: (userId) => needs.people.notices.reach(userId),
      approvers: (wanted) => needs.currentScopes.holders('agents:approve', wanted),
      holdsForNow: (userId, scope) => needs.currentScopes.holdsForNow(userId, scope),
      origin: () => needs.https.publicOrigin(),
    },
  });
  const keep = async (): Promise<void> => {
    await guard.sessions.recordSeen();
    await guard.tallies.keep();
  };
  const quietly = (what: string, task: () => Promise<void>) => (): void => {
    task().catch((error: unknown) => log.warn(`Cannot ${what} yet`, errorFields(error)));
  };
  const stops = [
    every(seenEveryMs, quietly('keep when agents were heard of', keep)),
    every(
      silenceEveryMs,
      quietly('look for agents whose hooks are silent', () => guard.hooks.noteSilence()),
    ),
    every(
      silenceEveryMs,
      quietly('record how often rates were reached', () => guard.rates.tick()),
    ),
    every(
      questionsEveryMs,
      quietly('see whether questions of agents still wait', () => guard.approvals.tick()),
    ),
    every(questionsEveryMs, () => guard.notices.tick()),
  ];
  return {
    routes: guard.routes,
    sessions: guard.sessions,
    approvals: guard.approvals,
    endQuestions: () => guard.approvals.close(),
    async close() {
      for (const stop of stops) stop();
      await guard.notices.close();
      await ownPolicies.close();
      await guard.rates.tick('all').catch((error: unknown) => log.warn('Cannot record rates', errorFields(error)));
      await keep();
    },
  };
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AccessPolicy, RiskFacts } from '@sallyport/access-policy';
import type { Behaviour } from '@sallyport/behaviour';
import { separationFile } from '@sallyport/content';
import { formatPosition, isJsonObject, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { EventSearch } from '@sallyport/event-search';
import { effectiveRolesOf } from '@sallyport/identity';
import type { CredentialsHeld, KnownPerson, PeopleNeeds, PeopleServices } from '@sallyport/identity';
import type { RoutePlugin } from '@sallyport/platform/http';
import {
  createBreakGlassRoutes,
  createPrivilegeRoutes,
  createPrivileges,
  readSeparationRules,
} from '@sallyport/privileged-access';
import type { DoneWithGrant, Holder, Privileges } from '@sallyport/privileged-access';
import { errorFields } from '@sallyport/platform/log';
import { entryOf } from './audit.ts';
import type { CommonNeeds, Custody } from './custody.ts';
import { numberInVault } from './number-in-vault.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';

export type PrivilegeServices = {
  readonly privileges: Privileges;
  readonly routes: readonly RoutePlugin[];
  /** Of break-glass accounts, for the inventory of cryptography. */
  passkeysHeld(): Promise<CredentialsHeld['passkeys']>;
  close(): void;
};

const sweepEveryMs = 2000;
const remindEveryMs = 300_000;
const reportedEntries = 500;

type PrivilegeServiceNeeds = CommonNeeds &
  Pick<Custody, 'database' | 'ledger' | 'outbox'> & {
    readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'roles'>;
    readonly people: Pick<PeopleServices, 'people' | 'provided' | 'sealedEntry' | 'sealedPasskeys' | 'sessions'>;
    readonly keys: PeopleNeeds['apiKeys'];
    readonly riskFacts: RiskFacts;
    readonly behaviour: Pick<Behaviour, 'risk'>;
    readonly search: Pick<EventSearch, 'search'>;
  };

/** Rights held for a time, and the accounts for the day on which nobody can come in otherwise. */
export async function createPrivilegeServices(needs: PrivilegeServiceNeeds): Promise<PrivilegeServices> {
  const { log, policy, people } = needs;
  const separation = readSeparationRules(await readFile(separationFile, 'utf8'));

  const holderOf = (
    person: Pick<KnownPerson, 'id' | 'name' | 'state' | 'roles'> & Partial<KnownPerson>,
    rolesAnywhere: readonly string[],
  ): Holder => ({
    id: person.id,
    name: person.name,
    roles: effectiveRolesOf(person),
    rolesAnywhere,
    ...(person.siteRoles === undefined ? {} : { siteRoles: person.siteRoles }),
    isActive: person.state === 'active',
  });

  const privileges = await createPrivileges({
    ...needs,
    sealingKey: await secretKey(needs.ledger.secrets, secretNames.privileges),
    mark: numberInVault(needs.ledger.secrets, secretNames.privilegeMark),
    codesMark: numberInVault(needs.ledger.secrets, secretNames.codesMark),
    separation,
    people: {
      list: async () =>
        (await people.people.list()).map((person) =>
          holderOf(person, [...effectiveRolesOf(person), ...(person.siteRoles ?? []).map(({ role }) => role)]),
        ),
      // Asked of whoever holds something every two seconds: one row, not everybody's.
      async find(id) {
        const person = await people.provided.find(needs.database, id);
        return person === undefined ? undefined : holderOf(person, person.rolesAnywhere);
      },
    },
    async session(id) {
      const found = await people.sessions.find(id);
      if (found === undefined) return undefined;
      const { userId, address, agent, createdAtMs, assurance, browserKey } = found;
      const key = browserKey === undefined ? {} : { browserKey };
      return { id, userId, address, agent, signedInAtMs: createdAtMs, assurance, ...key };
    },
    risk({ id, name }) {
      const risk = needs.riskFacts.of({ kind: 'user', id, name, scopes: [] });
      if (risk === undefined) return undefined;
      return { ...risk, reasons: needs.behaviour.risk('user', name).reasons };
    },
    doneWith: (grant) => doneWith(needs.search, grant),
    accounts: {
      create: async (transaction, { name, by }) => people.provided.create(transaction, { name, by }),
      async begin(transaction, account) {
        const { token, session } = await people.sealedEntry.begin(transaction, account);
        const { id: sessionId, browserKey } = session;
        return { token, sessionId, ...(browserKey === undefined ? {} : { browserKey }) };
      },
      async remove({ userId, by }) {
        await people.people.change({ id: userId, disabled: true, by });
      },
    },
    passkeys: people.sealedPasskeys,
    async endSession({ id, by, reason }) {
      await people.sessions.endWhere({ sessionIds: [id] }, { by, reason });
    },
    suspendKeys: (transaction, request) => needs.keys.suspendAllOf(transaction, request),
    onTrouble: (what, error) => log.error(`Cannot ${what} yet`, errorFields(error)),
  });
  const stops = [
    needs.every(sweepEveryMs, () => void privileges.sweep()),
    needs.every(remindEveryMs, () => void privileges.remind()),
  ];
  return {
    privileges,
    routes: [createPrivilegeRoutes(privileges, { policy, separation }), createBreakGlassRoutes(privileges)],
    async passkeysHeld() {
      const { breakGlass } = privileges;
      const owners = new Map((await breakGlass.list()).map(({ id, userId }) => [id, userId]));
      return (await breakGlass.passkeys()).map(({ id, accountId, algorithm, createdAtMs }) => ({
        // Not the credential's own id: that stays where it is.
        id: createHash('sha256').update('sallyport sealed passkey\0').update(id).digest('hex').slice(0, 16),
        userId: owners.get(accountId) ?? '',
        algorithm,
        createdAtMs,
      }));
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

/** What identity asks, before there is anybody to ask: nobody is let in until there is. */
export function temporaryRights(
  privileges: () => Privileges,
): Required<Pick<PeopleNeeds, 'temporaryRoles' | 'refuseRoles' | 'isSealedAccount'>> & Pick<Privileges, 'heldBy'> {
  return {
    temporaryRoles: (of) => privileges().rolesOf(of),
    heldBy: (userId) => privileges().heldBy(userId),
    refuseRoles: (person, roles) => privileges().refuseTogether(person, roles),
    isSealedAccount: async (id) =>
      (await privileges().breakGlass.list()).some(
        ({ userId, retiredAtMs }) => userId === id && retiredAtMs === undefined,
      ),
  };
}

/** Audit records that carry the grant's id: those of the edge, and those of whatever a request changed. */
async function doneWith(
  search: Pick<EventSearch, 'search'>,
  { id, fromMs, toMs }: { readonly id: string; readonly fromMs: number; readonly toMs: number },
): Promise<DoneWithGrant> {
  const { events, next } = await search.search({
    where: [
      { field: 'log_name', op: 'eq', value: 'audit' },
      { field: 'raw_data', op: 'exists', negated: true },
    ],
    text: id,
    fromMs,
    toMs,
    limit: reportedEntries,
  });
  const entries = events.flatMap((found) => {
    const entry = entryOf(found);
    if (entry === undefined || !carries(found.event, id)) return [];
    const { action, target, outcome } = entry;
    const named = [target.kind, target.name === '' ? target.id : target.name].filter((part) => part !== '').join(' ');
    return [{ position: formatPosition(found.position), atMs: found.receivedAtMs, action, target: named, outcome }];
  });
  return { entries, hasMore: next !== undefined };
}

/** Somebody who writes the id into a field of theirs has not acted with the grant. */
function carries(event: JsonObject | undefined, id: string): boolean {
  const unmapped = event?.['unmapped'];
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  return isJsonObject(own) && textsOf(own['grant_ids']).includes(id);
}

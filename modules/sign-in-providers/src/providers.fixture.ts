// A house with people, a real provider outside, and what somebody in a browser would do: for the tests of this module.
import { randomBytes } from 'node:crypto';
import { allActions, createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import {
  createApiKeys,
  createPeople,
  identityMigrations,
  type PeopleNeeds,
  type PeopleServices,
} from '@sallyport/identity';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database, type OpenDatabase } from '@sallyport/platform/database';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Client, Principal } from '@sallyport/platform/http';
import {
  openIdClientId,
  openIdClientSecret,
  startOpenIdProvider,
  type OpenIdProvider,
} from '@sallyport/testing/open-id-provider';
import { passingDatabase } from '@sallyport/testing/dying-process';
import { createSignInProviders, signInProviderMigrations } from './index.ts';
import type { SignInProviders } from './sign-in-providers.ts';
import type { SignInProviderNeeds } from './needs.ts';
import type { Provider, ProviderSettings } from './provider.ts';
import { freshSettings } from './schema.ts';
import { redirectUriOf, type Returned } from './sign-in-flow.ts';

export const operator: Principal = { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions };
const policy = createAccessPolicy(await readPolicyTexts(policiesDirectory));

export const browser: Client = {
  address: '192.0.2.7',
  isLocal: false,
  agent: 'Test/1.0',
  origin: 'http://localhost:8470',
  hostName: 'localhost',
  linkOrigin: 'http://localhost:8470',
};

export type House = SignInProviders & {
  readonly people: PeopleServices;
  readonly database: Database;
  /** What was asked of the database, in order. */
  readonly statements: string[];
  readonly clock: ReturnType<typeof createManualClock>;
  readonly events: AuditEvent[];
};

export async function openHouse(
  open: () => Promise<OpenDatabase>,
  changes: Partial<Pick<SignInProviderNeeds, 'firebase' | 'ask'> & Pick<PeopleNeeds, 'refuseRoles' | 'programs'>> = {},
): Promise<House> {
  const opened = await open();
  await migrate(opened.database, [identityMigrations, signInProviderMigrations]);
  const statements: string[] = [];
  const database = passingDatabase(opened.database, (place) => void statements.push(place));
  // The provider’s clock is the machine’s.
  const clock = createManualClock(Date.now());
  const events: AuditEvent[] = [];
  const outbox = {
    record: async (_transaction: unknown, event: AuditEvent) => void events.push(event),
    flushed: async () => undefined,
  };
  const store = { open: async () => undefined, seal: async () => undefined };
  const columnKeys = await openColumnKeys({ store, name: 'columns', tenant: 'local', random: randomBytes });
  const common = { database, outbox, clock, columnKeys, random: randomBytes };
  const apiKeys = createApiKeys(common);
  const people = createPeople({
    ...common,
    policy,
    outsideLinks: { forgetPerson: (transaction, request) => own.linking.forgetPerson(transaction, request) },
    ...(changes.programs === undefined ? {} : { programs: changes.programs }),
    ...(changes.refuseRoles === undefined ? {} : { refuseRoles: changes.refuseRoles }),
    key: randomBytes(32),
    apiKeys,
    passwordStrength: async () => undefined,
    passwordCost: { memoryKib: 64, passes: 1 },
  });
  const deadline = (ms: number): AbortSignal => AbortSignal.timeout(ms);
  const own = createSignInProviders({ ...common, people, policy, key: randomBytes(32), deadline, ...changes });
  return { ...own, people, database, statements, clock, events };
}

export type Neighbour = { readonly idp: OpenIdProvider; readonly provider: Provider };

/** A provider here and the real one it stands for, which knows this server as its client. */
export async function befriend(house: House, changes: Partial<ProviderSettings> = {}): Promise<Neighbour> {
  const idp = await startOpenIdProvider();
  const provider = await house.providers.create({
    settings: {
      ...freshSettings('oidc'),
      name: 'Example',
      isEnabled: true,
      issuer: idp.issuer,
      clientId: openIdClientId,
      groupsClaim: 'groups',
      createsPeople: true,
      assurance: 2,
      allowsPrivateAddresses: true,
      ...changes,
    },
    secret: openIdClientSecret,
    accept: ['trusts_bare_word', 'reaches_private_addresses', 'maps_administrators'],
    by: operator,
  });
  const usesKey = provider.settings.clientAuthentication === 'private-key';
  idp.register({
    redirect_uris: [redirectUriOf(browser.origin, provider.id)],
    backchannel_logout_uri: `${browser.origin}/v1/providers/${provider.id}/logout`,
    backchannel_logout_session_required: true,
    ...(usesKey
      ? {
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: 'ES256',
          jwks: { keys: provider.keys.map(({ publicJwk }) => ({ ...publicJwk, kty: 'EC' })) },
        }
      : {}),
  });
  return { idp, provider };
}

/** Off to the provider, and back with its answer: not handed in yet. */
export async function goThere(
  house: House,
  { idp, provider }: Neighbour,
  purpose: Parameters<SignInProviders['flow']['depart']>[0]['purpose'] = { kind: 'sign-in' },
): Promise<{ readonly attempt: string; readonly back: URL }> {
  const { url, attempt } = await house.flow.depart({
    providerId: provider.id,
    purpose,
    returnPath: '/alerts?state=new',
    client: browser,
  });
  return { attempt, back: await idp.walk(url) };
}

export async function signIn(house: House, neighbour: Neighbour): Promise<Returned> {
  const { attempt, back } = await goThere(house, neighbour);
  return house.flow.return({ providerId: neighbour.provider.id, query: back.search, attempt, client: browser });
}

/** The person that came in, or what is still to come. */
export async function cameInAs(house: House, neighbour: Neighbour): Promise<Principal> {
  const returned = await signIn(house, neighbour);
  if (returned.kind === 'sign-in' && 'begun' in returned.admitted) return returned.admitted.begun.principal;
  throw new Error(`Nobody came in: ${JSON.stringify(returned)}`);
}

export function codeIs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Error && 'code' in error && error.code === code;
}

export function actionsOf(events: readonly AuditEvent[]): string[] {
  return events.map(({ event }) => {
    const detail = event['status_detail'];
    return typeof detail === 'string' ? `${String(event['message'])}:${detail}` : String(event['message']);
  });
}

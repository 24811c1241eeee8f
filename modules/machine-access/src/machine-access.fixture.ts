// Service accounts and their tokens over a real database, people who come and go, and clients that can misbehave.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { allActions } from '@sallyport/access-policy';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database, type OpenDatabase } from '@sallyport/platform/database';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Client, Presented, Principal } from '@sallyport/platform/http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { createMachineAccess, machineAccessMigrations, type MachineAccess } from './index.ts';
import type { MachineAccessNeeds, MachineLimits } from './needs.ts';
import { parseForm } from './oauth/form.ts';
import type { OAuthRequest } from './oauth/token-service.ts';

export const origin = 'https://sallyport.example';
const startMs = 1_800_000_000_000;

export const client: Client = {
  address: '192.0.2.7',
  isLocal: false,
  agent: 'Test/1.0',
  origin,
  hostName: 'sallyport.example',
  linkOrigin: origin,
};

export type Person = {
  name: string;
  scopes: readonly string[];
  settledAtMs: number;
  isActive: boolean;
  limitedTo?: string[];
};

export type House = MachineAccess & {
  readonly database: Database;
  /** What was asked of the database, in order. */
  readonly statements: string[];
  readonly clock: ReturnType<typeof createManualClock>;
  readonly events: AuditEvent[];
  readonly people: Map<string, Person>;
  /** Addresses from which a policy allows service accounts nothing. */
  readonly shutOut: Set<string>;
  /** Who the person of this id is in a browser, having just proved it. */
  inBrowser(id: string): Principal;
  /** Another server on the same database, or this one after a restart. */
  again(limits?: Partial<MachineLimits>): MachineAccess;
};

export async function openHouse(
  open: () => Promise<OpenDatabase>,
  limits: Partial<MachineLimits> = {},
): Promise<House> {
  const opened = await open();
  await migrate(opened.database, [machineAccessMigrations]);
  const statements: string[] = [];
  const database = opened.database.withPlugin({
    transformQuery({ node }) {
      const [, table = ''] = /"IdentifierNode","name":"([^"]+)"/.exec(JSON.stringify(node)) ?? [];
      statements.push(`${node.kind} ${table}`);
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const clock = createManualClock(startMs);
  const events: AuditEvent[] = [];
  const people = new Map<string, Person>([
    ['ada', { name: 'Ada', scopes: allActions, settledAtMs: 0, isActive: true }],
    ['gus', { name: 'Gus', scopes: ['alerts:read', 'sessions:own'], settledAtMs: 0, isActive: true }],
  ]);
  const store = { open: async () => undefined, seal: async () => undefined };
  const columnKeys = await openColumnKeys({
    store,
    name: 'machine-access/columns',
    tenant: 'local',
    random: randomBytes,
  });
  // Of accounts as the policies that come with the product have it: at some sites alone is not everywhere.
  const shutOut = new Set<string>();
  const permissionsOf: MachineAccessNeeds['permissionsOf'] = (
    { kind, id, scopes, sites, limitedTo, onBehalfOf },
    from,
  ) => {
    if (from !== undefined && shutOut.has(from.address)) return [];
    if (kind === 'service')
      return sites === undefined ? scopes.filter((scope) => onBehalfOf?.scopes.includes(scope) !== false) : [];
    return (people.get(id)?.scopes ?? []).filter((scope) => limitedTo?.includes(scope) !== false);
  };
  const again: House['again'] = (more = {}) =>
    createMachineAccess({
      database,
      clock,
      random: randomBytes,
      columnKeys,
      outbox: { record: async (_transaction, event) => void events.push(event), flushed: async () => undefined },
      limits: { ...limits, ...more },
      async allowedTo(userId) {
        const person = people.get(userId);
        return person?.isActive === true ? person : undefined;
      },
      answering: async (userId) => ({ kind: 'user', id: userId, name: '', scopes: people.get(userId)?.scopes ?? [] }),
      async person(userId, { assurance, authenticatedAtMs }) {
        const person = people.get(userId);
        if (person?.isActive !== true) return undefined;
        const { name, settledAtMs, limitedTo } = person;
        const own = limitedTo === undefined ? {} : { limitedTo };
        return {
          principal: { kind: 'user', id: userId, name, scopes: [], assurance, authenticatedAtMs, ...own },
          settledAtMs,
        };
      },
      permissionsOf,
    });
  return {
    ...again(),
    database,
    statements,
    clock,
    events,
    people,
    shutOut,
    again,
    inBrowser(id) {
      const { name, scopes } = people.get(id) ?? { name: id, scopes: [] };
      return {
        kind: 'user',
        id,
        name,
        scopes,
        sessionId: `session of ${id}`,
        assurance: 2,
        authenticatedAtMs: clock.nowMs(),
        methods: ['password', 'totp'],
      };
    },
  };
}

export type Key = { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey; readonly jwk: JWK };

export async function newKey(alg = 'ES256'): Promise<Key> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...pair, jwk: await exportJWK(pair.publicKey) };
}

/** A request as the edge hands it over, and what is said in its reply. */
export function presentedAs(
  change: Partial<Presented> & { readonly method?: string; readonly path?: string } = {},
): Presented & { readonly told: Map<string, string> } {
  const { path = '/oauth/token', ...rest } = change;
  const told = new Map<string, string>();
  return {
    scheme: 'bearer',
    address: client.address,
    method: 'POST',
    url: `${origin}${path}`,
    proofs: [],
    tell: (header, value) => void told.set(header, value),
    told,
    ...rest,
  };
}

export type ProofChange = {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signedBy?: CryptoKey | Uint8Array;
};

/** What a program holds that talks to this house. */
export type Program = {
  readonly key: Key;
  proof(
    request: { readonly method: string; readonly path: string; readonly token?: string } & ProofChange,
  ): Promise<string>;
  /** A request to an endpoint of OAuth, with a proof. */
  asks(
    form: Readonly<Record<string, string>>,
    change?: ProofChange & { readonly proofs?: readonly string[] },
  ): Promise<OAuthRequest>;
  /** A request with a token. */
  shows(token: string, change?: ProofChange & { readonly path?: string }): Promise<Presented>;
};

export async function newProgram(house: House): Promise<Program> {
  const key = await newKey();
  // Learnt as any client does: by being refused.
  const nonceNow = async (): Promise<string> => {
    const presented = presentedAs({ proofs: [await sign({}, { nonce: 'none' })] });
    const request = {
      form: parseForm(
        'grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=sallyport-cli&device_code=none',
      ),
      authorization: undefined,
      client,
    };
    await house.service.token({ ...request, presented }).catch(() => undefined);
    return presented.told.get('dpop-nonce') ?? '';
  };
  const sign = async (change: ProofChange, claims: Readonly<Record<string, unknown>>): Promise<string> =>
    new SignJWT({
      jti: randomUUID(),
      htm: 'POST',
      htu: `${origin}/oauth/token`,
      iat: Math.floor(house.clock.nowMs() / 1000),
      ...claims,
      ...change.claims,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk, ...change.header })
      .sign(change.signedBy ?? key.privateKey);
  const proof: Program['proof'] = async ({ method, path, token, ...change }) =>
    sign(change, {
      nonce: await nonceNow(),
      htm: method,
      htu: `${origin}${path}`,
      ...(token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') }),
    });
  return {
    key,
    proof,
    async asks(form, { proofs, ...change } = {}) {
      const shown = proofs ?? [await proof({ method: 'POST', path: '/oauth/token', ...change })];
      return {
        form: new Map(Object.entries(form)),
        authorization: undefined,
        client,
        presented: presentedAs({ proofs: shown }),
      };
    },
    async shows(token, { path = '/v1/alerts', ...change } = {}) {
      return presentedAs({
        method: 'GET',
        path,
        scheme: 'dpop',
        proofs: [await proof({ method: 'GET', path, token, ...change })],
      });
    },
  };
}

/** A service account with a secret, made by Ada. */
export async function newService(
  house: House,
  more: { scopes?: readonly string[]; sites?: readonly string[]; boundOnly?: boolean; ownerId?: string } = {},
) {
  const by = house.inBrowser('ada');
  const account = await house.accounts.create({
    name: 'forwarder',
    scopes: ['alerts:read', 'health:read'],
    ...more,
    by,
  });
  const { secret, credential } = await house.accounts.addSecret({ id: account.id, label: 'first', by });
  return { account, secret: secret.reveal(), credential, by };
}

/** What an attempt was refused with, in OAuth's words and, after a slash, in the ledger's. */
export async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'none';
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('error' in error) || !('reason' in error)) throw error;
    return `${String(error.error)}/${String(error.reason)}`;
  }
}

export function actionsOf(house: Pick<House, 'events'>): readonly string[] {
  return house.events.map(({ event }) => String(event['message']));
}

// A house with people, and what somebody in a browser would do: for the tests of this module.
import { randomBytes } from 'node:crypto';
import { allActions, createAccessPolicy, readPolicyTexts, type AccessPolicy } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database, type OpenDatabase } from '@sallyport/platform/database';
import { openColumnKeys, type ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Client, Principal } from '@sallyport/platform/http';
import { Secret, TOTP } from 'otpauth';
import { createApiKeys, createPeople, identityMigrations, type ApiKeys, type PeopleServices } from '../index.ts';
import type { Admitted } from '../admission/admission.ts';
import type { PasswordCost } from '../passwords/password-hash.ts';
import type { BegunSession } from '../sessions/begin-session.ts';

export const goodPassword = 'seven quiet lanterns';
export const operator: Principal = { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions };
export const policy: AccessPolicy = createAccessPolicy(await readPolicyTexts(policiesDirectory));
const startMs = 1_800_000_000_000;

export const local: Client = {
  address: '127.0.0.1',
  isLocal: true,
  agent: 'Test/1.0',
  origin: 'http://localhost:8470',
  hostName: 'localhost',
  linkOrigin: 'http://localhost:8470',
};
export const elsewhere: Client = { ...local, address: '192.0.2.7', isLocal: false };

export type House = PeopleServices & {
  readonly apiKeys: ApiKeys;
  readonly database: Database;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly key: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly events: AuditEvent[];
  /** How often the ledger was waited for. */
  readonly flushes: { count: number };
  /** The same database behind another server, or behind this one after a restart. */
  again(changes?: {
    readonly passwordCost?: PasswordCost;
    readonly key?: Uint8Array;
    readonly database?: Database;
    readonly answersTo?: (hostName: string) => boolean;
    readonly isSealedAccount?: (userId: string) => Promise<boolean>;
  }): PeopleServices;
};

export type Inhabitant = {
  readonly id: string;
  readonly name: string;
  readonly begun: BegunSession;
  readonly recoveryCodes: readonly string[];
  /** The app's code at this moment. */
  code(): string;
};

export async function openHouse(open: () => Promise<OpenDatabase>): Promise<House> {
  const { database } = await open();
  await migrate(database, [identityMigrations]);
  const clock = createManualClock(startMs);
  const events: AuditEvent[] = [];
  const flushes = { count: 0 };
  const outbox = {
    record: async (_transaction: unknown, event: AuditEvent) => void events.push(event),
    flushed: async () => {
      flushes.count += 1;
    },
  };
  const key = randomBytes(32);
  const columnKeys = await createColumnKeys();
  const apiKeys = createApiKeys({ database, outbox, clock, columnKeys, random: randomBytes });
  const again: House['again'] = (changes = {}) =>
    createPeople({
      database,
      outbox,
      clock,
      random: randomBytes,
      policy,
      key,
      columnKeys,
      apiKeys,
      passwordStrength: async (password) => (/^(.)\1*$/.test(password) ? 'it is one character' : undefined),
      passwordCost: { memoryKib: 64, passes: 1 },
      certificateDoor: (hostName) => `https://${hostName}:8443`,
      ...changes,
    });
  return { ...again(), apiKeys, database, clock, key, columnKeys, events, flushes, again };
}

/** Keys of columns, kept nowhere. */
export function createColumnKeys(): Promise<ColumnKeys> {
  const store = { open: async () => undefined, seal: async () => undefined };
  return openColumnKeys({ store, name: 'identity/columns', tenant: 'local', random: randomBytes });
}

/** The token behind the "#" of the setup link. */
export async function setupToken(house: Pick<House, 'setup'>): Promise<string> {
  return (await house.setup.link('http://localhost:8470'))?.split('#')[1] ?? '';
}

export async function moveInAdministrator(house: House, name = 'Ada'): Promise<Inhabitant> {
  const token = await setupToken(house);
  const { enrolment } = await house.setup.createAdministrator({ token, name, password: goodPassword, client: local });
  return enrolWithApp(house, enrolment);
}

export async function moveIn(house: House, name: string, roles: readonly string[]): Promise<Inhabitant> {
  const { token } = await house.people.invite({ name, roles, by: operator });
  const { enrolment } = await house.people.accept({ token, password: goodPassword });
  return enrolWithApp(house, enrolment);
}

async function enrolWithApp(house: House, enrolment: string): Promise<Inhabitant> {
  const { secret } = await house.enrolment.beginTotp({ enrolment });
  const code = (): string => codeOf(secret, house.clock.nowMs());
  const { admitted, recoveryCodes } = await house.enrolment.confirmTotp({ enrolment, code: code(), client: local });
  const begun = begunOf(admitted);
  return { id: begun.principal.id, name: begun.principal.name, begun, recoveryCodes, code };
}

export function codeOf(secret: string, atMs: number): string {
  return TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: atMs });
}

/** Name and password, as far as the second factor. */
export async function ticketFor(
  house: Pick<House, 'signIn'>,
  name: string,
  client: Client = elsewhere,
  password: string = goodPassword,
): Promise<string> {
  const step = await house.signIn.withPassword({ name, password, client });
  if ('ticket' in step) return step.ticket;
  throw new Error('Cannot go on: a factor is to be enrolled first');
}

export async function signInWithApp(
  house: House,
  person: Inhabitant,
  client: Client = elsewhere,
): Promise<BegunSession> {
  house.clock.advance(30_000);
  const ticket = await ticketFor(house, person.name, client);
  return begunOf(await house.signIn.withCode({ kind: 'totp', ticket, code: person.code(), client }));
}

export function begunOf(admitted: Admitted): BegunSession {
  if ('begun' in admitted) return admitted.begun;
  throw new Error(`Cannot go on: ${admitted.step} is still to come`);
}

/** Who a token stands for, or why it is refused. */
export async function whoIs(house: Pick<House, 'sessions'>, token: string): Promise<string> {
  const answer = await house.sessions.authenticate(token);
  return 'refused' in answer ? answer.refused : answer.principal.name;
}

export function actionsOf(events: readonly AuditEvent[]): string[] {
  return events.map(({ event }) => {
    const detail = event['status_detail'];
    return typeof detail === 'string' ? `${String(event['message'])}:${detail}` : String(event['message']);
  });
}

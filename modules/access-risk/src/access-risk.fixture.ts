import { randomBytes } from 'node:crypto';
import { comparePositions, parseFinding } from '@sallyport/contracts';
import type { Finding, JsonObject, JsonValue, Position } from '@sallyport/contracts';
import { auditEvent, createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { createAccessRisk } from './access-risk.ts';
import type { AccessRisk } from './access-risk.ts';
import { placeOfCountry } from './geo/country-places.ts';
import { isEverybodys, prefixOf } from './geo/address.ts';
import type { Place } from './geo/place.ts';
import type { AccessRiskNeeds } from './needs.ts';
import { accessRiskMigrations } from './state-store.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** A Monday, 08:00. */
const startMs = Date.UTC(2026, 0, 5, 8);
export const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** By the first number of an address: 41 India, 42 Japan, 43 India again, 44 Germany, 45 servers for rent in Japan. */
const countries: Readonly<Record<string, string>> = { 41: 'IN', 42: 'JP', 43: 'IN', 44: 'DE', 45: 'JP' };

function locate(address: string): Place {
  const network = prefixOf(address);
  if (isEverybodys(address)) return { isPrivate: true, network, isRelay: false };
  const first = address.split('.')[0] ?? '';
  const country = countries[first];
  const at = country === undefined ? undefined : placeOfCountry(country);
  return {
    isPrivate: false,
    ...(country === undefined ? {} : { country }),
    ...(at === undefined ? {} : { at }),
    network,
    isRelay: first === '45',
  };
}

type Person = { readonly id: string; readonly name: string };
export const ada: Person = { id: 'u-ada', name: 'Ada' };
export const bob: Person = { id: 'u-bob', name: 'Bob' };
export const home = { address: '41.1.1.10', agent: firefox };
export const japan = { address: '42.1.1.10', agent: chrome };

export type From = {
  readonly address: string;
  readonly agent: string;
  readonly key?: string;
  readonly methods?: readonly string[];
};

/** As identity writes it. */
export function signIn(clockMs: number, person: Person, from: From, session: string): JsonObject {
  const event = authentication(clockMs, 'session.sign-in', person, from, undefined);
  return { ...event, session: { uid: session } };
}

export function failure(
  clockMs: number,
  person: Partial<Person> & { name: string },
  from: From,
  reason = 'password_wrong',
): JsonObject {
  return authentication(clockMs, 'session.sign-in', person, from, reason);
}

function authentication(
  nowMs: number,
  action: string,
  person: { id?: string; name: string },
  from: From,
  reason: string | undefined,
): JsonObject {
  const { address, agent, key, methods = ['password', 'totp'] } = from;
  const { event } = auditEvent({
    nowMs,
    actor: { kind: reason === undefined ? 'user' : 'unknown', id: person.id ?? address, name: person.name },
    action,
    classUid: 3002,
    activityId: 1,
    outcome: reason === undefined ? 'success' : 'failure',
    target: { type: 'user', id: person.id ?? '', name: person.name },
    details: {
      reason: reason ?? null,
      methods: [...methods],
      address,
      ...(key === undefined ? {} : { browser_key: key }),
    },
  });
  return {
    ...event,
    user: { name: person.name, ...(person.id === undefined ? {} : { uid: person.id }) },
    ...(reason === undefined ? {} : { status_detail: reason }),
    http_request: { user_agent: agent },
  };
}

/** As the record of decisions writes it. */
export function use(
  nowMs: number,
  who: { kind: string; id: string; name: string },
  from: From,
  session?: string,
): JsonObject {
  const { event } = auditEvent({
    nowMs,
    actor: who,
    action: 'request.allowed',
    classUid: 6003,
    activityId: 99,
    outcome: 'success',
    target: { type: 'route', id: '/v1/overview', name: 'GET' },
    details: { address: from.address, count: 1 },
  });
  return {
    ...event,
    http_request: { user_agent: from.agent },
    ...(session === undefined ? {} : { session: { uid: session } }),
  };
}

export function record(
  nowMs: number,
  action: string,
  classUid: number,
  target: { type: string; id: string; name?: string },
  details: JsonObject = {},
): JsonObject {
  const actor = { kind: 'user', id: 'u-eva', name: 'Eva' };
  return auditEvent({ nowMs, actor, action, classUid, activityId: 3, outcome: 'success', target, details }).event;
}

/** Access risk on an empty database and a ledger in memory; `restart` makes another on the same state. */
export async function setUp(database: Database, overrides: Partial<AccessRiskNeeds> = {}) {
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  await migrate(database, [ledgerMigrations, accessRiskMigrations]);
  const outbox = createOutbox({
    database,
    ledger,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const ended: { userId: string; ids?: readonly string[]; exceptId?: string }[] = [];
  const passwordChanges: string[] = [];
  const messages: string[] = [];
  const needs: AccessRiskNeeds = {
    ledger,
    database,
    outbox,
    clock,
    random: randomBytes,
    sealingKey: new Uint8Array(32).fill(7),
    locate,
    reactions: {
      async endSessions({ by: _by, reason: _reason, ...request }) {
        ended.push(request);
        return 1;
      },
      async requirePasswordChange({ userId }) {
        passwordChanges.push(userId);
      },
      async tell({ words }) {
        messages.push(...words);
      },
    },
    log: { warn: () => undefined },
    ...overrides,
  };
  const restart = (changes: Partial<AccessRiskNeeds> = {}) => createAccessRisk({ ...needs, ...changes });
  return { clock, ledger, outbox, restart, risk: restart(), ended, passwordChanges, messages, needs };
}

export type Rig = Awaited<ReturnType<typeof setUp>>;

let sequence = 0;

export async function append(ledger: MemoryLedger, bodies: readonly JsonObject[]): Promise<readonly Position[]> {
  const entries = bodies.map((body) => ({
    classUid: typeof body['class_uid'] === 'number' ? body['class_uid'] : 0,
    body: new TextEncoder().encode(JSON.stringify(body)),
    sequence: (sequence += 1),
    stream: 'test',
  }));
  return ledger.append({ collector: 'audit', priority: 'control', entries });
}

/** Runs the projection until it is at the head, its own findings included. */
export async function catchUp(risk: AccessRisk, ledger: MemoryLedger): Promise<void> {
  let { cursor } = await risk.projection.load(ledger.head());
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents: 100, maxBytes: 1_000_000 });
    if (comparePositions(range.to, cursor) === 0) return;
    await risk.projection.apply(range);
    cursor = range.to;
  }
}

/** As `catchUp`, on from where it is: nothing is loaded again. */
export async function goOn(risk: AccessRisk, ledger: MemoryLedger): Promise<void> {
  let { cursor } = risk.health();
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents: 100, maxBytes: 1_000_000 });
    if (comparePositions(range.to, cursor) === 0) return;
    await risk.projection.apply(range);
    cursor = range.to;
  }
}

export function findingsIn(ledger: MemoryLedger): Finding[] {
  return ledger.events().flatMap(({ classUid, body }) => {
    if (classUid !== 2004) return [];
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    const finding = parseFinding(value);
    return finding === undefined ? [] : [finding];
  });
}

/** `impossible-travel high Ada` */
export function told(ledger: MemoryLedger): string[] {
  return findingsIn(ledger).map(
    ({ rule, level, user }) => `${rule.id.replace('sallyport-access-risk-', '')} ${level} ${user ?? '-'}`,
  );
}

/** A sign-in every weekday morning from home for so many weeks. */
export async function weeks(
  { clock, ledger }: Rig,
  count: number,
  from: From = home,
  person: Person = ada,
): Promise<void> {
  for (let day = 0; day < count * 7; day += 1) {
    if (day % 7 < 5) await append(ledger, [signIn(clock.nowMs(), person, from, `usual-${day}`)]);
    clock.advance(dayMs);
  }
}

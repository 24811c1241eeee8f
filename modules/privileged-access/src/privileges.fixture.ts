// A house with people, sessions and risk that a test can change: what this module is handed by those above and beside it.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory, separationFile } from '@sallyport/content';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type OpenDatabase } from '@sallyport/platform/database';
import { CodedError } from '@sallyport/platform/errors';
import type { Client, Principal } from '@sallyport/platform/http';
import { createSecret } from '@sallyport/platform/secret';
import { sql, type RawBuilder } from 'kysely';
import { createPrivileges, privilegeMigrations, readSeparationRules } from './index.ts';
import { createRequestStore } from './request-store.ts';
import type { AskingSession, Holder, PersonRisk, Privileges } from './index.ts';

export const policy = createAccessPolicy(await readPolicyTexts(policiesDirectory));
const separation = readSeparationRules(await readFile(separationFile, 'utf8'));

export const office: Client = {
  address: '192.0.2.7',
  isLocal: false,
  agent: 'Test/1.0',
  origin: 'https://console.example.org',
  hostName: 'console.example.org',
  linkOrigin: 'https://console.example.org',
};
export const abroad: Client = { ...office, address: '198.51.100.9' };

export type PrivilegeHouse = {
  readonly privileges: Privileges;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly events: AuditEvent[];
  /** A slow one answers later. */
  readonly ledger: { flushed: () => Promise<void> };
  readonly people: Map<string, Holder>;
  readonly sessions: Map<string, AskingSession>;
  readonly risks: Map<string, PersonRisk | undefined>;
  /** Keys that were stopped with a grant’s end. */
  readonly suspended: { makerId: string; allowed: readonly string[] }[];
  moveIn(name: string, roles: readonly string[], browserKey?: string): Principal;
  /** As after many requests: all but so many that are over and looked at. */
  forget(kept: number): Promise<void>;
  /** The roles of a session now, as the edge would see them. */
  rolesOf(principal: Principal): readonly string[];
  actions(): readonly string[];
  /** Another server over the same database, as after kill -9: `clockMs` is what its wall clock says. */
  restart(clockMs?: number): Promise<PrivilegeHouse>;
  /** Another server on the same database, at the same time, over other connections where there is PostgreSQL. */
  beside(): Promise<PrivilegeHouse>;
  /** A row as somebody writes it who has the database and no key. */
  change(
    id: string,
    row: {
      readonly role?: string;
      readonly minutes?: number;
      readonly kind?: string;
      readonly requester?: string;
      readonly sealedOf?: string;
    },
  ): Promise<void>;
};

/** As identity refuses. */
class IdentityRefusal extends CodedError<'user_disabled'> {}

const startMs = Date.UTC(2026, 4, 6, 9, 0, 0);

export async function openPrivilegeHouse(open: () => Promise<OpenDatabase>): Promise<PrivilegeHouse> {
  const { database } = await open();
  await migrate(database, [privilegeMigrations]);
  const events: AuditEvent[] = [];
  const people = new Map<string, Holder>();
  const sessions = new Map<string, AskingSession>();
  const risks = new Map<string, PersonRisk | undefined>();
  const ledger = { flushed: async (): Promise<void> => undefined };
  const key = randomBytes(32);
  const suspended: { makerId: string; allowed: readonly string[] }[] = [];

  const begin = async (nowMs: number): Promise<PrivilegeHouse> => {
    const clock = createManualClock(nowMs);
    const privileges = await createPrivileges({
      database,
      outbox: {
        record: async (_transaction, event) => void events.push(event),
        flushed: () => ledger.flushed(),
      },
      clock,
      random: randomBytes,
      sealingKey: key,
      policy,
      separation,
      people: { find: async (id) => people.get(id), list: async () => [...people.values()] },
      session: async (id) => sessions.get(id),
      risk: ({ id }) => (risks.has(id) ? risks.get(id) : { value: 3, isFresh: true, reasons: [] }),
      doneWith: async ({ id }) => ({
        entries: events
          .filter(({ event }) => JSON.stringify(event).includes(id))
          .map(({ event }, index) => ({
            position: `1/${index}`,
            atMs: event.time,
            action: String(event['message']),
            target: '',
            outcome: 'success' as const,
          })),
        hasMore: false,
      }),
      accounts: {
        async create(_transaction, { name }) {
          const id = `sealed-${people.size}`;
          people.set(id, { id, name, roles: [], isActive: true });
          return { id };
        },
        async begin(_transaction, { userId, client }) {
          const sessionId = `opened-${sessions.size}`;
          const session = { id: sessionId, userId, address: client.address, agent: client.agent, signedInAtMs: nowMs };
          if (people.get(userId)?.isActive !== true) throw new IdentityRefusal('user_disabled', 'Cannot open this');
          const browserKey = client.keyProof === undefined ? {} : { browserKey: client.keyProof };
          sessions.set(sessionId, { ...session, assurance: 2, ...browserKey });
          return { token: createSecret(`token of ${sessionId}`), sessionId, ...browserKey };
        },
        async remove({ userId }) {
          people.delete(userId);
        },
      },
      endSession: async ({ id }) => void sessions.delete(id),
      suspendKeys: async (_transaction, { makerId, allowed }) => {
        suspended.push({ makerId, allowed });
        return { effective: () => undefined };
      },
      onTrouble(what, error) {
        throw new Error(`Cannot ${what}`, { cause: error });
      },
    });
    return {
      privileges,
      clock,
      events,
      ledger,
      people,
      sessions,
      risks,
      suspended,
      forget: (kept) =>
        database
          .transaction()
          .execute((transaction) =>
            createRequestStore({ sealingKey: key, random: randomBytes }).forgetOldest(transaction, kept),
          ),
      moveIn(name, roles, browserKey) {
        const id = name.toLowerCase();
        const sessionId = `session-of-${id}`;
        people.set(id, { id, name, roles, isActive: true });
        const device = browserKey === undefined ? {} : { browserKey };
        sessions.set(sessionId, {
          id: sessionId,
          userId: id,
          address: office.address,
          agent: office.agent,
          signedInAtMs: nowMs,
          assurance: 3,
          ...device,
        });
        const principal = { kind: 'user', id, name, roles, sessionId, assurance: 3, scopes: [], ...device } as const;
        return { ...principal, scopes: policy.permissionsOf(principal) };
      },
      rolesOf({ id, sessionId = '', browserKey }) {
        const by = { userId: id, sessionId, ...(browserKey === undefined ? {} : { browserKey }) };
        return privileges.rolesOf(by).map(({ role }) => role);
      },
      actions: () => events.map(({ event }) => String(event['message'])),
      restart: (clockMs) => begin(clockMs ?? clock.nowMs()),
      beside: () => begin(clock.nowMs()),
      async change(id, { role, minutes, kind, requester, sealedOf }) {
        const set = (what: RawBuilder<unknown>): Promise<unknown> =>
          sql`update privilege_requests set ${what} where id = ${id}`.execute(database);
        if (role !== undefined) await set(sql`role = ${role}`);
        if (minutes !== undefined) await set(sql`minutes = ${minutes}`);
        if (kind !== undefined) await set(sql`kind = ${kind}`);
        if (requester !== undefined) await set(sql`requester_id = ${requester}`);
        if (sealedOf !== undefined)
          await set(sql`sealed = (select sealed from privilege_requests where id = ${sealedOf})`);
      },
    };
  };
  return begin(startMs);
}

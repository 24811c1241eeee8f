// A house with people, sessions and risk that a test can change: what this module is handed by those above and beside it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory, separationFile } from '@sallyport/content';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database, type OpenDatabase } from '@sallyport/platform/database';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import type { Client, Principal } from '@sallyport/platform/http';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { createSecret } from '@sallyport/platform/secret';
import { sql, type RawBuilder } from 'kysely';
import { createPrivileges, privilegeMigrations, readSeparationRules } from './index.ts';
import { createRequestStore } from './request-store.ts';
import { createRoll } from './roll.ts';
import type { AskingSession, Holder, PersonRisk, PrivilegeNeeds, Privileges } from './index.ts';
import { createCeremonies } from './security-key.fixture.ts';

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
  /** What the organisation's rules say of passkeys. */
  readonly passkeyRules: { refused?: string };
  readonly database: Database;
  /** What an earlier version sealed with, too. */
  readonly sealing: Pick<PrivilegeNeeds, 'sealingKey' | 'random'>;
  /** What the vault keeps of how far rights have come. */
  readonly vault: { number: number; codes: number; broken?: Error };
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
      readonly columns?: Readonly<Record<string, string | number | null>>;
    },
  ): Promise<void>;
  /** Rows as they are, to be put back later by somebody who has the database and no key: all, or those of one request and none of the roll. */
  copyRows(id?: string): Promise<() => Promise<void>>;
  /** As an earlier version of the product wrote it: only what was said and given is sealed, or what was said. With all of them there is no roll yet. */
  asOlderForm(id: string, seal?: 'part' | 'words'): Promise<void>;
};

/** As identity refuses. */
class IdentityRefusal extends CodedError<'user_disabled'> {}

const startMs = Date.UTC(2026, 4, 6, 9, 0, 0);

/** What outlives a process that is killed. */
type KeptOutside = {
  readonly key: Uint8Array;
  readonly mark: PrivilegeNeeds['mark'];
  readonly outbox: PrivilegeNeeds['outbox'];
};

export async function openPrivilegeHouse(
  open: () => Promise<Pick<OpenDatabase, 'database'>>,
  kept?: KeptOutside,
): Promise<PrivilegeHouse> {
  const { database } = await open();
  await migrate(database, [privilegeMigrations]);
  const events: AuditEvent[] = [];
  const people = new Map<string, Holder>();
  const sessions = new Map<string, AskingSession>();
  const risks = new Map<string, PersonRisk | undefined>();
  const passkeyRules: { refused?: string } = {};
  const passkeys = createCeremonies(passkeyRules);
  const ledger = { flushed: async (): Promise<void> => undefined };
  const key = kept?.key ?? randomBytes(32);
  const vault: PrivilegeHouse['vault'] = { number: 0, codes: 0 };
  const mark = kept?.mark ?? {
    async read(): Promise<number> {
      if (vault.broken !== undefined) throw vault.broken;
      return vault.number;
    },
    async write(number: number): Promise<void> {
      vault.number = number;
      delete vault.broken;
    },
  };
  const codesMark: PrivilegeNeeds['mark'] = {
    read: async () => vault.codes,
    write: async (number) => void (vault.codes = number),
  };
  const suspended: { makerId: string; allowed: readonly string[] }[] = [];

  const sealing = { sealingKey: key, random: randomBytes };
  const onTrouble = (what: string, error: unknown): never => assert.fail(`${what}: ${messageOf(error)}`);

  const begin = async (nowMs: number): Promise<PrivilegeHouse> => {
    const clock = createManualClock(nowMs);
    const privileges = await createPrivileges({
      database,
      outbox: kept?.outbox ?? {
        record: async (_transaction, event) => void events.push(event),
        flushed: () => ledger.flushed(),
      },
      clock,
      random: randomBytes,
      sealingKey: key,
      mark,
      codesMark,
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
        async begin(_transaction, { userId, client, passkey }) {
          const sessionId = `opened-${sessions.size}`;
          const session = { id: sessionId, userId, address: client.address, agent: client.agent, signedInAtMs: nowMs };
          if (people.get(userId)?.isActive !== true) throw new IdentityRefusal('user_disabled', 'Cannot open this');
          const browserKey = client.keyProof === undefined ? {} : { browserKey: client.keyProof };
          sessions.set(sessionId, { ...session, assurance: passkey === undefined ? 2 : 3, ...browserKey });
          return { token: createSecret(`token of ${sessionId}`), sessionId, ...browserKey };
        },
        async remove({ userId }) {
          people.delete(userId);
        },
      },
      passkeys,
      endSession: async ({ id }) => void sessions.delete(id),
      suspendKeys: async (_transaction, { makerId, allowed }) => {
        suspended.push({ makerId, allowed });
        return { effective: () => undefined };
      },
      onTrouble(what, error) {
        if (error === vault.broken) return;
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
      passkeyRules,
      database,
      sealing,
      vault,
      suspended,
      forget: (kept) =>
        database
          .transaction()
          .execute((transaction) =>
            createRequestStore(sealing, createRoll({ ...sealing, database, mark, onTrouble })).forgetOldest(
              transaction,
              kept,
            ),
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
      async change(id, { role, minutes, kind, requester, sealedOf, columns = {} }) {
        const set = (what: RawBuilder<unknown>): Promise<unknown> =>
          sql`update privilege_requests set ${what} where id = ${id}`.execute(database);
        if (role !== undefined) await set(sql`role = ${role}`);
        if (minutes !== undefined) await set(sql`minutes = ${minutes}`);
        if (kind !== undefined) await set(sql`kind = ${kind}`);
        if (requester !== undefined) await set(sql`requester_id = ${requester}`);
        for (const [name, value] of Object.entries(columns)) await set(sql`${sql.ref(name)} = ${value}`);
        if (sealedOf !== undefined)
          await set(sql`sealed = (select sealed from privilege_requests where id = ${sealedOf})`);
      },
      async copyRows(id) {
        const tables =
          id === undefined ? ['privilege_requests', 'privilege_decisions', 'privilege_roll'] : ['privilege_requests'];
        const of = id === undefined ? sql`` : sql` where id = ${id}`;
        const copies = await Promise.all(
          tables.map(async (table) => ({
            table,
            rows: (
              await sql<Record<string, string | number | null>>`select * from ${sql.table(table)}${of}`.execute(
                database,
              )
            ).rows,
          })),
        );
        return async () => {
          for (const { table, rows } of copies) {
            await sql`delete from ${sql.table(table)}${of}`.execute(database);
            for (const row of rows) {
              const names = sql.join(Object.keys(row).map((name) => sql.ref(name)));
              await sql`insert into ${sql.table(table)} (${names}) values (${sql.join(Object.values(row))})`.execute(
                database,
              );
            }
          }
        };
      },
      async asOlderForm(id, seal = 'part') {
        const { rows } = await sql<{ sealed: string }>`select sealed from privilege_requests where id = ${id}`.execute(
          database,
        );
        const {
          facts,
          approvers: _none,
          number: _number,
          ...said
        } = JSON.parse(openText(key, `privilege/${id}`, rows[0]?.sealed ?? ''));
        const { kind, requester_id: requester, role, site, actions, minutes } = facts;
        const part = seal === 'words' ? {} : { part: { kind, requester, role, site, actions, minutes } };
        const text = JSON.stringify({ ...said, ...part });
        const sealed = sealText(sealing, `privilege/${id}`, text);
        await sql`update privilege_requests set sealed = ${sealed} where id = ${id}`.execute(database);
        await sql`delete from privilege_roll where name = 'open'`.execute(database);
        vault.number = 0;
      },
    };
  };
  return begin(startMs);
}

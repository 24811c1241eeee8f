// The organisation's policies for agents over a real database and the real engine; a ledger of calls that a test fills, people who come and go.
import { randomBytes } from 'node:crypto';
import { engine as cedar } from '@sallyport/access-policy';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { agentEvent, isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { AgentContent, AgentHappening, AgentVerdict, JsonObject } from '@sallyport/contracts';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database, type OpenDatabase } from '@sallyport/platform/database';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import { createOpenJudge } from '../judging/open-judge.ts';
import { agentGuardMigrations } from '../index.ts';
import type { PastCalls } from '../past-calls/replay-calls.ts';
import { createAgentStore } from '../sessions/agent-store.ts';
import type { Pack } from '../sessions/agent.ts';
import { createOwnPolicies } from './own-policies.ts';
import type { OwnPolicies } from './own-policies.ts';
import { createOwnThread } from './own-thread.ts';
import type { OwnDraft, OwnRun } from '../decisions/own-policy.ts';
import type { SealedStoreNeeds } from '@sallyport/policy-library';

export const vera: Principal = { kind: 'user', id: 'vera', name: 'Vera', scopes: ['agents:manage'] };
export const omar: Principal = { kind: 'user', id: 'omar', name: 'Omar', scopes: ['agents:manage'] };
/** Made by Vera. */
export const veraKey: Principal = { kind: 'key', id: 'k-vera', name: 'CI', scopes: ['agents:manage'] };
export const operator: Principal = { kind: 'operator', id: 'operator', name: 'operator', scopes: [] };

/** One for all houses of a file: it keeps nothing of them but what the engine made of texts. */
export const thread = createOwnThread(agentPolicyFiles());

export const packs = loadPackDecisions(agentPolicyFiles());

/** Asks before what the agent deletes goes, and forbids a program. */
export const narrowing: OwnDraft = {
  name: 'Clusters are changed by people',
  scope: { kind: 'all' },
  text: `@id("no-remote") @words("Agents log in nowhere")
forbid (principal, action == Agent::Action::"execute", resource)
when { context.classes.contains("remote") };
@id("asks-writes") @words("Somebody looks at what is written") @ask("person")
forbid (principal, action == Agent::Action::"write", resource);
`,
  tests: [
    {
      name: 'It logs in nowhere',
      pack: 'observe',
      prompt: 'Look at the host',
      tool: 'Bash',
      input: { command: 'ssh web1 uptime' },
      expect: 'deny',
    },
    {
      name: 'Reading goes on',
      pack: 'developer',
      prompt: 'Look at a.ts',
      tool: 'Read',
      input: { file_path: '/home/you/project/a.ts' },
      expect: 'allow',
    },
  ],
};

/** Lets payments of up to 50 to whom the person did not name go without a question. */
export const widening: OwnDraft = {
  name: 'Small payments',
  scope: { kind: 'all' },
  text: `@id("small-payments") @words("Up to 50 may be paid as the bill says")
permit (principal, action == Agent::Action::"pay", resource)
when { context.amountValue <= 50 };
`,
  tests: [
    {
      name: 'A bill of 20',
      pack: 'developer',
      prompt: 'Pay the bill in the inbox',
      read: 'Please pay GB29NWBK60161331926819',
      tool: 'wire_money',
      input: { iban: 'GB29NWBK60161331926819', amount: 20 },
      expect: 'allow',
    },
  ],
};

export type OwnHouse = {
  readonly own: OwnPolicies;
  readonly database: Database;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly changes: AuditEvent[];
  /** Newest first, as the ledger hands them out. */
  readonly calls: JsonObject[];
  /** What came back from calls, the same way. */
  readonly answers: JsonObject[];
  readonly mark: { value: number };
  /** What its rows are sealed with. */
  readonly sealing: SealedStoreNeeds;
  /** Another server on the same database, or this one after a restart. */
  again(mark?: { value: number }): Promise<OwnPolicies>;
  addAgent(id: string, owner: string, pack?: Pack): Promise<void>;
  /** Stages what stands, replays it, and asks for it to be put into force. */
  activate(by: Principal, note?: string): Promise<number>;
  actions(): string[];
};

export async function openOwnHouse(open: () => Promise<OpenDatabase>): Promise<OwnHouse> {
  const { database } = await open();
  await migrate(database, [agentGuardMigrations]);
  const clock = createManualClock(1_800_000_000_000);
  const changes: AuditEvent[] = [];
  const calls: JsonObject[] = [];
  const answers: JsonObject[] = [];
  const mark = { value: 0 };
  const columnKeys = await openColumnKeys({
    store: { open: async () => undefined, seal: async () => undefined },
    name: 'agent-guard/columns',
    tenant: 'local',
    random: randomBytes,
  });
  const sealingKey = randomBytes(32);
  const pastCalls: PastCalls = {
    async page({ of, limit, after = '0' }) {
      const from = Number(after);
      const until = from + Math.min(limit, 7);
      const kept = of === 'answers' ? answers : calls;
      const entries = kept.slice(from, until).map((event, at) => ({ position: `1/${from + at}`, atMs: 1, event }));
      return { entries, ...(until < kept.length ? { next: String(until) } : {}) };
    },
  };
  async function again(marked: { value: number } = mark): Promise<OwnPolicies> {
    const own = createOwnPolicies({
      database,
      clock,
      columnKeys,
      sealingKey,
      random: randomBytes,
      files: agentPolicyFiles(),
      thread,
      pastCalls,
      mark: { read: async () => marked.value, write: async (value) => void (marked.value = value) },
      outbox: { record: async (_transaction, event) => void changes.push(event), flushed: async () => undefined },
      owner: async ({ kind, id }) => ({
        name: id,
        scopes: ['agents:run'],
        ...(kind === 'key' && id === 'k-vera' ? { person: 'vera' } : {}),
      }),
      every: () => () => undefined,
      log: () => undefined,
    });
    await own.start();
    opened.push(own);
    return own;
  }
  const agents = createAgentStore({ columnKeys, random: randomBytes });
  const own = await again();
  return {
    own,
    database,
    clock,
    changes,
    calls,
    answers,
    mark,
    sealing: { database, sealingKey, random: randomBytes },
    again,
    addAgent: (id, owner, pack = 'developer') =>
      database.transaction().execute((transaction) =>
        agents.insertAgent(transaction, {
          id,
          owner: { kind: 'user', id: owner },
          name: id,
          harness: 'claude-code',
          pack,
          approvals: 'auto',
          createdAtMs: 1,
          seenAtMs: 1,
        }),
      ),
    async activate(by, note = 'as agreed') {
      const { version, digest } = await own.versions.stage({ note }, by);
      await replayed(own, version, by);
      const active = (await own.versions.list()).versions.find(({ state }) => state === 'active');
      await own.versions.activate(version, { expected: active?.version ?? 0, digest }, by);
      return version;
    },
    actions: () => changes.map(({ event }) => textOf(event['message'])),
  };
}

const opened: OwnPolicies[] = [];
export async function closeOwnHouses(): Promise<void> {
  for (const own of opened) await own.close();
  await thread.close();
}

export async function replayed(own: OwnPolicies, version: number, by: Principal, last = 500) {
  return own.versions.replay(version, last, by, { signal: new AbortController().signal, onProgress: () => undefined });
}

export type Call = { readonly tool: string; readonly input: JsonObject };

/** A run judged by a pack with what is in force beside it. */
export function judgeOf(own: Pick<OwnPolicies, 'inForce'>, run: OwnRun, pack: Pack = 'developer', prompt = 'Tidy up') {
  const judge = createOpenJudge(packs, { cedar, inForce: own.inForce })({
    pack,
    harness: 'claude-code',
    facts: { workspace: '/home/you/project', home: '/home/you', isAttended: true },
    isForgotten: false,
    mark: 'k3f9',
    run,
  });
  judge.prompted({ id: 'p', text: prompt, origin: 'person' });
  let count = 0;
  return ({ tool, input }: Call) => judge.judge({ id: `c${(count += 1)}`, tool, input }, undefined);
}

/** What stands of a call in the ledger, judged as it was before there were policies of the organisation. */
export function recorded(
  agentId: string,
  call: Call,
  { pack = 'developer', repository }: { pack?: Pack; repository?: string } = {},
): JsonObject {
  const judged = judgeOf({ inForce: () => ({ kind: 'none' }) }, { agentId }, pack)(call);
  const { verdict, reason, policies } = judged;
  return happening(agentId, { kind: 'tool_decided', call: judged.call, verdict, policies, reason }, repository);
}

/** What stands of its answer. */
export function answered(agentId: string, tool: string, found?: AgentContent): JsonObject {
  return happening(agentId, {
    kind: 'tool_finished',
    call: { id: 'c', tool: { name: tool }, action: 'execute' },
    isSuccess: true,
    content: 'untrusted',
    ...(found === undefined ? {} : { found }),
  });
}

function happening(agentId: string, told: AgentHappening, repository?: string): JsonObject {
  const event = agentEvent({
    nowMs: 1,
    session: {
      id: 's',
      agent: { id: agentId, name: agentId },
      harness: { name: 'claude-code' },
      owner: { id: 'ada', name: 'Ada' },
      isAttended: true,
      ...(repository === undefined ? {} : { repository }),
    },
    happening: told,
  });
  const stored = parseJson(JSON.stringify(event));
  if (!isJsonObject(stored)) throw new TypeError('An event is an object');
  return stored;
}

export function verdictsOf(judge: ReturnType<typeof judgeOf>, calls: readonly Call[]): readonly AgentVerdict[] {
  return calls.map((call) => judge(call).verdict);
}

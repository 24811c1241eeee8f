// Agents over a real database, a ledger in memory, people who come and go, and a judge that does as it is told.
import { randomBytes } from 'node:crypto';
import type { AgentVerdict, JsonObject } from '@sallyport/contracts';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type OpenDatabase } from '@sallyport/platform/database';
import { openColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { HookCall } from './calls/hook-message.ts';
import type { Asking, OpenJudge } from './judging/hook-judge.ts';
import { agentGuardMigrations, createAgentGuard, type AgentGuard } from './index.ts';
import { noRisk } from './decisions/risk-facts.ts';
import type { Telling } from './notices/telling.ts';
import type { AgentGuardLimits, AgentGuardNeeds } from './needs.ts';
import type { SensedMachine } from './sessions/machine.ts';

const startMs = 1_800_000_000_000;

export const ada: Principal = { kind: 'user', id: 'ada', name: 'Ada', scopes: ['agents:run'] };
export const gus: Principal = { kind: 'user', id: 'gus', name: 'Gus', scopes: ['agents:run'] };
export const admin: Principal = { kind: 'user', id: 'root', name: 'Root', scopes: ['agents:manage', 'agents:stop'] };
export const facts = { workspace: '/home/ada/project', home: '/home/ada', isAttended: true } as const;

/** What the judge was told and asked, in order. */
export type Judged = {
  readonly told: string[];
  readonly isForgotten: boolean;
  readonly pack: string;
};

export type House = Pick<AgentGuardNeeds, 'database' | 'columnKeys' | 'random'> & {
  readonly guard: AgentGuard;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly ledger: ReturnType<typeof createMemoryLedger>;
  readonly changes: AuditEvent[];
  /** By id; without one there is nobody. */
  readonly owners: Map<string, { name: string; scopes: string[]; person?: string }>;
  /** By id; each vouches for whatever names it as its key. */
  readonly sensors: Map<string, SensedMachine>;
  readonly judges: Judged[];
  /** How people are reached; nobody is, until a test says how. */
  telling: Telling;
  /** What the judge says of the next calls. */
  verdict: AgentVerdict;
  /** No change can be recorded. */
  failsRecording: boolean;
  /** What it would ask a person of them. */
  asks: Asking;
  /** Another server on the same database, or this one after a restart. */
  again(): Promise<AgentGuard>;
  /** Events of agents in the ledger, newest last. */
  recorded(): JsonObject[];
};

export async function openHouse(
  open: () => Promise<OpenDatabase>,
  limits: Partial<AgentGuardLimits> = {},
): Promise<House> {
  const { database } = await open();
  await migrate(database, [agentGuardMigrations]);
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  const changes: AuditEvent[] = [];
  const owners = new Map<string, { name: string; scopes: string[]; person?: string }>([
    ['ada', { name: 'Ada', scopes: ['agents:run'] }],
    ['gus', { name: 'Gus', scopes: ['agents:run'] }],
  ]);
  const judges: Judged[] = [];
  const columnKeys = await openColumnKeys({
    store: { open: async () => undefined, seal: async () => undefined },
    name: 'agent-guard/columns',
    tenant: 'local',
    random: randomBytes,
  });
  const openJudge: OpenJudge = ({ pack, isForgotten }) => {
    const told: string[] = [];
    judges.push({ told, isForgotten, pack });
    return {
      prompted({ text }) {
        told.push(`prompt ${text}`);
        return undefined;
      },
      judge({ id, tool }, child) {
        told.push(`call ${tool}${child === undefined ? '' : ` of ${child}`}`);
        return {
          verdict: house.verdict,
          reason: `because ${house.verdict}`,
          policies: ['test'],
          call: { id, tool: { name: tool }, action: 'execute' },
          ...(house.verdict === 'ask' ? { asks: house.asks } : {}),
        };
      },
      granted: ({ tool }) => void told.push(`granted ${tool}`),
      forgot: () => void told.push('forgot'),
      saw({ tool }: HookCall) {
        told.push(`result ${tool}`);
        return { origin: 'untrusted' };
      },
      whole: (call) => call,
    };
  };
  const sensors: House['sensors'] = new Map();
  const again = (): Promise<AgentGuard> =>
    createAgentGuard({
      database,
      clock,
      ledger,
      random: randomBytes,
      columnKeys,
      outbox: {
        async record(_transaction, event) {
          if (house.failsRecording) throw new TypeError('Cannot record: planted');
          changes.push(event);
        },
        flushed: async () => undefined,
      },
      owner: async ({ id }) => owners.get(id),
      servicesOf: async (userId) => [...owners].flatMap(([id, { person }]) => (person === userId ? [id] : [])),
      log: () => undefined,
      riskOf: () => noRisk,
      machines: {
        vouched: ({ key_id: keyId }) => (typeof keyId === 'string' && sensors.has(keyId) ? keyId : undefined),
        machine: (id) => sensors.get(id),
      },
      limits,
      openJudge,
      telling: {
        deliver: (message) => house.telling.deliver(message),
        reach: (userId) => house.telling.reach(userId),
        approvers: (wanted) => house.telling.approvers(wanted),
        holdsForNow: (userId, scope) => house.telling.holdsForNow(userId, scope),
        origin: () => house.telling.origin(),
      },
      packs: new Map(),
      pastCalls: { page: async () => ({ entries: [] }) },
    });
  const house: House = {
    database,
    columnKeys,
    random: randomBytes,
    guard: await again(),
    clock,
    ledger,
    changes,
    owners,
    sensors,
    judges,
    telling: {
      deliver: async () => ({ kind: 'no-mail' }),
      reach: async () => 'no-mail',
      approvers: async () => [],
      holdsForNow: async () => false,
      origin: () => undefined,
    },
    verdict: 'allow',
    failsRecording: false,
    asks: {
      does: [{ kind: 'network', words: 'Send something to evil.example' }],
      places: ['evil.example'],
      policies: [{ id: 'test-asks', words: 'A person sees what goes out' }],
      isCertain: true,
      people: 1,
      carries: { secret: 'none', personal: 'none' },
    },
    again,
    recorded: () =>
      ledger.events().map(({ body }): JsonObject => JSON.parse(Buffer.from(body ?? new Uint8Array()).toString('utf8'))),
  };
  return house;
}

/** A run of Claude Code that Ada began. */
export async function begin(guard: AgentGuard, by: Principal = ada, name = 'builder') {
  return guard.sessions.begin({ by, name, harness: 'claude-code', facts });
}

/** A hook of Claude Code. */
export function hook(name: string, more: JsonObject = {}): JsonObject {
  return {
    hook_event_name: name,
    session_id: 'f1b0',
    transcript_path: '/tmp/t.jsonl',
    cwd: '/home/ada/project',
    ...more,
  };
}

export function bash(command: string, more: JsonObject = {}): JsonObject {
  return hook('PreToolUse', { tool_name: 'Bash', tool_input: { command }, tool_use_id: 'toolu_1', ...more });
}

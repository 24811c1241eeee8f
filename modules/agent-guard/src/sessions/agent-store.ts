import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { approvalModes, isHarness, isPack } from './agent.ts';
import type { Agent, AgentSession, ApprovalMode, Owner, Pack, SessionEnd, SessionFacts } from './agent.ts';
import type { CredentialKind } from './credential.ts';
import { readMachine } from './machine.ts';

type AgentRow = {
  readonly id: string;
  readonly owner_kind: string;
  readonly owner_id: string;
  readonly name: Encrypted;
  readonly harness: string;
  readonly pack: string;
  readonly approvals: string;
  readonly created_at_ms: number;
  readonly seen_at_ms: number;
};
type SessionRow = {
  readonly id: string;
  /** Of its credential. */
  readonly hash: string;
  /** Of the one that sends telemetry alone; null for runs of before there was one. */
  readonly telemetry_hash: string | null;
  readonly agent_id: string;
  readonly owner_kind: string;
  readonly owner_id: string;
  /** `SessionFacts` as JSON. */
  readonly facts: Encrypted;
  readonly started_at_ms: number;
  readonly seen_at_ms: number;
  readonly ends_at_ms: number;
  readonly ended_at_ms: number | null;
  readonly ended_for: string | null;
};
type Tables = { agents: AgentRow; agent_sessions: SessionRow };
type Where = Database | Transaction;

/** Agents and their sessions. Every function runs in the transaction or database it is handed. */
export type AgentStore = ReturnType<typeof createAgentStore>;

export function createAgentStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}) {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      agents: { row: 'id', columns: { name: encrypted() } },
      agent_sessions: { row: 'id', columns: { facts: encrypted({ padBytes: 256 }) } },
    },
  });

  // Asked with every call.
  const agentsById = columns.prepared((tables, id) => tables.selectFrom('agents').selectAll().where('id', '=', id));
  const sessionsBy = (column: 'id' | 'hash' | 'telemetry_hash') =>
    columns.prepared((tables, value) => tables.selectFrom('agent_sessions').selectAll().where(column, '=', value));
  const sessionsById = sessionsBy('id');
  const sessionsByHash = { run: sessionsBy('hash'), telemetry: sessionsBy('telemetry_hash') };

  return {
    async findAgent(where: Where, id: string): Promise<Agent | undefined> {
      const [row] = await agentsById(where, id);
      return row === undefined ? undefined : toAgent(row);
    },

    /** Those of one owner, or all; last seen first. */
    async listAgents(where: Where, owner?: Owner): Promise<readonly Agent[]> {
      let rows = columns.on(where).selectFrom('agents').selectAll();
      if (owner !== undefined) rows = rows.where('owner_kind', '=', owner.kind).where('owner_id', '=', owner.id);
      return (await rows.orderBy('seen_at_ms', 'desc').orderBy('id').execute()).map(toAgent);
    },

    async insertAgent(transaction: Transaction, agent: Agent): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('agents')
        .values({
          id: agent.id,
          owner_kind: agent.owner.kind,
          owner_id: agent.owner.id,
          name: agent.name,
          harness: agent.harness,
          pack: agent.pack,
          approvals: agent.approvals,
          created_at_ms: agent.createdAtMs,
          seen_at_ms: agent.seenAtMs,
        })
        .execute();
    },

    async updateAgent(
      transaction: Transaction,
      id: string,
      change: { readonly pack?: Pack; readonly approvals?: ApprovalMode; readonly seenAtMs?: number },
    ): Promise<void> {
      const { pack, approvals, seenAtMs } = change;
      await columns
        .on(transaction)
        .updateTable('agents')
        .set({
          ...(pack === undefined ? {} : { pack }),
          ...(approvals === undefined ? {} : { approvals }),
          ...(seenAtMs === undefined ? {} : { seen_at_ms: seenAtMs }),
        })
        .where('id', '=', id)
        .execute();
    },

    async findSession(
      where: Where,
      by: { readonly id: string } | { readonly hash: string; readonly kind: CredentialKind },
    ) {
      const [row] = 'id' in by ? await sessionsById(where, by.id) : await sessionsByHash[by.kind](where, by.hash);
      return row === undefined ? undefined : toSession(row);
    },

    /** Newest first. `openAtMs`: those that have not ended by then. */
    async listSessions(
      where: Where,
      asked: {
        readonly agentId?: string;
        readonly owner?: Owner;
        readonly openAtMs?: number;
        readonly limit: number;
      },
    ): Promise<readonly AgentSession[]> {
      let rows = columns.on(where).selectFrom('agent_sessions').selectAll();
      if (asked.agentId !== undefined) rows = rows.where('agent_id', '=', asked.agentId);
      if (asked.owner !== undefined)
        rows = rows.where('owner_kind', '=', asked.owner.kind).where('owner_id', '=', asked.owner.id);
      if (asked.openAtMs !== undefined)
        rows = rows.where('ended_at_ms', 'is', null).where('ends_at_ms', '>', asked.openAtMs);
      const found = await rows.orderBy('started_at_ms', 'desc').orderBy('id').limit(asked.limit).execute();
      return found.map(toSession);
    },

    async insertSession(
      transaction: Transaction,
      session: AgentSession,
      { run, telemetry }: Readonly<Record<CredentialKind, string>>,
    ): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('agent_sessions')
        .values({
          id: session.id,
          hash: run,
          telemetry_hash: telemetry,
          agent_id: session.agentId,
          owner_kind: session.owner.kind,
          owner_id: session.owner.id,
          facts: JSON.stringify(session.facts),
          started_at_ms: session.startedAtMs,
          seen_at_ms: session.seenAtMs,
          ends_at_ms: session.endsAtMs,
          ended_at_ms: null,
          ended_for: null,
        })
        .execute();
    },

    /** False for one that has ended before. */
    async endSession(transaction: Transaction, id: string, end: NonNullable<AgentSession['ended']>): Promise<boolean> {
      const { numUpdatedRows } = await columns
        .on(transaction)
        .updateTable('agent_sessions')
        .set({ ended_at_ms: end.atMs, ended_for: end.for })
        .where('id', '=', id)
        .where('ended_at_ms', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async seeSession(transaction: Transaction, id: string, atMs: number): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('agent_sessions')
        .set({ seen_at_ms: atMs })
        .where('id', '=', id)
        .execute();
    },

    async removeSessionsBefore(transaction: Transaction, startedBeforeMs: number): Promise<void> {
      const rows = columns.on(transaction).deleteFrom('agent_sessions');
      await rows.where('started_at_ms', '<', startedBeforeMs).execute();
    },
  };
}

function toAgent(row: Opened<Tables>['agents']): Agent {
  return {
    id: row.id,
    owner: { kind: ownerKind(row.owner_kind), id: row.owner_id },
    name: row.name,
    harness: isHarness(row.harness) ? row.harness : 'other',
    // A word nobody knows any more is not the most open one.
    pack: isPack(row.pack) ? row.pack : 'locked-down',
    approvals: approvalModes.find((mode) => mode === row.approvals) ?? 'off',
    createdAtMs: row.created_at_ms,
    seenAtMs: row.seen_at_ms,
  };
}

function toSession(row: Opened<Tables>['agent_sessions']): AgentSession {
  return {
    id: row.id,
    agentId: row.agent_id,
    owner: { kind: ownerKind(row.owner_kind), id: row.owner_id },
    facts: parseFacts(row.facts),
    startedAtMs: row.started_at_ms,
    seenAtMs: row.seen_at_ms,
    endsAtMs: row.ends_at_ms,
    ...(row.ended_at_ms === null ? {} : { ended: { atMs: row.ended_at_ms, for: endOf(row.ended_for) } }),
  };
}

function ownerKind(text: string): Owner['kind'] {
  return text === 'service' || text === 'key' ? text : 'user';
}

function endOf(text: string | null): SessionEnd {
  return text === 'finished' || text === 'ended-by-hand' || text === 'stopped' ? text : 'expired';
}

/** Sealed by us, with its row bound into the seal: what opens is what was written. */
function parseFacts(text: string): SessionFacts {
  const kept: unknown = parseJson(text);
  if (!isJsonObject(kept)) throw new TypeError('Cannot read the facts of a session: they have another shape');
  const { model } = kept;
  const machine = readMachine(kept['machine']);
  const named = Object.fromEntries(
    (['workspace', 'home', 'host', 'repository', 'branch', 'harnessVersion', 'address'] as const).flatMap((name) => {
      const value = kept[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  return {
    ...named,
    ...(isJsonObject(model) ? { model: { name: textOf(model['name']), provider: textOf(model['provider']) } } : {}),
    isAttended: kept['isAttended'] === true,
    ...(kept['isResumed'] === true ? { isResumed: true } : {}),
    ...(machine === undefined ? {} : { machine }),
  };
}

import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';
import type { Principal } from '@sallyport/platform/http';
import { guardEvent, happened, sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardLimits, AgentGuardNeeds } from '../needs.ts';
import { approvalModes, isHarness, isPack } from './agent.ts';
import type { Agent, AgentSession, Harness, Owner, Pack, SessionEnd, SessionFacts } from './agent.ts';
import type { AgentStore } from './agent-store.ts';
import { credentialHash, newCredential } from './credential.ts';
import { machineWords } from './machine.ts';
import { createJustRead } from './just-read.ts';

/** A session with whom it is of, as they stand now. */
export type StandingSession = {
  readonly session: AgentSession;
  readonly agent: Agent;
  readonly ownerName: string;
  /** Id of the person behind it: its owner, or who answers for the service account or the key it runs as. */
  readonly person?: string;
  /** Why it may do nothing any more; undefined while it goes on. */
  readonly over?: SessionEnd | 'owner-ended';
  /** Of one that is over: what its harness tells is not taken any more. At once where its owner may not, a minute after the end else. */
  readonly isMute?: true;
};

export type SessionRefusal = { readonly refused: 'agent_session_unknown' };

/**
 * Agents and their runs. A run has a credential that is good while it is heard of, a quarter of an hour at a time and a day at most; it
 * does what its owner may let an agent do, and nothing once the owner may not. Every change is durable, with its event, before it resolves.
 */
export type AgentSessions = {
  /** Throws `agent_invalid`, `agent_limit_reached`, `agent_owner_unfit`. The only time the credential can be had. */
  begin(run: {
    readonly by: Principal;
    readonly name: string;
    readonly harness: string;
    readonly facts: SessionFacts;
  }): Promise<{
    readonly session: AgentSession;
    readonly agent: Agent;
    readonly token: Secret;
    /** Sends the telemetry of this run and nothing else. */
    readonly telemetryToken: Secret;
  }>;
  /** Heard of, by its owner. Throws `agent_session_not_found` for one that is over or somebody else's. */
  renew(request: { readonly id: string; readonly by: Principal }): Promise<{ readonly quietUntilMs: number }>;
  /** Throws `agent_session_not_found`. Again changes nothing. */
  end(request: {
    readonly id: string;
    readonly by: Principal;
    readonly anybodys: boolean;
    readonly for: SessionEnd;
  }): Promise<void>;
  /**
   * Whose credential it is, also when the run is over: it is told so in its own words. Counts as a sign of life of one that goes on, until it is known
   * that its owner may not run agents. One for telemetry alone is none, and good for nobody a minute after the run (so long a harness tells
   * what it did last), nor once its owner may not: when that began nobody here knows.
   */
  authenticate(token: string): Promise<Principal | SessionRefusal>;
  /** `limitedTo`: of whoever was let in before; it stays what it was. */
  recheck(id: string, limitedTo: readonly string[] | undefined): Promise<Principal | SessionRefusal>;
  /** Throws `agent_session_not_found`. */
  standing(id: string): Promise<StandingSession>;
  /** The same, and whether it still stands: a second at most, and while no run ended and no agent was changed here. Throws `agent_session_not_found`. */
  reading(id: string): Promise<{ readonly standing: StandingSession; readonly isStill: () => boolean }>;
  agents(owner?: Owner): Promise<readonly Agent[]>;
  /** Throws `agent_not_found`. */
  agent(id: string): Promise<Agent>;
  sessions(asked: {
    readonly agentId?: string;
    readonly owner?: Owner;
    readonly open?: boolean;
    readonly limit: number;
  }): Promise<readonly AgentSession[]>;
  /** Throws `agent_not_found`, `agent_invalid`. */
  change(request: {
    readonly id: string;
    readonly pack?: string | undefined;
    readonly approvals?: string | undefined;
    readonly by: Principal;
  }): Promise<Agent>;
  /** When it was last heard of; undefined when nothing was since the server started. */
  seenAtMs(id: string): number | undefined;
  /** Keeps when sessions were last heard of; to be called every minute or so, and at the end. */
  recordSeen(): Promise<void>;
};

/** What a harness has not told by then it tells nobody. */
const lastWordsMs = 60_000;
const telemetryAlone = ['agents:telemetry'] as const;
const keptSessionsMs = 30 * 86_400_000;
/** What is let go on by policy before anybody chose another. */
const firstPack: Pack = 'developer';

export function createAgentSessions(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'owner' | 'machines'> & {
    readonly store: AgentStore;
    readonly limits: AgentGuardLimits;
  },
): AgentSessions {
  const { database, outbox, clock, random, store, limits } = needs;
  /** Since they were last kept. */
  const seen = new Map<string, number>();
  const asAuthenticated = createJustRead<{ readonly session: AgentSession; readonly agent: Agent }>(clock);
  const newId = (): string => Buffer.from(random(8)).toString('hex');

  const seenOf = (session: AgentSession): number => Math.max(session.seenAtMs, seen.get(session.id) ?? 0);
  function overOf(session: AgentSession): SessionEnd | undefined {
    if (session.ended !== undefined) return session.ended.for;
    const nowMs = clock.nowMs();
    return nowMs >= session.endsAtMs || nowMs >= seenOf(session) + limits.idleMs ? 'expired' : undefined;
  }

  /** When it was over or, as far as is known now, is going to be. */
  function endOf(session: AgentSession): number {
    return session.ended?.atMs ?? Math.min(seenOf(session) + limits.idleMs, session.endsAtMs);
  }

  async function agentOfSession({ id, agentId }: AgentSession): Promise<Agent> {
    const agent = await store.findAgent(database, agentId);
    if (agent === undefined) throw notFound(id);
    return agent;
  }

  async function standingOf(session: AgentSession, agent: Agent): Promise<StandingSession> {
    const owner = await needs.owner(session.owner);
    const isOwned = owner?.scopes.includes('agents:run') === true;
    // Whoever authenticates it does not wait to hear whose it is: what counted as a sign of life since is none.
    if (!isOwned) seen.delete(session.id);
    const ended = overOf(session);
    const over = isOwned ? ended : (ended ?? 'owner-ended');
    const isMute = over !== undefined && (!isOwned || clock.nowMs() >= endOf(session) + lastWordsMs);
    const person = session.owner.kind === 'user' ? session.owner.id : owner?.person;
    return {
      session,
      agent,
      ownerName: owner?.name ?? '',
      ...(person === undefined ? {} : { person }),
      ...(over === undefined ? {} : { over }),
      ...(isMute ? { isMute } : {}),
    };
  }

  function principalOf({ id }: AgentSession, { name }: Agent): Principal {
    return { kind: 'agent', id, name, scopes: ['agents:report', 'agents:telemetry'] };
  }

  async function limitedPrincipal(session: AgentSession, agent: Agent): Promise<Principal | SessionRefusal> {
    const { isMute } = await standingOf(session, agent);
    if (isMute === true) return { refused: 'agent_session_unknown' };
    return { ...principalOf(session, agent), scopes: telemetryAlone, limitedTo: telemetryAlone };
  }

  async function find(id: string): Promise<AgentSession> {
    const session = await store.findSession(database, { id });
    if (session === undefined) throw notFound(id);
    return session;
  }

  async function reading(id: string): ReturnType<AgentSessions['reading']> {
    const known = asAuthenticated.take(id);
    if (known !== undefined)
      return { standing: await standingOf(known.rows.session, known.rows.agent), isStill: known.isStill };
    const { isStill } = asAuthenticated.begin();
    const session = await find(id);
    return { standing: await standingOf(session, await agentOfSession(session)), isStill };
  }

  return {
    async begin({ by, name, harness, facts }) {
      const owner = ownerOf(by);
      const wanted = plainName(name);
      if (!isHarness(harness))
        throw new AgentGuardError(
          'agent_invalid',
          `Cannot begin a session: "${harness}" is no harness this server knows`,
        );
      const nowMs = clock.nowMs();
      const begun = await database.transaction().execute(async (transaction) => {
        await store.removeSessionsBefore(transaction, nowMs - keptSessionsMs);
        const open = await store.listSessions(transaction, {
          owner,
          openAtMs: nowMs,
          limit: limits.maxOpenSessionsPerOwner * 2,
        });
        if (open.filter((one) => overOf(one) === undefined).length >= limits.maxOpenSessionsPerOwner)
          throw new AgentGuardError(
            'agent_limit_reached',
            `Cannot begin a session: ${limits.maxOpenSessionsPerOwner} of this owner go on, must be fewer`,
            { hint: 'end some: sallyport agent sessions' },
          );
        const agent = await agentOf(transaction, { owner, name: wanted, harness, nowMs, by });
        const session: AgentSession = {
          id: newId(),
          agentId: agent.id,
          owner,
          facts,
          startedAtMs: nowMs,
          seenAtMs: nowMs,
          endsAtMs: nowMs + limits.maxLifetimeMs,
        };
        const [run, telemetry] = [newCredential('run', random), newCredential('telemetry', random)];
        await store.insertSession(transaction, session, { run: run.hash, telemetry: telemetry.hash });
        const words = sessionWords(session, { agent, ownerName: by.name });
        await outbox.record(
          transaction,
          happened(nowMs, words, { kind: 'session_started', machine: machineWords(facts.machine, needs.machines) }),
        );
        return { session, agent, token: createSecret(run.token), telemetryToken: createSecret(telemetry.token) };
      });
      await outbox.flushed();
      return begun;
    },

    async renew({ id, by }) {
      const session = await find(id);
      const { over } = await standingOf(session, await agentOfSession(session));
      if (over !== undefined || !isOwn(session, by)) throw notFound(id);
      const nowMs = clock.nowMs();
      seen.set(id, nowMs);
      return { quietUntilMs: Math.min(nowMs + limits.idleMs, session.endsAtMs) };
    },

    async end({ id, by, anybodys, for: reason }) {
      const session = await find(id);
      if (!anybodys && !isOwn(session, by)) throw notFound(id);
      const nowMs = clock.nowMs();
      const { agent, ownerName } = await standingOf(session, await agentOfSession(session));
      await database.transaction().execute(async (transaction) => {
        if (!(await store.endSession(transaction, id, { atMs: nowMs, for: reason }))) return;
        const words = sessionWords(session, { agent, ownerName });
        await outbox.record(transaction, happened(nowMs, words, { kind: 'session_ended', reason }));
        if (!isOwn(session, by))
          await outbox.record(
            transaction,
            guardEvent({
              nowMs,
              by,
              action: 'agent.session_end',
              target: { type: 'agent session', id, name: agent.name },
            }),
          );
      });
      asAuthenticated.forget();
      await outbox.flushed();
    },

    async authenticate(token) {
      const known = credentialHash(token);
      const { keep } = asAuthenticated.begin();
      const session = known === undefined ? undefined : await store.findSession(database, known);
      if (known === undefined || session === undefined) return { refused: 'agent_session_unknown' };
      if (known.kind === 'telemetry') return limitedPrincipal(session, await agentOfSession(session));
      if (overOf(session) === undefined) seen.set(session.id, clock.nowMs());
      const agent = await agentOfSession(session);
      keep({ session, agent });
      return principalOf(session, agent);
    },

    async recheck(id, limitedTo) {
      const session = await store.findSession(database, { id });
      if (session === undefined) return { refused: 'agent_session_unknown' };
      const agent = await agentOfSession(session);
      return limitedTo === undefined ? principalOf(session, agent) : limitedPrincipal(session, agent);
    },

    reading,
    standing: async (id) => (await reading(id)).standing,

    agents: (owner) => store.listAgents(database, owner),

    async agent(id) {
      const agent = await store.findAgent(database, id);
      if (agent === undefined) throw new AgentGuardError('agent_not_found', `Cannot find agent "${id}"`);
      return agent;
    },

    async sessions({ agentId, owner, open, limit }) {
      const found = await store.listSessions(database, {
        ...(agentId === undefined ? {} : { agentId }),
        ...(owner === undefined ? {} : { owner }),
        ...(open === true ? { openAtMs: clock.nowMs() } : {}),
        limit,
      });
      const now = found.map((session) => {
        const over = overOf(session);
        const withSeen = { ...session, seenAtMs: seenOf(session) };
        return over === undefined || session.ended !== undefined
          ? withSeen
          : { ...withSeen, ended: { atMs: endOf(session), for: over } };
      });
      return open === true ? now.filter(({ ended }) => ended === undefined) : now;
    },

    async change({ id, pack, approvals, by }) {
      if (pack !== undefined && !isPack(pack))
        throw new AgentGuardError('agent_invalid', `Cannot set the pack: "${pack}" is none`);
      const mode = approvalModes.find((one) => one === approvals);
      if (approvals !== undefined && mode === undefined)
        throw new AgentGuardError(
          'agent_invalid',
          `Cannot set where people are asked: "${approvals}" is no such place`,
        );
      const changed = await database.transaction().execute(async (transaction) => {
        const agent = await store.findAgent(transaction, id);
        if (agent === undefined) throw new AgentGuardError('agent_not_found', `Cannot find agent "${id}"`);
        const wanted = { pack: pack ?? agent.pack, approvals: mode ?? agent.approvals };
        if (agent.pack === wanted.pack && agent.approvals === wanted.approvals) return agent;
        await store.updateAgent(transaction, id, wanted);
        await outbox.record(
          transaction,
          guardEvent({
            nowMs: clock.nowMs(),
            by,
            action: 'agent.change',
            target: { type: 'agent', id, name: agent.name },
            details: {
              ...(agent.pack === wanted.pack ? {} : { pack: { from: agent.pack, to: wanted.pack } }),
              ...(agent.approvals === wanted.approvals
                ? {}
                : { approvals: { from: agent.approvals, to: wanted.approvals } }),
            },
          }),
        );
        return { ...agent, ...wanted };
      });
      asAuthenticated.forget();
      await outbox.flushed();
      return changed;
    },

    seenAtMs: (id) => seen.get(id),

    async recordSeen() {
      const held = [...seen];
      if (held.length === 0) return;
      await database.transaction().execute(async (transaction) => {
        for (const [id, atMs] of held) await store.seeSession(transaction, id, atMs);
      });
      for (const [id, atMs] of held) if (seen.get(id) === atMs) seen.delete(id);
    },
  };

  async function agentOf(
    transaction: Parameters<AgentStore['insertAgent']>[0],
    run: {
      readonly owner: Owner;
      readonly name: string;
      readonly harness: Harness;
      readonly nowMs: number;
      readonly by: Principal;
    },
  ): Promise<Agent> {
    const { owner, name, harness, nowMs, by } = run;
    const known = await store.listAgents(transaction, owner);
    const found = known.find((agent) => agent.name === name && agent.harness === harness);
    if (found !== undefined) {
      await store.updateAgent(transaction, found.id, { seenAtMs: nowMs });
      return found;
    }
    if (known.length >= limits.maxAgentsPerOwner)
      throw new AgentGuardError(
        'agent_limit_reached',
        `Cannot make an agent: this owner has ${known.length}, must be fewer than ${limits.maxAgentsPerOwner}`,
      );
    const agent: Agent = {
      id: newId(),
      owner,
      name,
      harness,
      pack: firstPack,
      approvals: 'auto',
      createdAtMs: nowMs,
      seenAtMs: nowMs,
    };
    await store.insertAgent(transaction, agent);
    await outbox.record(
      transaction,
      guardEvent({
        nowMs,
        by,
        action: 'agent.create',
        target: { type: 'agent', id: agent.id, name },
        details: { harness, pack: agent.pack },
      }),
    );
    return agent;
  }
}

function notFound(id: string): AgentGuardError {
  return new AgentGuardError('agent_session_not_found', `Cannot find session "${id}": it is over, or was never`);
}

/** An agent cannot own one: what it starts is a child of its own session. */
export function ownerOf(by: Principal): Owner {
  if (by.kind === 'user' || by.kind === 'service' || by.kind === 'key') return { kind: by.kind, id: by.id };
  throw new AgentGuardError('agent_owner_unfit', `Cannot let ${by.kind} "${by.name}" own an agent`, {
    hint: 'sign in as a person, or use a service account',
  });
}

function isOwn({ owner }: AgentSession, by: Principal): boolean {
  return owner.kind === by.kind && owner.id === by.id;
}

const longestName = 100;

/** Names are shown beside verdicts: nothing in them may move or hide text. */
function plainName(name: string): string {
  const plain = name.normalize('NFKC').trim();
  if (plain !== '' && plain.length <= longestName && !/[\p{C}\p{Zl}\p{Zp}]/u.test(plain)) return plain;
  throw new AgentGuardError(
    'agent_invalid',
    `Cannot name the agent: must be 1 to ${longestName} characters without control signs`,
  );
}

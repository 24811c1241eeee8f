import type { Transaction } from '@sallyport/platform/database';
import type { Turns } from '@sallyport/platform/turns';
import { digestOf, inspectTool, likeness, readTool } from '@sallyport/tool-pins';
import type { ToolDefinition } from '@sallyport/tool-pins';
import { happened, sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import { effectsBesideName } from './tool-effects.ts';
import { toolServerLimits as limits } from './tool-server.ts';
import type { Likeness, Pin, ServerIdentity, ServerTool, Sighting, ToolServer } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';
import { whyHeld, whyServerHeld } from './why-held.ts';

/** A server as a gateway met it in a run. */
export type ToldServer = ServerIdentity & {
  readonly protocol: string;
  readonly says?: string;
  /** As the server sent them. */
  readonly tools: readonly unknown[];
};

export type SeenTool = {
  readonly name: string;
  readonly isLet: boolean;
  /** Missing where the definition could not be read. */
  readonly digest?: string;
  /** Why it is not let. */
  readonly reason?: string;
};
export type SeenServer = {
  readonly server: ToolServer;
  /** Why none of its tools is let. */
  readonly reason?: string;
  readonly tools: readonly SeenTool[];
};

/**
 * Writes down what a run met: a server that is unknown is quarantined, a tool or a definition that is unknown is held. Each of these leaves
 * an event of that run. What was met before changes nothing but when it was seen last.
 */
export type SeeServer = (standing: StandingSession, told: ToldServer) => Promise<SeenServer>;

export function createSeeServer(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random'> & {
    readonly store: ToolServerStore;
    /** Two runs that meet the same new server at once write it down once, and nobody decides in between. */
    readonly inTurn: Turns;
  },
): SeeServer {
  const { database, outbox, clock, random, store, inTurn } = needs;
  const newId = (): string => Buffer.from(random(8)).toString('hex');

  type Seeing = {
    readonly transaction: Transaction;
    readonly standing: StandingSession;
    readonly sighting: Sighting;
    readonly nowMs: number;
    readonly record: (happening: Parameters<typeof happened>[2]) => Promise<void>;
  };

  async function serverOf(
    { transaction, standing, sighting, nowMs, record }: Seeing,
    told: ToldServer,
  ): Promise<ToolServer> {
    const known = await store.findServer(transaction, { identity: told });
    if (known !== undefined) {
      const seen: ToolServer = {
        ...known,
        protocol: told.protocol,
        ...(told.says === undefined ? {} : { says: told.says }),
        lastSeenAtMs: nowMs,
      };
      await store.updateServer(transaction, seen);
      return seen;
    }
    const all = await store.listServers(transaction);
    const ownerId = standing.session.owner.id;
    const undecided = all.filter((server) => server.state === 'quarantined' && server.ownerId === ownerId).length;
    if (all.length >= limits.servers || undecided >= limits.quarantinedPerOwner)
      throw new AgentGuardError(
        'agent_limit_reached',
        `Cannot take in server "${told.name}": ${undecided} of this owner wait for a decision and there are ${all.length}, must be fewer than ${limits.quarantinedPerOwner} and ${limits.servers}`,
        { hint: 'decide about those that wait, or forget them: sallyport agent servers list' },
      );
    const server: ToolServer = {
      id: newId(),
      name: told.name,
      transport: told.transport,
      target: told.target,
      ownerId,
      state: 'quarantined',
      letsNew: false,
      protocol: told.protocol,
      ...(told.says === undefined ? {} : { says: told.says }),
      firstSeen: sighting,
      firstSeenAtMs: nowMs,
      lastSeenAtMs: nowMs,
    };
    await store.insertServer(transaction, server);
    const imitated = all.find(({ name }) => likeness(name, told.name) !== undefined);
    await record({
      kind: 'server_added',
      server: { name: told.name, source: 'gateway', isNew: true },
      ...(imitated === undefined ? {} : { looksLike: imitated.name }),
    });
    return server;
  }

  async function toolsOf(seeing: Seeing, server: ToolServer, definitions: readonly ToolDefinition[]): Promise<Pin[]> {
    const { transaction, nowMs } = seeing;
    const tools = new Map((await store.listTools(transaction, server.id)).map((tool) => [tool.name, tool]));
    const pins = await store.listPins(transaction, server.id);
    const fresh = definitions.filter(({ name }) => !tools.has(name));
    if (tools.size + fresh.length > limits.toolsPerServer) throw tooMany(server.name);
    const others = fresh.length === 0 ? [] : await otherTools(transaction);
    if (others.length + fresh.length > limits.tools) throw tooMany(server.name);
    const again = { toolIds: new Array<string>(), pinIds: new Array<string>() };
    const now: Pin[] = [];
    for (const definition of definitions) {
      const digest = digestOf(definition);
      const tool = tools.get(definition.name);
      const own = pins.filter(({ toolId }) => toolId === tool?.id);
      const pin = own.find((one) => one.digest === digest);
      if (tool !== undefined && pin !== undefined) {
        again.toolIds.push(tool.id);
        again.pinIds.push(pin.id);
        now.push(pin);
      } else now.push(await firstSight({ seeing, server, definition, digest, tool, own, others }));
    }
    await store.seeAgain(transaction, { ...again, atMs: nowMs });
    return now;
  }

  async function otherTools(transaction: Transaction): Promise<{ server: ToolServer; tool: string }[]> {
    const servers = new Map((await store.listServers(transaction)).map((server) => [server.id, server]));
    return (await store.listTools(transaction)).flatMap(({ serverId, name }) => {
      const server = servers.get(serverId);
      // Nobody is imitated by being like what was turned away.
      return server === undefined || server.state === 'blocked' ? [] : [{ server, tool: name }];
    });
  }

  async function firstSight(met: {
    readonly seeing: Seeing;
    readonly server: ToolServer;
    readonly definition: ToolDefinition;
    readonly digest: string;
    readonly tool: ServerTool | undefined;
    readonly own: readonly Pin[];
    readonly others: readonly { readonly server: ToolServer; readonly tool: string }[];
  }): Promise<Pin> {
    const { seeing, server, definition, digest, own, others } = met;
    const { transaction, sighting, nowMs, record } = seeing;
    const likenesses =
      met.tool?.likenesses ?? others.flatMap((other) => likenessTo(other, server, definition.name)).slice(0, 20);
    const effects = effectsBesideName(definition);
    const tool: ServerTool = {
      ...(met.tool ?? {
        id: newId(),
        serverId: server.id,
        name: definition.name,
        isBlocked: false,
        firstSeenAtMs: nowMs,
      }),
      newestDigest: digest,
      likenesses,
      vetted: met.tool?.vetted ?? (effects.length === 0 ? {} : { effects }),
      lastSeenAtMs: nowMs,
    };
    if (met.tool === undefined) await store.insertTool(transaction, tool);
    else await store.updateTool(transaction, tool);
    const findings = inspectTool(definition);
    const isOdd = findings.length > 0 || likenesses.some(({ how }) => how === 'looks_alike');
    const isLetAtOnce = met.tool === undefined && server.state === 'approved' && server.letsNew && !isOdd;
    const pin = {
      id: newId(),
      serverId: server.id,
      toolId: tool.id,
      number: (own.at(-1)?.number ?? 0) + 1,
      digest,
      state: isLetAtOnce ? 'approved' : 'held',
      warnings: findings.length + likenesses.length,
      definition,
      firstSeen: sighting,
      firstSeenAtMs: nowMs,
      lastSeenAtMs: nowMs,
    } as const;
    await forgetOldest(transaction, own);
    await store.insertDefinition(transaction, pin);
    const before = own.find(({ state }) => state === 'approved') ?? own.at(-1);
    const imitated = likenesses.find(({ how }) => how === 'looks_alike');
    await record({
      kind: 'tool_described',
      tool: {
        name: definition.name,
        server: { name: server.name, source: 'gateway', isNew: server.state !== 'approved' },
      },
      change: met.tool === undefined ? 'added' : 'changed',
      ...(before === undefined ? {} : { before: before.digest }),
      after: digest,
      hides: [...new Set(findings.filter(({ kind }) => kind === 'hidden_text').map(({ what }) => what))],
      says: [...new Set(findings.filter(({ kind }) => kind === 'instruction_like').map(({ what }) => what))],
      ...(imitated === undefined ? {} : { looksLike: `${imitated.server}/${imitated.tool}` }),
    });
    return pin;
  }

  async function forgetOldest(transaction: Transaction, own: readonly Pin[]): Promise<void> {
    const oldest = own.find(({ state }) => state !== 'approved');
    if (own.length >= limits.definitionsPerTool && oldest !== undefined)
      await store.removeDefinition(transaction, oldest.id);
  }

  return async (standing, told) => {
    const { definitions, unread } = readAll(told.tools);
    const seen = await inTurn(() =>
      database.transaction().execute(async (transaction) => {
        const { session, agent, ownerName } = standing;
        const nowMs = clock.nowMs();
        const words = sessionWords(session, { agent, ownerName });
        const seeing: Seeing = {
          transaction,
          standing,
          nowMs,
          sighting: { session: session.id, agent: agent.name, owner: ownerName },
          record: (happening) => outbox.record(transaction, happened(nowMs, words, happening)),
        };
        const server = await serverOf(seeing, told);
        const pins = await toolsOf(seeing, server, definitions);
        const tools = new Map((await store.listTools(transaction, server.id)).map((tool) => [tool.id, tool]));
        return { server, pins, tools };
      }),
    );
    await outbox.flushed();
    const { server, pins, tools } = seen;
    const held = whyServerHeld(server);
    return {
      server,
      ...(held === undefined ? {} : { reason: held }),
      tools: [
        ...pins.map((pin, index): SeenTool => {
          const reason = whyHeld(server, tools.get(pin.toolId), pin);
          const name = definitions[index]?.name ?? '';
          return { name, isLet: reason === undefined, digest: pin.digest, ...(reason === undefined ? {} : { reason }) };
        }),
        ...unread,
      ],
    };
  };
}

function likenessTo(
  other: { readonly server: ToolServer; readonly tool: string },
  server: ToolServer,
  name: string,
): Likeness[] {
  const how = likeness(name, other.tool);
  // The same server at another place brings the same tools: that is told of the server.
  if (how === undefined || (how === 'same' && other.server.name === server.name)) return [];
  return [{ server: other.server.name, tool: other.tool, how }];
}

/** What can be read; a name that stands twice is nobody's, for a client may take the one or the other. */
function readAll(tools: readonly unknown[]): { definitions: ToolDefinition[]; unread: SeenTool[] } {
  const read = tools.map(readTool);
  const named = read.flatMap((one) => (one.ok ? [one.tool] : []));
  const often = new Map<string, number>();
  for (const { name } of named) often.set(name, (often.get(name) ?? 0) + 1);
  const twice = [...often].flatMap(([name, count]): SeenTool[] =>
    count === 1 ? [] : [{ name, isLet: false, reason: 'The server has two tools of this name' }],
  );
  const faulty = read.flatMap((one, index): SeenTool[] =>
    one.ok ? [] : [{ name: nameOf(tools[index]), isLet: false, reason: one.message }],
  );
  return { definitions: named.filter(({ name }) => often.get(name) === 1), unread: [...twice, ...faulty] };
}

function nameOf(said: unknown): string {
  const name: unknown = typeof said === 'object' && said !== null && 'name' in said ? said.name : undefined;
  return typeof name === 'string' ? name.slice(0, 256) : '';
}

function tooMany(name: string): AgentGuardError {
  return new AgentGuardError(
    'agent_limit_reached',
    `Cannot take in the tools of "${name}": must be at most ${limits.toolsPerServer} of a server and ${limits.tools} of all`,
  );
}

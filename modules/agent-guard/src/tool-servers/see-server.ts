import { setImmediate } from 'node:timers/promises';
import type { Transaction } from '@sallyport/platform/database';
import type { Turns } from '@sallyport/platform/turns';
import { digestOf, inspectTool, keyOf, likeness } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { happened, sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import { effectsBesideName } from './tool-effects.ts';
import { makeRoom } from './make-room.ts';
import { createMeetServer, type Met } from './meet-server.ts';
import { readTold, type ToldDefinitions } from './told-definitions.ts';
import { listedKinds, stateOfTool, toolServerLimits as limits } from './tool-server.ts';
import type { Likeness, Pin, PinnedKind, ServerIdentity, ServerTool, Sighting, ToolServer } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';
import { whyHeld, whyServerHeld } from './why-held.ts';

/** A server as a gateway met it in a run. */
export type ToldServer = ServerIdentity &
  ToldDefinitions & {
    readonly protocol: string;
    readonly says?: string;
  };

export type SeenTool = {
  readonly kind: PinnedKind;
  readonly name: string;
  readonly isLet: boolean;
  /** Missing where the definition could not be read. */
  readonly digest?: string;
  /** Why it is not let. */
  readonly reason?: string;
  /** Nobody ever decided about it. */
  readonly isNew?: true;
};
export type SeenServer = {
  readonly server: ToolServer;
  /** Why nothing of it is let. */
  readonly reason?: string;
  /** All that was told of. */
  readonly tools: readonly SeenTool[];
};

/**
 * Writes down what a run met: a server that is unknown is quarantined; a tool, prompt, resource or definition that is unknown is held. Each
 * of these leaves an event of that run. What was met before changes nothing but when it was seen last.
 */
export type SeeServer = (standing: StandingSession, told: ToldServer) => Promise<SeenServer>;

/** Written in one transaction: each that is new takes about two milliseconds of SQLite. */
const definitionsAtOnce = 50;

export function createSeeServer(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random'> & {
    readonly store: ToolServerStore;
    /** Two runs that meet the same new server at once write it down once, and nobody decides in between. */
    readonly inTurn: Turns;
  },
): SeeServer {
  const { database, outbox, clock, random, store, inTurn } = needs;
  const newId = (): string => Buffer.from(random(8)).toString('hex');

  const meetServer = createMeetServer({ database, store });

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
      pinsOffers: listedKinds,
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

  /** What was pinned before anything of this is written; room for what is new. */
  async function roomFor(
    { transaction, standing }: Seeing,
    server: ToolServer,
    { definitions, met }: { readonly definitions: readonly Definition[]; readonly met: Met },
  ): Promise<Map<string, Pin[]>> {
    const pins = groupBy(await store.listPins(transaction, server.id));
    const ownerId = standing.session.owner.id;
    const known = [...met.tools.values()];
    await makeRoom(store, { transaction, server, ownerId, definitions, fresh: met.fresh, known, pins });
    return pins;
  }

  async function toolsOf(
    seeing: Seeing,
    server: ToolServer,
    {
      definitions,
      met,
      pins,
    }: {
      readonly definitions: readonly Definition[];
      readonly met: Met;
      readonly pins: ReadonlyMap<string, readonly Pin[]>;
    },
  ): Promise<Pin[]> {
    const { transaction, nowMs } = seeing;
    const { tools, likenesses } = met;
    const again = { toolIds: new Array<string>(), pinIds: new Array<string>() };
    const now: Pin[] = [];
    for (const definition of definitions) {
      const digest = digestOf(definition);
      const tool = tools.get(keyOf(definition));
      const own = pins.get(tool?.id ?? '') ?? [];
      const pin = own.find((one) => one.digest === digest);
      if (tool !== undefined && pin !== undefined) {
        again.toolIds.push(tool.id);
        again.pinIds.push(pin.id);
        now.push(pin);
        continue;
      }
      const alike = tool?.likenesses ?? likenesses.get(keyOf(definition)) ?? [];
      now.push(await firstSight({ seeing, server, definition, digest, tool, own, likenesses: alike }));
    }
    await store.seeAgain(transaction, { ...again, atMs: nowMs });
    return now;
  }

  async function firstSight(met: {
    readonly seeing: Seeing;
    readonly server: ToolServer;
    readonly definition: Definition;
    readonly digest: string;
    readonly tool: ServerTool | undefined;
    readonly own: readonly Pin[];
    readonly likenesses: readonly Likeness[];
  }): Promise<Pin> {
    const { seeing, server, definition, digest, own, likenesses } = met;
    const { transaction, standing, sighting, nowMs, record } = seeing;
    const kind = definition.kind ?? 'tool';
    const effects = kind === 'tool' ? effectsBesideName(definition) : [];
    const tool: ServerTool = {
      ...(met.tool ?? {
        id: newId(),
        serverId: server.id,
        kind,
        name: definition.name,
        isBlocked: false,
        firstSeenAtMs: nowMs,
      }),
      newestDigest: digest,
      likenesses,
      vetted: met.tool?.vetted ?? (effects.length === 0 ? {} : { effects }),
      lastSeenAtMs: nowMs,
    };
    if (met.tool === undefined) await store.insertTool(transaction, tool, standing.session.owner.id);
    else await store.updateTool(transaction, tool);
    const findings = inspectTool(definition);
    const isOdd = findings.length > 0 || likenesses.some(({ how }) => how === 'looks_alike');
    // Instructions were never handed on before they were pinned: nothing goes on with them.
    const isFirst = listedKinds.some((one) => one === kind && !server.pinsOffers.includes(one));
    const goesOn = server.letsNew || isFirst;
    const isLetAtOnce = met.tool === undefined && server.state === 'approved' && goesOn && !isOdd;
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
      ...(kind === 'tool' ? {} : { offer: kind }),
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
    const { definitions, unread } = readTold(told);
    const seen = await inTurn(async () => {
      const met = await meetServer(told, definitions);
      const { session, agent, ownerName } = standing;
      const nowMs = clock.nowMs();
      const words = sessionWords(session, { agent, ownerName });
      const inTransaction = <Value>(work: (seeing: Seeing) => Promise<Value>): Promise<Value> =>
        database.transaction().execute((transaction) =>
          work({
            transaction,
            standing,
            nowMs,
            sighting: { session: session.id, agent: agent.name, owner: ownerName },
            record: (happening) => outbox.record(transaction, happened(nowMs, words, happening)),
          }),
        );
      const { server, before } = await inTransaction(async (seeing) => {
        const known = await serverOf(seeing, told);
        return { server: known, before: await roomFor(seeing, known, { definitions, met }) };
      });
      const pins: Pin[] = [];
      // A part at a time, with turns for others in between: what a fall leaves out is new the next time.
      for (let at = 0; at < definitions.length; at += definitionsAtOnce) {
        const some = definitions.slice(at, at + definitionsAtOnce);
        pins.push(
          ...(await inTransaction((seeing) => toolsOf(seeing, server, { definitions: some, met, pins: before }))),
        );
        await setImmediate();
      }
      return inTransaction(async ({ transaction }) => {
        const { offers = {} } = told;
        const pinsOffers = listedKinds.filter((kind) => server.pinsOffers.includes(kind) || offers[kind] !== undefined);
        if (pinsOffers.length > server.pinsOffers.length)
          await store.updateServer(transaction, { ...server, pinsOffers });
        const all = groupBy(await store.listPins(transaction, server.id));
        const tools = new Map((await store.listTools(transaction, server.id)).map((tool) => [tool.id, tool]));
        return { server, pins, tools, all };
      });
    });
    await outbox.flushed();
    const { server, pins, tools, all } = seen;
    const held = whyServerHeld(server);
    return {
      server,
      ...(held === undefined ? {} : { reason: held }),
      tools: [
        ...pins.map((pin, index): SeenTool => {
          const { kind = 'tool', name = '' } = definitions[index] ?? {};
          const tool = tools.get(pin.toolId);
          const reason = whyHeld(server, tool, pin, kind);
          const isNew = tool !== undefined && stateOfTool(tool, all.get(tool.id) ?? []) === 'new';
          return {
            kind,
            name,
            isLet: reason === undefined,
            digest: pin.digest,
            ...(reason === undefined ? {} : { reason }),
            ...(isNew ? { isNew: true as const } : {}),
          };
        }),
        ...unread.map((one): SeenTool => ({ ...one, isLet: false })),
      ],
    };
  };
}

function groupBy(pins: readonly Pin[]): Map<string, Pin[]> {
  const groups = new Map<string, Pin[]>();
  for (const pin of pins) {
    const group = groups.get(pin.toolId);
    if (group === undefined) groups.set(pin.toolId, [pin]);
    else group.push(pin);
  }
  return groups;
}

import { setImmediate } from 'node:timers/promises';
import type { Transaction } from '@sallyport/platform/database';
import type { Turns } from '@sallyport/platform/turns';
import { digestOf, keyOf, likeness } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { happened, sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { ReachedRates } from '../gateway/reached-rates.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import { firstSight, writeFirstSights, type FirstSight } from './first-sight.ts';
import { makeRoom } from './make-room.ts';
import { createMeetServer, type Met } from './meet-server.ts';
import { createNewlyWaiting } from './newly-waiting.ts';
import { createNewDefinitions } from './unseen-definitions.ts';
import { readTold, type ToldDefinitions } from './told-definitions.ts';
import { listedKinds, stateOfTool, toolServerLimits as limits } from './tool-server.ts';
import type { Pin, PinnedKind, ServerIdentity, Sighting, ToolServer } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';
import type { ToldOffer, WaitingOffers } from './waiting-offers.ts';
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

/** How it stands before a telling: pins by the ids of their tools, and keys of what is too much that is new. */
type Before = { readonly pins: ReadonlyMap<string, readonly Pin[]>; readonly waiting: ReadonlySet<string> };

/** Written in one transaction: each that is new takes about half a millisecond of SQLite. */
const definitionsAtOnce = 50;

export function createSeeServer(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random'> & {
    readonly store: ToolServerStore;
    /** Two runs that meet the same new server at once write it down once, and nobody decides in between. */
    readonly inTurn: Turns;
    readonly waitingOffers: Pick<WaitingOffers, 'told'>;
    readonly reached: ReachedRates['of'];
  },
): SeeServer {
  const { database, outbox, clock, random, store, inTurn, waitingOffers, reached } = needs;
  const newId = (): string => Buffer.from(random(8)).toString('hex');

  const meetServer = createMeetServer({ database, store });
  const newDefinitions = createNewDefinitions(clock);
  const newlyWaiting = createNewlyWaiting();

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

  /** What was pinned before anything of this is written; room for what is new; and of that what has to wait, by its key. */
  async function roomFor(
    { transaction, standing }: Seeing,
    server: ToolServer,
    { definitions, met }: { readonly definitions: readonly Definition[]; readonly met: Met },
  ): Promise<Before> {
    const pins = groupBy(await store.listPins(transaction, server.id));
    const ownerId = standing.session.owner.id;
    const known = [...met.tools.values()];
    const unseen = definitions.filter((one) => pinOf(one, { met, pins }) === undefined);
    // What was approved and says something else now comes first, and whatever else is told of does not use that up.
    const isChanged = (one: Definition): boolean =>
      (pins.get(met.tools.get(keyOf(one))?.id ?? '') ?? []).some(({ state }) => state === 'approved');
    const parts = [
      { of: newDefinitions.changed, who: `${ownerId} ${server.id}`, all: unseen.filter(isChanged) },
      { of: newDefinitions.fresh, who: ownerId, all: unseen.filter((one) => !isChanged(one)) },
    ].map((part) => ({ ...part, count: part.of.room(part.who, part.all.length) }));
    const waiting = new Set(parts.flatMap(({ all, count }) => all.slice(count).map(keyOf)));
    const fresh = met.fresh.filter((one) => !waiting.has(keyOf(one)));
    await makeRoom(store, { transaction, server, ownerId, definitions, fresh, known, pins });
    // Not before: a telling that is refused has brought nothing.
    for (const { of, who, count } of parts) of.take(who, count);
    return { pins, waiting };
  }

  async function toolsOf(
    { transaction, standing, sighting, nowMs, record }: Seeing,
    server: ToolServer,
    { definitions, met, pins }: { readonly definitions: readonly Definition[]; readonly met: Met } & Before,
  ): Promise<Pin[]> {
    const again = { toolIds: new Array<string>(), pinIds: new Array<string>() };
    const sights: FirstSight[] = [];
    const now = definitions.map((definition): Pin => {
      const tool = met.tools.get(keyOf(definition));
      const pin = pinOf(definition, { met, pins });
      if (tool !== undefined && pin !== undefined) {
        again.toolIds.push(tool.id);
        again.pinIds.push(pin.id);
        return pin;
      }
      const sight = firstSight({
        server,
        definition,
        digest: digestOf(definition),
        tool,
        own: pins.get(tool?.id ?? '') ?? [],
        likenesses: tool?.likenesses ?? met.likenesses.get(keyOf(definition)) ?? [],
        sighting,
        nowMs,
        newId,
      });
      sights.push(sight);
      return sight.pin;
    });
    await writeFirstSights(store, { transaction, ownerId: standing.session.owner.id, record }, sights);
    await store.seeAgain(transaction, { ...again, atMs: nowMs });
    return now;
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
      const taken = definitions.filter((one) => !before.waiting.has(keyOf(one)));
      const offersOf = (isWaiting: boolean): ToldOffer[] =>
        definitions.flatMap((one) =>
          before.waiting.has(keyOf(one)) === isWaiting
            ? [{ kind: one.kind ?? 'tool', name: one.name, digest: digestOf(one) }]
            : [],
        );
      const waiting = offersOf(true);
      waitingOffers.told(server.id, { taken: [], waiting });
      const pins = new Map<string, Pin>();
      // A part at a time, with turns for others in between: what a fall leaves out is new the next time.
      for (let at = 0; at < taken.length; at += definitionsAtOnce) {
        const some = taken.slice(at, at + definitionsAtOnce);
        const seen = await inTransaction((seeing) => toolsOf(seeing, server, { definitions: some, met, ...before }));
        some.forEach((one, index) => {
          const pin = seen[index];
          if (pin !== undefined) pins.set(keyOf(one), pin);
        });
        await setImmediate();
      }
      waitingOffers.told(server.id, { taken: offersOf(false), waiting: [] });
      return inTransaction(async ({ transaction }) => {
        const { offers = {} } = told;
        const pinsOffers = listedKinds.filter((kind) => server.pinsOffers.includes(kind) || offers[kind] !== undefined);
        if (pinsOffers.length > server.pinsOffers.length)
          await store.updateServer(transaction, { ...server, pinsOffers });
        const all = groupBy(await store.listPins(transaction, server.id));
        const tools = new Map((await store.listTools(transaction, server.id)).map((tool) => [tool.id, tool]));
        return { server, pins, tools, all, waiting };
      });
    });
    await outbox.flushed();
    const { server, pins, tools, all, waiting } = seen;
    const refused = newlyWaiting(standing.session.id, server.id, waiting);
    if (refused > 0) await reached(standing, { server: server.name, rate: 'definitions', refused });
    const held = whyServerHeld(server);
    const wait = Math.ceil(newDefinitions.fresh.waitMs(standing.session.owner.id, waiting.length) / 60_000);
    const tooMuchNew = `More that is new was told of than is taken in at once: again in ${Math.max(1, wait)} minutes`;
    return {
      server,
      ...(held === undefined ? {} : { reason: held }),
      tools: [
        ...definitions.map((definition): SeenTool => {
          const { kind = 'tool', name } = definition;
          const pin = pins.get(keyOf(definition));
          if (pin === undefined) return { kind, name, isLet: false, digest: digestOf(definition), reason: tooMuchNew };
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

/** The pin of exactly what it says now. */
function pinOf(
  definition: Definition,
  { met, pins }: { readonly met: Met; readonly pins: Before['pins'] },
): Pin | undefined {
  const tool = met.tools.get(keyOf(definition));
  const own = tool === undefined ? [] : (pins.get(tool.id) ?? []);
  if (own.length === 0) return undefined;
  const digest = digestOf(definition);
  return own.find((pin) => pin.digest === digest);
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

import type { AgentHappening } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import { inspectTool } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { effectsBesideName } from './tool-effects.ts';
import { listedKinds, toolServerLimits as limits } from './tool-server.ts';
import type { Likeness, Pin, PinnedDefinition, ServerTool, Sighting, ToolServer } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';

/** A definition that nobody ever saw of this server: what is written of it. */
export type FirstSight = {
  readonly tool: ServerTool;
  readonly isNewTool: boolean;
  readonly pin: PinnedDefinition;
  /** The id of the definition that gives way. */
  readonly forgotten?: string;
  readonly happening: AgentHappening;
};

/** Judges it: held, or let where the server was approved so and nothing about it is odd. */
export function firstSight(met: {
  readonly server: ToolServer;
  readonly definition: Definition;
  readonly digest: string;
  /** Where only what it says is new. */
  readonly tool: ServerTool | undefined;
  readonly own: readonly Pin[];
  readonly likenesses: readonly Likeness[];
  readonly sighting: Sighting;
  readonly nowMs: number;
  readonly newId: () => string;
}): FirstSight {
  const { server, definition, digest, own, likenesses, sighting, nowMs, newId } = met;
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
  const oldest = own.length < limits.definitionsPerTool ? undefined : own.find(({ state }) => state !== 'approved');
  const before = own.find(({ state }) => state === 'approved') ?? own.at(-1);
  const imitated = likenesses.find(({ how }) => how === 'looks_alike');
  return {
    tool,
    isNewTool: met.tool === undefined,
    pin,
    ...(oldest === undefined ? {} : { forgotten: oldest.id }),
    happening: {
      kind: 'tool_described',
      tool: {
        name: definition.name,
        server: { name: server.name, source: 'gateway', isNew: server.state !== 'approved' },
      },
      ...(kind === 'tool' ? {} : { offer: kind }),
      change: met.tool === undefined ? 'added' : 'changed',
      ...(before === undefined ? {} : { before: before.digest }),
      after: digest,
      hides: [...new Set(findings.filter((found) => found.kind === 'hidden_text').map(({ what }) => what))],
      says: [...new Set(findings.filter((found) => found.kind === 'instruction_like').map(({ what }) => what))],
      ...(imitated === undefined ? {} : { looksLike: `${imitated.server}/${imitated.tool}` }),
    },
  };
}

/** All of one telling together, each with its event. */
export async function writeFirstSights(
  store: ToolServerStore,
  {
    transaction,
    ownerId,
    record,
  }: {
    readonly transaction: Transaction;
    readonly ownerId: string;
    readonly record: (happening: AgentHappening) => Promise<void>;
  },
  sights: readonly FirstSight[],
): Promise<void> {
  const added = sights.filter(({ isNewTool }) => isNewTool).map(({ tool }) => tool);
  await store.insertTools(transaction, added, ownerId);
  for (const { tool, isNewTool, forgotten } of sights) {
    if (!isNewTool) await store.updateTool(transaction, tool);
    if (forgotten !== undefined) await store.removeDefinition(transaction, forgotten);
  }
  await store.insertDefinitions(
    transaction,
    sights.map(({ pin }) => pin),
  );
  for (const { happening } of sights) await record(happening);
}

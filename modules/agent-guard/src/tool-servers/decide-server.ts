import type { JsonObject } from '@sallyport/contracts';
import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Turns } from '@sallyport/platform/turns';
import type { ToolEffect, VettedTool } from '@sallyport/information-flow';
import type { Definition } from '@sallyport/tool-pins';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import { listedKinds } from './tool-server.ts';
import type { Decided, PinnedDefinition, PinnedKind, ServerTool, ToolServer } from './tool-server.ts';
import { describeDefinition, effectsBesideName } from './tool-effects.ts';
import type { ToolServerStore } from './tool-server-store.ts';

/** One tool as it was shown to who approves it. */
export type ToolApproval = {
  readonly kind?: PinnedKind;
  readonly name: string;
  /** Of what was shown. */
  readonly digest: string;
  /** An earlier definition is chosen over the newest: the digest of that, as it was shown. */
  readonly insteadOf?: string;
  /** Who keeps what it answers; only of a tool that reads. Left out, what was said before holds. */
  readonly answers?: VettedTool['answers'] | 'content';
  /** What it does besides what its name says. Left out, what was said before holds, and what the rest of its definition adds. */
  readonly effects?: readonly ToolEffect[];
};

/** What people decide. Each is durable, with its event, before it resolves, and holds from the next call on. */
export type ServerDecisions = {
  /**
   * The server may be used, with these tools as they were shown; others of it stay as they are. Throws `tool_server_changed` where a tool has
   * described itself anew since: nothing is approved then.
   */
  approve(request: {
    readonly id: string;
    readonly tools: readonly ToolApproval[];
    /** Definitions approved before stay so, for machines that are not up to date yet. */
    readonly keepsEarlier: boolean;
    readonly letsNew?: boolean;
    readonly reason: string;
    readonly by: Actor;
  }): Promise<void>;
  /** `tool`: that one alone. Throws `tool_server_not_found`. */
  block(request: {
    readonly id: string;
    readonly tool?: string;
    readonly kind?: PinnedKind;
    readonly reason: string;
    readonly by: Actor;
  }): Promise<void>;
  /** With all that is known of it; met again, it is new. */
  forget(request: { readonly id: string; readonly by: Actor }): Promise<void>;
};

export function createServerDecisions(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly store: ToolServerStore;
    /** What a run tells meanwhile waits: what is approved is what was shown. */
    readonly inTurn: Turns;
  },
): ServerDecisions {
  const { database, outbox, clock, store, inTurn } = needs;

  async function decide(
    { id, by, action }: { readonly id: string; readonly by: Actor; readonly action: string },
    change: (transaction: Transaction, server: ToolServer) => Promise<JsonObject>,
  ): Promise<void> {
    const task = async (transaction: Transaction): Promise<void> => {
      const server = await store.findServer(transaction, { id });
      if (server === undefined) throw notFound(id);
      const details = await change(transaction, server);
      const target = { type: 'tool server', id, name: server.name };
      await outbox.record(transaction, guardEvent({ nowMs: clock.nowMs(), by, action, target, details }));
    };
    await inTurn(() => database.transaction().execute(task));
    await outbox.flushed();
  }

  return {
    async approve({ id, tools, keepsEarlier, letsNew, reason, by }) {
      const decided: Decided = { by: by.name, atMs: clock.nowMs(), reason };
      await decide({ id, by, action: 'agent.server_approve' }, async (transaction, server) => {
        const known = await store.listTools(transaction, id);
        const definitions = await store.listDefinitions(transaction, id);
        for (const asked of tools) {
          const tool = known.find(({ kind, name }) => name === asked.name && kind === (asked.kind ?? 'tool'));
          const own = definitions.filter(({ toolId }) => toolId === tool?.id);
          const shown = own.find(({ digest }) => digest === asked.digest);
          if (tool === undefined || shown === undefined || !isAsShown(asked, tool, shown)) throw changed(asked);
          const vetted = tool.kind === 'tool' ? vettedBy(asked, tool, shown.definition) : {};
          await store.updateTool(transaction, { ...tool, isBlocked: false, vetted });
          for (const pinned of own) {
            if (pinned === shown) await store.updateDefinition(transaction, { ...pinned, state: 'approved', decided });
            else if (pinned.state !== 'refused' && !(keepsEarlier && pinned.state === 'approved'))
              await store.updateDefinition(transaction, { ...pinned, state: 'refused', decided });
          }
        }
        await store.updateServer(transaction, {
          ...server,
          state: 'approved',
          // Whoever approved it decides about what it tells of later, too: only what was approved before goes on with its lists.
          pinsOffers: server.state === 'approved' ? server.pinsOffers : listedKinds,
          letsNew: letsNew ?? server.letsNew,
          decided,
        });
        return {
          from: server.state,
          count: tools.length,
          tools: tools.slice(0, 100).map(({ kind, name, digest }) => ({
            ...(kind === undefined || kind === 'tool' ? {} : { kind }),
            name: name.slice(0, 256),
            digest,
          })),
          keeps_earlier: keepsEarlier,
          lets_new: letsNew ?? server.letsNew,
          reason,
        };
      });
    },

    async block({ id, tool: name, kind = 'tool', reason, by }) {
      await decide({ id, by, action: 'agent.server_block' }, async (transaction, server) => {
        if (name === undefined) {
          const decided: Decided = { by: by.name, atMs: clock.nowMs(), reason };
          await store.updateServer(transaction, { ...server, state: 'blocked', decided });
          return { from: server.state, reason };
        }
        const tool = await store.findTool(transaction, id, { kind, name });
        if (tool === undefined) throw notFound(`${id}/${name}`);
        await store.updateTool(transaction, { ...tool, isBlocked: true });
        return { tool: name, ...(kind === 'tool' ? {} : { kind }), reason };
      });
    },

    async forget({ id, by }) {
      await decide({ id, by, action: 'agent.server_forget' }, async (transaction, server) => {
        await store.removeServer(transaction, id);
        return { from: server.state };
      });
    },
  };
}

/** The newest; or, chosen over the newest, one that somebody has decided about before. */
function isAsShown({ insteadOf }: ToolApproval, tool: ServerTool, shown: PinnedDefinition): boolean {
  if (insteadOf === undefined) return shown.digest === tool.newestDigest;
  return insteadOf === tool.newestDigest && shown.state !== 'held';
}

function vettedBy(asked: ToolApproval, tool: ServerTool, definition: Definition): VettedTool {
  const answers =
    asked.answers === undefined ? tool.vetted.answers : asked.answers === 'content' ? undefined : asked.answers;
  const effects = asked.effects ?? [...new Set([...(tool.vetted.effects ?? []), ...effectsBesideName(definition)])];
  const vetted: VettedTool = {
    ...(answers === undefined ? {} : { answers }),
    ...(effects.length === 0 ? {} : { effects }),
  };
  if (answers === undefined) return vetted;
  const does = describeDefinition(definition, vetted);
  if (does.answers === answers) return vetted;
  // What was said of an earlier definition ends with it; said of this one, it is a mistake.
  if (asked.answers === undefined) return effects.length === 0 ? {} : { effects };
  throw new AgentGuardError(
    'tool_server_invalid',
    `Cannot trust what "${definition.name}" answers: it does ${does.effects.join(', ')}, must only read`,
  );
}

function notFound(id: string): AgentGuardError {
  return new AgentGuardError('tool_server_not_found', `Cannot find tool server "${id}"`);
}

function changed({ kind = 'tool', name }: ToolApproval): AgentGuardError {
  return new AgentGuardError(
    'tool_server_changed',
    `Cannot approve ${kind.replace('_', ' ')} "${name}": it does not say any more what was shown`,
    { hint: 'look at it again' },
  );
}

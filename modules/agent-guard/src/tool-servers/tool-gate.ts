import type { VettedTool } from '@sallyport/information-flow';
import type { Database } from '@sallyport/platform/database';
import { stateOfTool, toolServerLimits as limits } from './tool-server.ts';
import type { PinnedKind, ServerTool, ToolServer } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';
import type { WaitingOffers } from './waiting-offers.ts';
import { whyHeld, whyServerHeld } from './why-held.ts';

/** What may be used. Asked anew for each call, so that what somebody blocks is blocked from then on. */
export type ToolGate = {
  /** The server of this name that a run met is this one. */
  met(met: { readonly sessionId: string; readonly server: string; readonly serverId: string }): void;
  /**
   * `tool` left out: whether the server may be used at all. A tool is let only with the digest that was approved. Of prompts and resources,
   * by `kind`, that holds where a digest is named; without one (a gateway of before, an address that no list has) only what was decided
   * against is not. `isForgotten`: this process does not know which server a run means by the name; it is to be told of again.
   */
  isLet(asked: {
    readonly sessionId: string;
    readonly server: string;
    readonly tool?: string;
    readonly kind?: PinnedKind;
    readonly digest?: string;
  }): Promise<
    | { readonly isLet: true; readonly vetted?: VettedTool }
    | { readonly isLet: false; readonly reason: string; readonly isForgotten: boolean }
  >;
};

export function createToolGate({
  database,
  store,
  waitingOffers,
}: {
  readonly database: Database;
  readonly store: ToolServerStore;
  readonly waitingOffers: Pick<WaitingOffers, 'waits'>;
}): ToolGate {
  /** Of each run the servers by name; the run heard of last stands last. */
  const sessions = new Map<string, Map<string, string>>();
  const no = (reason: string, isForgotten = false) => ({ isLet: false, reason, isForgotten }) as const;

  /** Resources and templates of them are asked for by addresses alike. */
  async function findAsked(serverId: string, kind: PinnedKind, name: string): Promise<ServerTool | undefined> {
    const found = await store.findTool(database, serverId, { kind, name });
    return found === undefined && kind === 'resource'
      ? store.findTool(database, serverId, { kind: 'resource_template', name })
      : found;
  }

  async function whyOfferHeld(server: ToolServer, kind: PinnedKind, name: string): Promise<string | undefined> {
    const offer = await findAsked(server.id, kind, name);
    // New words about an address are no reason to refuse it; other words about one that was decided about are.
    if ((kind !== 'resource' || offer !== undefined) && waitingOffers.waits(server.id, offer?.kind ?? kind, name))
      return whyHeld(server, offer, { state: 'held' }, kind);
    if (offer === undefined) return undefined;
    const pins = (await store.listPins(database, server.id)).filter(({ toolId }) => toolId === offer.id);
    const state = stateOfTool(offer, pins);
    // What is read there is untrusted whoever listed it: new words about it are no reason to refuse the address.
    if (state === 'approved' || (state === 'new' && kind === 'resource')) return undefined;
    return whyHeld(
      server,
      offer,
      pins.find(({ digest }) => digest === offer.newestDigest),
      kind,
    );
  }

  return {
    met({ sessionId, server, serverId }) {
      const servers = sessions.get(sessionId) ?? new Map<string, string>();
      sessions.delete(sessionId);
      sessions.set(sessionId, servers);
      servers.delete(server);
      servers.set(server, serverId);
      const [oldest] = servers.keys();
      if (servers.size > limits.serversPerSession && oldest !== undefined) servers.delete(oldest);
      const [quietest] = sessions.keys();
      if (sessions.size > limits.sessionsRemembered && quietest !== undefined) sessions.delete(quietest);
    },

    async isLet({ sessionId, server: name, tool: toolName, kind = 'tool', digest }) {
      const id = sessions.get(sessionId)?.get(name);
      const server = id === undefined ? undefined : await store.findServer(database, { id });
      if (server === undefined) return no(`This run has not told of the server "${name}"`, true);
      const refused = whyServerHeld(server);
      if (refused !== undefined) return no(refused);
      if (toolName === undefined) return { isLet: true };
      if (kind !== 'tool' && digest === undefined) {
        const held = await whyOfferHeld(server, kind, toolName);
        return held === undefined ? { isLet: true } : no(held);
      }
      const tool = await findAsked(server.id, kind, toolName);
      const pin =
        tool === undefined || digest === undefined ? undefined : await store.findPin(database, tool.id, digest);
      const reason = whyHeld(server, tool, pin, kind);
      if (reason !== undefined) return no(reason);
      return tool === undefined ? no('Nobody approved this tool') : { isLet: true, vetted: tool.vetted };
    },
  };
}

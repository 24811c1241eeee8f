import type { VettedTool } from '@sallyport/information-flow';
import type { Database } from '@sallyport/platform/database';
import { toolServerLimits as limits } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';
import { whyHeld, whyServerHeld } from './why-held.ts';

/** What may be used. Asked anew for each call, so that what somebody blocks is blocked from then on. */
export type ToolGate = {
  /** The server of this name that a run met is this one. */
  met(met: { readonly sessionId: string; readonly server: string; readonly serverId: string }): void;
  /**
   * `tool` left out: whether the server may be used at all. A tool is let only with the digest that was approved. `isForgotten`: this process
   * does not know which server a run means by the name; it is to be told of again.
   */
  isLet(asked: {
    readonly sessionId: string;
    readonly server: string;
    readonly tool?: string;
    readonly digest?: string;
  }): Promise<
    | { readonly isLet: true; readonly vetted?: VettedTool }
    | { readonly isLet: false; readonly reason: string; readonly isForgotten: boolean }
  >;
};

export function createToolGate({
  database,
  store,
}: {
  readonly database: Database;
  readonly store: ToolServerStore;
}): ToolGate {
  /** Of each run the servers by name; the run heard of last stands last. */
  const sessions = new Map<string, Map<string, string>>();
  const no = (reason: string, isForgotten = false) => ({ isLet: false, reason, isForgotten }) as const;

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

    async isLet({ sessionId, server: name, tool: toolName, digest }) {
      const id = sessions.get(sessionId)?.get(name);
      const server = id === undefined ? undefined : await store.findServer(database, { id });
      if (server === undefined) return no(`This run has not told of the server "${name}"`, true);
      const refused = whyServerHeld(server);
      if (refused !== undefined) return no(refused);
      if (toolName === undefined) return { isLet: true };
      const tool = await store.findTool(database, server.id, toolName);
      const pin =
        tool === undefined || digest === undefined ? undefined : await store.findPin(database, tool.id, digest);
      const reason = whyHeld(server, tool, pin);
      if (reason !== undefined) return no(reason);
      return tool === undefined ? no('Nobody approved this tool') : { isLet: true, vetted: tool.vetted };
    },
  };
}

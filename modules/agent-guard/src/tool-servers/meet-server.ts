import type { Database } from '@sallyport/platform/database';
import { keyOf } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { createKnownShapes } from './known-shapes.ts';
import { findLikenesses, type Other } from './likeness-to.ts';
import { pinnedKey } from './tool-server.ts';
import type { Likeness, ServerIdentity, ServerTool } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';

export type Met = {
  /** By the keys of their definitions. */
  readonly tools: ReadonlyMap<string, ServerTool>;
  readonly fresh: readonly Definition[];
  readonly likenesses: ReadonlyMap<string, readonly Likeness[]>;
};

/** What is known of a server and what its new names can be taken for. Asked before a transaction begins: comparing is long. */
type MeetServer = (told: ServerIdentity, definitions: readonly Definition[]) => Promise<Met>;

/** Whoever asks has the turn in which nobody else changes what is pinned, until it is written. */
export function createMeetServer({
  database,
  store,
}: {
  readonly database: Database;
  readonly store: ToolServerStore;
}): MeetServer {
  const knownShapes = createKnownShapes(store);

  async function* eachOther(fresh: readonly Definition[]): AsyncGenerator<readonly Other[]> {
    if (fresh.length === 0) return;
    const servers = new Map((await store.listServers(database)).map((server) => [server.id, server]));
    for await (const page of knownShapes(database, fresh))
      yield page.flatMap(({ serverId, kind, name }) => {
        const server = servers.get(serverId);
        // Nobody is imitated by being like what was turned away.
        return server === undefined || server.state === 'blocked' ? [] : [{ server, kind, tool: name }];
      });
  }

  return async (told, definitions) => {
    const server = await store.findServer(database, { identity: told });
    const known = server === undefined ? [] : await store.listTools(database, server.id);
    const tools = new Map(known.map((tool) => [pinnedKey(tool), tool]));
    const fresh = definitions.filter((one) => !tools.has(keyOf(one)));
    const compared = { server: { id: server?.id, name: told.name }, fresh, others: eachOther(fresh) };
    return { tools, fresh, likenesses: await findLikenesses(compared) };
  };
}

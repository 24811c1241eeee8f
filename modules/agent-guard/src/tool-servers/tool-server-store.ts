import type { Database, Transaction } from '@sallyport/platform/database';
import { blindIndex, createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { AgentGuardNeeds } from '../needs.ts';
import { pinnedKinds } from './tool-server.ts';
import type { Pin, PinnedDefinition, PinnedKind, ServerIdentity, ServerTool, ToolServer } from './tool-server.ts';
import {
  changeable,
  definitionDocument,
  identityText,
  kindIn,
  toDefinition,
  toPin,
  toServer,
  toTool,
  toolDocument,
} from './tool-server-rows.ts';
import type { ToolServerTables } from './tool-server-rows.ts';

type Where = Database | Transaction;

/** Servers, their tools, and what the tools said of themselves. Every function runs in the transaction or database it is handed. */
export type ToolServerStore = ReturnType<typeof createToolServerStore>;

export function createToolServerStore(needs: Pick<AgentGuardNeeds, 'columnKeys' | 'random'>) {
  const columns = createEncryptedColumns<ToolServerTables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: {
      agent_tool_servers: {
        row: 'id',
        columns: {
          identity: encrypted({ index: blindIndex('identity_key'), padBytes: 256 }),
          document: encrypted({ padBytes: 256 }),
        },
      },
      agent_tools: {
        row: 'id',
        columns: { name: encrypted({ index: blindIndex('name_key') }), document: encrypted({ padBytes: 256 }) },
      },
      agent_tool_definitions: { row: 'id', columns: { document: encrypted({ padBytes: 1024 }) } },
    },
  });
  const pinColumns = [
    'id',
    'server_id',
    'tool_id',
    'number',
    'digest',
    'state',
    'warnings',
    'first_seen_at_ms',
    'last_seen_at_ms',
  ] as const;

  return {
    async findServer(
      where: Where,
      by: { readonly id: string } | { readonly identity: ServerIdentity },
    ): Promise<ToolServer | undefined> {
      const [column, value] =
        'id' in by ? (['id', by.id] as const) : (['identity', identityText(by.identity)] as const);
      const rows = columns.on(where).selectFrom('agent_tool_servers').selectAll();
      const row = await rows.where(column, '=', value).executeTakeFirst();
      return row === undefined ? undefined : toServer(row);
    },

    /** Last seen first. */
    async listServers(where: Where): Promise<readonly ToolServer[]> {
      const rows = columns.on(where).selectFrom('agent_tool_servers').selectAll();
      return (await rows.orderBy('last_seen_at_ms', 'desc').orderBy('id').execute()).map(toServer);
    },

    async insertServer(transaction: Transaction, server: ToolServer): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('agent_tool_servers')
        .values({
          id: server.id,
          identity: identityText(server),
          owner_id: server.ownerId,
          first_seen_at_ms: server.firstSeenAtMs,
          ...changeable(server),
        })
        .execute();
    },

    async updateServer(transaction: Transaction, server: ToolServer): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('agent_tool_servers')
        .set(changeable(server))
        .where('id', '=', server.id)
        .execute();
    },

    async removeServer(transaction: Transaction, id: string): Promise<void> {
      for (const table of ['agent_tool_definitions', 'agent_tools'] as const)
        await columns.on(transaction).deleteFrom(table).where('server_id', '=', id).execute();
      await columns.on(transaction).deleteFrom('agent_tool_servers').where('id', '=', id).execute();
    },

    /** By name. */
    async listTools(where: Where, serverId?: string): Promise<readonly ServerTool[]> {
      let rows = columns.on(where).selectFrom('agent_tools').selectAll();
      if (serverId !== undefined) rows = rows.where('server_id', '=', serverId);
      return (await rows.execute()).map(toTool).toSorted(inOrder);
    },

    /** Of these kinds, a page after another: there can be many. */
    async *eachId(where: Where, kinds: readonly PinnedKind[]): AsyncGenerator<readonly string[]> {
      for (let after = ''; ;) {
        const rows = columns.on(where).selectFrom('agent_tools').select('id').where('kind', 'in', kinds);
        const page = await rows.where('id', '>', after).orderBy('id').limit(2000).execute();
        const last = page.at(-1);
        if (last === undefined) return;
        yield page.map(({ id }) => id);
        after = last.id;
      }
    },

    async namesOf(
      where: Where,
      ids: readonly string[],
    ): Promise<readonly Pick<ServerTool, 'id' | 'serverId' | 'kind' | 'name'>[]> {
      const rows = columns.on(where).selectFrom('agent_tools').select(['id', 'server_id', 'kind', 'name']);
      const found = await rows.where('id', 'in', ids).execute();
      return found.map(({ id, server_id: serverId, kind, name }) => ({ id, serverId, kind: kindIn(kind), name }));
    },

    /** `broughtBy`: what this owner's runs told of first. */
    async countTools(where: Where, broughtBy?: string): Promise<number> {
      let rows = columns.on(where).selectFrom('agent_tools');
      if (broughtBy !== undefined) rows = rows.where('brought_by', '=', broughtBy);
      const { count } = await rows.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      return count;
    },

    /** Of those the ones of which nothing was approved or refused. */
    async countUndecided(where: Where, broughtBy: string): Promise<number> {
      const rows = columns.on(where).selectFrom('agent_tools').select('id').where('brought_by', '=', broughtBy);
      const ids = (await rows.execute()).map(({ id }) => id);
      const decided = new Set<string>();
      for (let at = 0; at < ids.length; at += 500) {
        const pins = columns.on(where).selectFrom('agent_tool_definitions').select('tool_id');
        const page = pins.where('tool_id', 'in', ids.slice(at, at + 500)).where('state', '!=', 'held');
        for (const pin of await page.execute()) decided.add(pin.tool_id);
      }
      return ids.length - decided.size;
    },

    async removeTools(transaction: Transaction, ids: readonly string[]): Promise<void> {
      for (let at = 0; at < ids.length; at += 100) {
        const some = ids.slice(at, at + 100);
        await columns.on(transaction).deleteFrom('agent_tool_definitions').where('tool_id', 'in', some).execute();
        await columns.on(transaction).deleteFrom('agent_tools').where('id', 'in', some).execute();
      }
    },

    async findTool(
      where: Where,
      serverId: string,
      { kind = 'tool', name }: { readonly kind?: PinnedKind; readonly name: string },
    ): Promise<ServerTool | undefined> {
      const rows = columns.on(where).selectFrom('agent_tools').selectAll().where('server_id', '=', serverId);
      const row = await rows.where('kind', '=', kind).where('name', '=', name).executeTakeFirst();
      return row === undefined ? undefined : toTool(row);
    },

    /** Of all, without what they say of themselves. */
    async listToolStates(
      where: Where,
    ): Promise<readonly Pick<ServerTool, 'id' | 'serverId' | 'kind' | 'isBlocked' | 'newestDigest'>[]> {
      const rows = columns
        .on(where)
        .selectFrom('agent_tools')
        .select(['id', 'server_id', 'kind', 'is_blocked', 'newest_digest']);
      return (await rows.execute()).map((row) => ({
        id: row.id,
        serverId: row.server_id,
        kind: kindIn(row.kind),
        isBlocked: row.is_blocked !== 0,
        newestDigest: row.newest_digest,
      }));
    },

    /** All of one telling, in one statement: each by itself costs as much again. */
    async insertTools(transaction: Transaction, tools: readonly ServerTool[], broughtBy: string): Promise<void> {
      if (tools.length === 0) return;
      const rows = tools.map((tool) => ({
        id: tool.id,
        server_id: tool.serverId,
        kind: tool.kind,
        name: tool.name,
        brought_by: broughtBy,
        is_blocked: tool.isBlocked ? 1 : 0,
        newest_digest: tool.newestDigest,
        document: toolDocument(tool),
        first_seen_at_ms: tool.firstSeenAtMs,
        last_seen_at_ms: tool.lastSeenAtMs,
      }));
      await columns.on(transaction).insertInto('agent_tools').values(rows).execute();
    },

    async updateTool(transaction: Transaction, tool: ServerTool): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('agent_tools')
        .set({
          is_blocked: tool.isBlocked ? 1 : 0,
          newest_digest: tool.newestDigest,
          document: toolDocument(tool),
          last_seen_at_ms: tool.lastSeenAtMs,
        })
        .where('id', '=', tool.id)
        .execute();
    },

    /** Those of a tool in the order in which they were met. */
    async listPins(where: Where, serverId?: string): Promise<readonly Pin[]> {
      let rows = columns.on(where).selectFrom('agent_tool_definitions').select(pinColumns);
      if (serverId !== undefined) rows = rows.where('server_id', '=', serverId);
      return (await rows.orderBy('number').execute()).map(toPin);
    },

    async findPin(where: Where, toolId: string, digest: string): Promise<Pin | undefined> {
      const rows = columns.on(where).selectFrom('agent_tool_definitions').select(pinColumns);
      const row = await rows.where('tool_id', '=', toolId).where('digest', '=', digest).executeTakeFirst();
      return row === undefined ? undefined : toPin(row);
    },

    /** By somebody: what was let at once nobody decided about. */
    async isDecided(where: Where, id: string): Promise<boolean> {
      const rows = columns.on(where).selectFrom('agent_tool_definitions').selectAll();
      const row = await rows.where('id', '=', id).executeTakeFirst();
      return row !== undefined && toDefinition(row).decided !== undefined;
    },

    async listDefinitions(where: Where, serverId: string): Promise<readonly PinnedDefinition[]> {
      const rows = columns.on(where).selectFrom('agent_tool_definitions').selectAll();
      const found = await rows.where('server_id', '=', serverId).orderBy('number').execute();
      return found.map(toDefinition);
    },

    async insertDefinitions(transaction: Transaction, all: readonly PinnedDefinition[]): Promise<void> {
      if (all.length === 0) return;
      const rows = all.map((pinned) => ({
        id: pinned.id,
        server_id: pinned.serverId,
        tool_id: pinned.toolId,
        number: pinned.number,
        digest: pinned.digest,
        state: pinned.state,
        warnings: pinned.warnings,
        document: definitionDocument(pinned),
        first_seen_at_ms: pinned.firstSeenAtMs,
        last_seen_at_ms: pinned.lastSeenAtMs,
      }));
      await columns.on(transaction).insertInto('agent_tool_definitions').values(rows).execute();
    },

    async updateDefinition(transaction: Transaction, pinned: PinnedDefinition): Promise<void> {
      await columns
        .on(transaction)
        .updateTable('agent_tool_definitions')
        .set({ state: pinned.state, document: definitionDocument(pinned) })
        .where('id', '=', pinned.id)
        .execute();
    },

    async removeDefinition(transaction: Transaction, id: string): Promise<void> {
      await columns.on(transaction).deleteFrom('agent_tool_definitions').where('id', '=', id).execute();
    },

    /** All of these at once: told again each time a run begins. */
    async seeAgain(
      transaction: Transaction,
      seen: { readonly toolIds: readonly string[]; readonly pinIds: readonly string[]; readonly atMs: number },
    ): Promise<void> {
      for (const [table, ids] of [
        ['agent_tools', seen.toolIds],
        ['agent_tool_definitions', seen.pinIds],
      ] as const)
        for (let at = 0; at < ids.length; at += 100)
          await columns
            .on(transaction)
            .updateTable(table)
            .set({ last_seen_at_ms: seen.atMs })
            .where('id', 'in', ids.slice(at, at + 100))
            .execute();
    },
  };
}

/** Tools first, each kind by name. */
function inOrder(a: ServerTool, b: ServerTool): number {
  const kinds = pinnedKinds.indexOf(a.kind) - pinnedKinds.indexOf(b.kind);
  return kinds === 0 ? (a.name < b.name ? -1 : 1) : kinds;
}

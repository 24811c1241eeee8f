import type { Database } from '@sallyport/platform/database';
import type { ToolDescription } from '@sallyport/information-flow';
import { diffTools, inspectTool, likeness, shownText } from '@sallyport/tool-pins';
import type { Definition, TextPart, ToolChange, ToolFinding } from '@sallyport/tool-pins';
import { AgentGuardError } from '../errors.ts';
import { describePinned } from './tool-effects.ts';
import { stateOfTool } from './tool-server.ts';
import type { Pin, PinnedDefinition, ServerTool, ToolServer, ToolState } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';

/** A server with how its tools stand, and what else it offers. */
export type ServerOverview = {
  readonly server: ToolServer;
  readonly tools: Readonly<Record<ToolState, number>>;
  /** Of what else is pinned of it. */
  readonly offers: Readonly<Record<ToolState, number>>;
  /** Things about definitions nobody decided about that somebody should look at. */
  readonly warnings: number;
  /** Other servers that its name can be taken for, or that have it. */
  readonly looksLike: readonly { readonly id: string; readonly name: string }[];
};
export type ToolOverview = {
  readonly tool: ServerTool;
  readonly state: ToolState;
  readonly warnings: number;
  /** The beginning of what it says now, with nothing hidden in it. */
  readonly description: readonly TextPart[];
};
/** All that somebody needs to decide about one tool. */
export type ToolView = Omit<ToolOverview, 'warnings'> & {
  readonly newest: PinnedDefinition;
  /** What holds now, where it is another. */
  readonly approved?: PinnedDefinition;
  /** From what holds, or held last, to the newest. */
  readonly changes: readonly ToolChange[];
  readonly findings: readonly ToolFinding[];
  readonly parameters: readonly Parameter[];
  readonly does: Pick<ToolDescription, 'effects' | 'answers' | 'why'>;
  readonly history: readonly PinnedDefinition[];
};
export type Parameter = {
  readonly name: readonly TextPart[];
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: readonly TextPart[];
};

export type ShowServers = {
  list(): Promise<readonly ServerOverview[]>;
  /** Throws `tool_server_not_found`. */
  server(id: string): Promise<ServerOverview & { readonly each: readonly ToolOverview[] }>;
  /** Throws `tool_server_not_found`. */
  tool(id: string, toolId: string): Promise<ToolView>;
};

const beginningLength = 400;

export function createShowServers({
  database,
  store,
}: {
  readonly database: Database;
  readonly store: ToolServerStore;
}): ShowServers {
  async function overviews(): Promise<readonly ServerOverview[]> {
    const servers = await store.listServers(database);
    const tools = groupBy(await store.listToolStates(database), ({ serverId }) => serverId);
    const pins = groupBy(await store.listPins(database), ({ toolId }) => toolId);
    return servers.map((server) => overviewOf(server, { servers, tools: tools.get(server.id) ?? [], pins }));
  }

  return {
    list: overviews,

    async server(id) {
      const found = (await overviews()).find(({ server }) => server.id === id);
      if (found === undefined) throw notFound(id);
      const definitions = groupBy(await store.listDefinitions(database, id), ({ toolId }) => toolId);
      const each = (await store.listTools(database, id)).map((tool): ToolOverview => {
        const own = definitions.get(tool.id) ?? [];
        const newest = own.find(({ digest }) => digest === tool.newestDigest);
        return {
          tool,
          state: stateOfTool(tool, own),
          warnings: newest?.warnings ?? 0,
          description: shownText(newest === undefined ? '' : wordsOf(newest.definition).slice(0, beginningLength)),
        };
      });
      return { ...found, each };
    },

    async tool(id, toolId) {
      const tool = (await store.listTools(database, id)).find((one) => one.id === toolId);
      const own = (await store.listDefinitions(database, id)).filter((pinned) => pinned.toolId === toolId);
      const newest = own.find(({ digest }) => digest === tool?.newestDigest);
      if (tool === undefined || newest === undefined) throw notFound(`${id}/${toolId}`);
      const others = own.filter((pinned) => pinned !== newest);
      const approved = others.findLast(({ state }) => state === 'approved');
      const before = approved ?? others.findLast(({ decided }) => decided !== undefined) ?? others.at(-1);
      return {
        tool,
        state: stateOfTool(tool, own),
        newest,
        ...(approved === undefined ? {} : { approved }),
        description: shownText(wordsOf(newest.definition)),
        changes: before === undefined ? [] : diffTools(before.definition, newest.definition),
        findings: inspectTool(newest.definition),
        parameters: parametersOf(newest.definition),
        does: describePinned(newest.definition, tool.vetted),
        history: own.toReversed(),
      };
    },
  };
}

function overviewOf(
  server: ToolServer,
  known: {
    readonly servers: readonly ToolServer[];
    readonly tools: readonly Pick<ServerTool, 'id' | 'kind' | 'isBlocked' | 'newestDigest'>[];
    readonly pins: ReadonlyMap<string, readonly Pin[]>;
  },
): ServerOverview {
  const tools = { approved: 0, new: 0, changed: 0, blocked: 0 };
  const offers = { ...tools };
  let warnings = 0;
  for (const tool of known.tools) {
    const pins = known.pins.get(tool.id) ?? [];
    const state = stateOfTool(tool, pins);
    (tool.kind === 'tool' ? tools : offers)[state] += 1;
    if (state === 'new' || state === 'changed')
      warnings += pins.find(({ digest }) => digest === tool.newestDigest)?.warnings ?? 0;
  }
  const looksLike = known.servers
    .filter(
      (other) => other.id !== server.id && other.state !== 'blocked' && likeness(other.name, server.name) !== undefined,
    )
    .map(({ id, name }) => ({ id, name }))
    .slice(0, 20);
  return { server, tools, offers, warnings, looksLike };
}

/** What a person reads first; a resource has a name beside its address. */
function wordsOf({ name, label = name, description = '' }: Definition): string {
  return label === name ? description : description === '' ? label : `${label}: ${description}`;
}

const maxParameters = 200;

function parametersOf({ inputSchema, arguments: listed = [] }: Definition): Parameter[] {
  if (listed.length > 0)
    return listed.slice(0, maxParameters).flatMap((one): Parameter[] => {
      if (typeof one !== 'object' || one === null || isList(one)) return [];
      const { name, description, required } = one;
      return [
        {
          name: shownText(typeof name === 'string' ? name : ''),
          type: 'text',
          isRequired: required === true,
          description: shownText(typeof description === 'string' ? description : ''),
        },
      ];
    });
  const [properties, required] = [objectIn(inputSchema, 'properties'), inputSchema?.['required']];
  return Object.entries(properties)
    .slice(0, maxParameters)
    .map(([name]) => {
      const schema = objectIn(properties, name);
      const { type, description } = schema;
      return {
        name: shownText(name),
        type: typeof type === 'string' ? type : type === undefined ? '' : JSON.stringify(type).slice(0, 200),
        isRequired: Array.isArray(required) && required.includes(name),
        description: shownText(typeof description === 'string' ? description : ''),
      };
    });
}

type JsonObject = NonNullable<Definition['annotations']>;

function objectIn(object: JsonObject | undefined, name: string): JsonObject {
  const value = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === 'object' && value !== null && !isList(value) ? value : {};
}

function isList(value: object): value is readonly unknown[] {
  return Array.isArray(value);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function notFound(id: string): AgentGuardError {
  return new AgentGuardError('tool_server_not_found', `Cannot find tool server "${id}"`);
}

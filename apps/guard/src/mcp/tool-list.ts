import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { digestOf, readTool } from '@sallyport/tool-pins';
import type { ToolDefinition } from '@sallyport/tool-pins';
import type { Gate, ServerWords, Told } from './gate.ts';
import type { GatewayLimits } from './limits.ts';
import { ListError, readPages } from './read-pages.ts';
import type { Upstream } from './upstream.ts';

/** Whether a tool is called as a task: not, as one likes, or always. No words, so it is not pinned. */
const taskSupports = ['forbidden', 'optional', 'required'] as const;
type TaskSupport = (typeof taskSupports)[number];

/** The tools of a server, as they were told and as far as they may be used. */
export type ToolList = {
  /** What the client is shown: the tools that may be used, with nothing that is not pinned. Throws when it cannot be had. */
  shown(): Promise<readonly { readonly tool: ToolDefinition; readonly tasks: TaskSupport }[]>;
  /** The digest of a tool as the client was shown it; a reason where it may not be used. Throws when the list cannot be had. */
  find(name: string): Promise<{ readonly digest: string; readonly tasks: TaskSupport } | { readonly reason: string }>;
  isApproved(): Promise<{ readonly isApproved: boolean; readonly reason: string }>;
  /** It may have changed: what comes next reads it again. */
  changed(): void;
};

export function createToolList({
  upstream,
  gate,
  server,
  hasTools,
  limits,
  say,
}: {
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly gate: Pick<Gate, 'tell'>;
  readonly server: Omit<ServerWords, 'tools' | 'offers' | 'instructions'>;
  readonly hasTools: boolean;
  readonly limits: Pick<GatewayLimits, 'maxListed' | 'requestMs'>;
  readonly say: (line: string) => void;
}): ToolList {
  type Read = {
    /** By name; each is measured once, for calls look at it twice. */
    readonly tools: ReadonlyMap<
      string,
      { readonly tool: ToolDefinition; readonly digest: string; readonly tasks: TaskSupport }
    >;
    readonly told: Told;
  };
  let held: Promise<Read> | undefined;

  /** All pages, read by us: what the client has not been shown by us it cannot call. */
  async function readAll(): Promise<{ readonly tool: ToolDefinition; readonly tasks: TaskSupport }[]> {
    if (!hasTools) return [];
    const listed = await readPages({
      upstream,
      method: 'tools/list',
      field: 'tools',
      what: 'tools',
      atMost: limits.maxListed.tool,
      limits,
    });
    const tools = new Map<string, { readonly tool: ToolDefinition; readonly tasks: TaskSupport }>();
    for (const one of listed) {
      const read = readTool(one);
      if (!read.ok) say(`a tool is left out: ${read.message}`);
      else if (tools.has(read.tool.name))
        throw new ListError('listed_twice', `The server lists two tools named "${read.tool.name}"`);
      else tools.set(read.tool.name, { tool: read.tool, tasks: supportIn(one) });
    }
    return [...tools.values()];
  }

  async function current() {
    held ??= (async () => {
      const tools = await readAll();
      const told = await gate.tell({ ...server, tools: tools.map(({ tool }) => tool) });
      for (const {
        tool: { name },
      } of tools) {
        const one = told.tools.get(name);
        if (one?.isLet !== true) say(`tool "${name}" is held back: ${one?.reason ?? told.reason}`);
      }
      return { tools: new Map(tools.map((one) => [one.tool.name, { ...one, digest: digestOf(one.tool) }])), told };
    })();
    const reading = held;
    try {
      const read = await reading;
      if (read.told.isProvisional === true && held === reading) held = undefined;
      return read;
    } catch (error) {
      if (held === reading) held = undefined;
      throw error;
    }
  }

  return {
    async shown() {
      const { tools, told } = await current();
      return told.isApproved ? [...tools.values()].filter(({ tool }) => told.tools.get(tool.name)?.isLet === true) : [];
    },
    async find(name) {
      const { tools, told } = await current();
      if (!told.isApproved) return { reason: told.reason };
      const tool = tools.get(name);
      if (tool === undefined) return { reason: `the server has no tool "${name.slice(0, 100)}"` };
      const said = told.tools.get(name);
      return said?.isLet === true
        ? { digest: tool.digest, tasks: tool.tasks }
        : { reason: said?.reason ?? told.reason };
    },
    async isApproved() {
      const { isApproved, reason } = (await current()).told;
      return { isApproved, reason };
    },
    changed: () => {
      held = undefined;
    },
  };
}

function supportIn(tool: JsonValue): TaskSupport {
  const execution = isJsonObject(tool) ? tool['execution'] : undefined;
  const said = isJsonObject(execution) ? execution['taskSupport'] : undefined;
  return taskSupports.find((one) => one === said) ?? 'forbidden';
}

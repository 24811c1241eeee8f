import type { JsonValue } from '@sallyport/contracts';
import { digestOf, readTool } from '@sallyport/tool-pins';
import type { ToolDefinition } from '@sallyport/tool-pins';
import type { Gate, ServerWords, Told } from './gate.ts';
import type { GatewayLimits } from './limits.ts';
import type { Upstream } from './upstream.ts';

/** The tools of a server, as they were told and as far as they may be used. */
export type ToolList = {
  /** What the client is shown: the tools that may be used, with nothing that is not pinned. Throws when it cannot be had. */
  shown(): Promise<readonly ToolDefinition[]>;
  /** The digest of a tool as the client was shown it; a reason where it may not be used. Throws when the list cannot be had. */
  find(name: string): Promise<{ readonly digest: string } | { readonly reason: string }>;
  isApproved(): Promise<{ readonly isApproved: boolean; readonly reason: string }>;
  /** What was said of the server last, without asking: false before anything was. */
  wasApproved(): boolean;
  /** It may have changed: what comes next reads it again. */
  changed(): void;
};

const maxPages = 100;

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
  readonly server: Omit<ServerWords, 'tools'>;
  readonly hasTools: boolean;
  readonly limits: Pick<GatewayLimits, 'maxTools' | 'requestMs'>;
  readonly say: (line: string) => void;
}): ToolList {
  let wasApproved = false;
  let held: Promise<{ readonly tools: readonly ToolDefinition[]; readonly told: Told }> | undefined;

  /** All pages, read by us: what the client has not been shown by us it cannot call. */
  async function readAll(): Promise<ToolDefinition[]> {
    const tools: ToolDefinition[] = [];
    let cursor: string | undefined;
    for (let page = 0; hasTools; page += 1) {
      const outcome = await upstream.ask({
        method: 'tools/list',
        params: cursor === undefined ? {} : { cursor },
        waitMs: limits.requestMs,
      });
      if ('error' in outcome) throw new Error(`The server does not list its tools: ${outcome.error.message}`);
      const { tools: some, nextCursor } = outcome.result;
      const listed: readonly JsonValue[] = Array.isArray(some) ? some : [];
      for (const one of listed) {
        const read = readTool(one);
        if (!read.ok) say(`a tool is left out: ${read.message}`);
        else if (tools.some(({ name }) => name === read.tool.name))
          throw new Error(`The server lists two tools named "${read.tool.name}"`);
        else tools.push(read.tool);
      }
      if (tools.length > limits.maxTools) throw new Error(`The server has more than ${limits.maxTools} tools`);
      if (typeof nextCursor !== 'string' || nextCursor === '') break;
      if (page >= maxPages || nextCursor.length > 4096) throw new Error('The list of tools has no end');
      cursor = nextCursor;
    }
    return tools;
  }

  async function current() {
    held ??= (async () => {
      const tools = await readAll();
      const told = await gate.tell({ ...server, tools });
      wasApproved = told.isApproved;
      for (const { name } of tools) {
        const one = told.tools.get(name);
        if (one?.isLet !== true) say(`tool "${name}" is held back: ${one?.reason ?? told.reason}`);
      }
      return { tools, told };
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
      return told.isApproved ? tools.filter(({ name }) => told.tools.get(name)?.isLet === true) : [];
    },
    async find(name) {
      const { tools, told } = await current();
      if (!told.isApproved) return { reason: told.reason };
      const tool = tools.find((one) => one.name === name);
      if (tool === undefined) return { reason: `the server has no tool "${name.slice(0, 100)}"` };
      const said = told.tools.get(name);
      return said?.isLet === true ? { digest: digestOf(tool) } : { reason: said?.reason ?? told.reason };
    },
    async isApproved() {
      const { isApproved, reason } = (await current()).told;
      return { isApproved, reason };
    },
    wasApproved: () => wasApproved,
    changed: () => {
      held = undefined;
    },
  };
}

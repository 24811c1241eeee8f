import type { Pin, ServerTool, ToolServer } from './tool-server.ts';

/** Why a tool may not be used as it is; undefined where it may. */
export function whyHeld(
  server: ToolServer,
  tool: Pick<ServerTool, 'isBlocked'> | undefined,
  pin: Pick<Pin, 'state'> | undefined,
): string | undefined {
  const refused = whyServerHeld(server);
  if (refused !== undefined) return refused;
  if (tool === undefined) return 'Nobody approved this tool of the server yet';
  if (tool.isBlocked) return 'This tool was blocked';
  if (pin === undefined) return 'The tool describes itself otherwise than it was told to this server';
  switch (pin.state) {
    case 'approved':
      return undefined;
    case 'held':
      return 'Nobody approved yet what this tool says of itself';
    case 'refused':
      return 'Another description of this tool was approved instead';
  }
}

export function whyServerHeld({ state, name, decided }: ToolServer): string | undefined {
  switch (state) {
    case 'approved':
      return undefined;
    case 'quarantined':
      return `Nobody approved the server "${name}" yet: it waits under Agents, Tool servers`;
    case 'blocked':
      return `The server "${name}" was blocked${decided === undefined || decided.reason === '' ? '' : `: ${decided.reason}`}`;
  }
}

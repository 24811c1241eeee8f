import type { Pin, PinnedKind, ServerTool, ToolServer } from './tool-server.ts';

const kindWords: Readonly<Record<PinnedKind, string>> = {
  tool: 'tool',
  instructions: 'instruction',
  prompt: 'prompt',
  resource: 'resource',
  resource_template: 'resource template',
};

/** Why a tool may not be used as it is; undefined where it may. */
export function whyHeld(
  server: ToolServer,
  tool: Pick<ServerTool, 'isBlocked'> | undefined,
  pin: Pick<Pin, 'state'> | undefined,
  kind: PinnedKind = 'tool',
): string | undefined {
  const refused = whyServerHeld(server);
  if (refused !== undefined) return refused;
  const what = kindWords[kind];
  if (tool === undefined) return `Nobody approved this ${what} of the server yet`;
  if (tool.isBlocked) return `This ${what} was blocked`;
  if (pin === undefined) return `The ${what} describes itself otherwise than it was told to this server`;
  switch (pin.state) {
    case 'approved':
      return undefined;
    case 'held':
      return `Nobody approved yet what this ${what} says of itself`;
    case 'refused':
      return `Another description of this ${what} was approved instead`;
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

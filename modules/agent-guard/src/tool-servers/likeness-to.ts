import { likeness } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import type { Likeness, PinnedKind, ToolServer } from './tool-server.ts';

/** What is pinned of another server, or of the same. */
export type Other = { readonly server: ToolServer; readonly kind: PinnedKind; readonly tool: string };

/** Prompts and tools are called by names of one sort; addresses have signs in which names of tools do not differ. */
export function likenessTo(other: Other, server: ToolServer, definition: Definition): Likeness[] {
  const { name } = definition;
  const kind: PinnedKind = definition.kind ?? 'tool';
  if (kind === 'instructions' || isAddress(kind) !== isAddress(other.kind) || other.kind === 'instructions') return [];
  const how = likeness(name, other.tool);
  if (isAddress(kind))
    return how === 'looks_alike' && !/^[\x20-\x7e]*$/.test(name + other.tool)
      ? [{ server: other.server.name, tool: other.tool, how }]
      : [];
  if (how === 'same' && (other.server.id === server.id || kind !== other.kind)) return [];
  // The same server at another place brings the same tools: that is told of the server.
  if (how === undefined || (how === 'same' && other.server.name === server.name)) return [];
  return [{ server: other.server.name, tool: other.tool, how }];
}

function isAddress(kind: PinnedKind): boolean {
  return kind === 'resource' || kind === 'resource_template';
}

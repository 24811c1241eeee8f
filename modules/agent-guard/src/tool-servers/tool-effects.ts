import { describeTool } from '@sallyport/information-flow';
import type { ToolDescription, ToolEffect, VettedTool } from '@sallyport/information-flow';
import type { Definition, ToolDefinition } from '@sallyport/tool-pins';

/** What a tool does by all it says of itself: its name decides, the rest can only add. */
export function describeDefinition(definition: ToolDefinition, vetted: VettedTool = {}): ToolDescription {
  const { name, description, inputSchema, annotations } = definition;
  const properties = inputSchema?.['properties'];
  const hint = (of: string): boolean | undefined => {
    const value = annotations?.[of];
    return typeof value === 'boolean' ? value : undefined;
  };
  const hints = {
    readOnlyHint: hint('readOnlyHint'),
    destructiveHint: hint('destructiveHint'),
    openWorldHint: hint('openWorldHint'),
  };
  return describeTool({
    name,
    vetted,
    parameters: typeof properties === 'object' && properties !== null ? Object.keys(properties) : [],
    ...(description === undefined ? {} : { description }),
    annotations: Object.fromEntries(Object.entries(hints).filter(([, value]) => value !== undefined)),
  });
}

/** What the rest of a definition adds to its name. Calls are judged by the name alone: this is what goes along with an approval. */
export function effectsBesideName(definition: ToolDefinition): ToolEffect[] {
  const byName = new Set(describeTool({ name: definition.name }).effects);
  return describeDefinition(definition).effects.filter((effect) => effect !== 'read' && !byName.has(effect));
}

/** What comes of anything that is pinned: of what is no tool, words that others wrote. */
export function describePinned(
  definition: Definition,
  vetted: VettedTool,
): Pick<ToolDescription, 'effects' | 'answers' | 'why'> {
  if (definition.kind === undefined) return describeDefinition(definition, vetted);
  switch (definition.kind) {
    case 'instructions':
      return { effects: ['read'], answers: 'content', why: ['the model reads it when the server is begun with'] };
    case 'prompt':
      return { effects: ['read'], answers: 'content', why: ['what it gives goes into the prompt: trusted nowhere'] };
    case 'resource':
    case 'resource_template':
      return { effects: ['read'], answers: 'content', why: ['what is read there is trusted nowhere'] };
  }
}

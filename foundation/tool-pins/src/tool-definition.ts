export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

/**
 * What an MCP server says of one tool: all that a model or a person gets to see of it, and nothing else. What is not one of these fields
 * is not pinned, and must not be passed on.
 */
export type ToolDefinition = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: JsonObject;
  readonly icons?: readonly Json[];
};

/** Characters, levels and values of one definition. */
export const toolLimits = { name: 256, characters: 128 * 1024, depth: 32, values: 10_000 } as const;

export type ReadTool =
  | { readonly ok: true; readonly tool: ToolDefinition }
  | { readonly ok: false; readonly code: 'tool_shape' | 'tool_too_large'; readonly message: string };

/**
 * A definition as a server sent it, copied: fields it has beyond ours are left out. Refuses what has another shape, is deeper or larger than
 * `toolLimits`, or holds a number that JSON cannot carry. Never throws.
 */
export function readTool(said: unknown): ReadTool {
  if (!isObject(said)) return shape('it must be an object');
  const { name } = said;
  if (typeof name !== 'string' || name === '' || name.length > toolLimits.name)
    return shape(`its name must be a text of 1 to ${toolLimits.name} characters`);
  const left = { characters: toolLimits.characters - name.length, values: toolLimits.values };
  const read: { -readonly [Field in keyof ToolDefinition]: ToolDefinition[Field] } = { name };
  for (const field of ['title', 'description'] as const) {
    const value = said[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') return shape(`its ${field} must be a text`);
    left.characters -= value.length;
    read[field] = value;
  }
  for (const field of ['inputSchema', 'outputSchema', 'annotations'] as const) {
    if (said[field] === undefined) continue;
    const value = copy(said[field], 0, left);
    if (value === undefined) return tooLarge(name);
    if (!isJsonObject(value)) return shape(`its ${field} must be an object`);
    read[field] = value;
  }
  if (said['icons'] !== undefined) {
    const value = copy(said['icons'], 0, left);
    if (value === undefined) return tooLarge(name);
    if (!isList(value)) return shape('its icons must be a list');
    read.icons = value;
  }
  return left.characters < 0 ? tooLarge(name) : { ok: true, tool: read };
}

/** A copy within bounds, which it takes off `left`. */
export function copyOf(value: unknown, left: { characters: number; values: number }): Json | undefined {
  return copy(value, 0, left);
}

/** Undefined for what is too deep, too much, or no JSON. */
function copy(value: unknown, depth: number, left: { characters: number; values: number }): Json | undefined {
  left.values -= 1;
  if (depth > toolLimits.depth || left.values < 0 || left.characters < 0) return undefined;
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string') {
    left.characters -= value.length;
    return left.characters < 0 ? undefined : value;
  }
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) {
      const read = copy(item, depth + 1, left);
      if (read === undefined) return undefined;
      items.push(read);
    }
    return items;
  }
  if (!isObject(value)) return undefined;
  const entries: [string, Json][] = [];
  for (const [name, item] of Object.entries(value)) {
    left.characters -= name.length;
    const read = copy(item, depth + 1, left);
    if (read === undefined) return undefined;
    entries.push([name, read]);
  }
  // Defines each name, `__proto__` too, as an own one.
  return Object.fromEntries(entries);
}

export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A field of its own, never one that every object has. */
export function own(object: JsonObject | undefined, name: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

function shape(why: string): ReadTool {
  return { ok: false, code: 'tool_shape', message: `Cannot read the tool: ${why}` };
}

function tooLarge(name: string): ReadTool {
  const { characters, depth, values } = toolLimits;
  return {
    ok: false,
    code: 'tool_too_large',
    message: `Cannot read tool "${name.slice(0, 60)}": must be JSON of at most ${characters} characters, ${values} values and ${depth} levels`,
  };
}

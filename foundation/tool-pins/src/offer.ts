import { copyOf, isJsonObject, isList, isObject, readTool, toolLimits } from './tool-definition.ts';
import type { Json, ReadTool, ToolDefinition } from './tool-definition.ts';

/** What a server offers beside tools, and a model or a person reads: how to use it, prompts, and what can be read from it. */
export const offerKinds = ['instructions', 'prompt', 'resource', 'resource_template'] as const;
export type OfferKind = (typeof offerKinds)[number];

/** A tool where `kind` is missing. What is not one of these fields is not pinned, and must not be passed on. */
export type Definition = ToolDefinition & {
  readonly kind?: OfferKind;
  /** What a resource or template is called; its `name` is its address, by which it is asked for. */
  readonly label?: string;
  /** Of a prompt. */
  readonly arguments?: readonly Json[];
  readonly mimeType?: string;
};
/** `name`: what it is asked for by. Instructions have their words as `description`. */
export type OfferDefinition = Definition & { readonly kind: OfferKind };

export type ReadOffer =
  | { readonly ok: true; readonly offer: OfferDefinition }
  | (Extract<ReadTool, { ok: false }> & { readonly name: string });

/** How many of each a server may have; more is refused as a whole by whoever reads the list. */
export const listLimits = { tool: 500, prompt: 500, resource: 500, resource_template: 500, instructions: 1 } as const;

const longest = { instructions: 12, prompt: 256, resource: 4096, resource_template: 4096 } as const;

/**
 * An offer as a server sent it (MCP: Prompt, Resource, ResourceTemplate), copied. Left out is what changes with what can be read and not
 * with what is said of it: its size and when it changed last. Refuses what `readTool` would. Never throws.
 */
export function readOffer(kind: OfferKind, said: unknown): ReadOffer {
  if (!isObject(said)) return faulty(kind, '', 'it must be an object');
  const { title, description, icons } = said;
  switch (kind) {
    case 'instructions':
      return readOwn(kind, { name: 'instructions', description: said['instructions'] });
    case 'prompt':
      return readOwn(kind, { name: said['name'], title, description, icons, arguments: said['arguments'] });
    case 'resource':
    case 'resource_template': {
      const name = said[kind === 'resource' ? 'uri' : 'uriTemplate'];
      // MCP wants one; where it is missing clients show the address.
      const { name: label = name, mimeType, annotations } = said;
      return readOwn(kind, { name, label, title, description, mimeType, icons, annotations: lasting(annotations) });
    }
  }
}

/** A definition as we wrote it, of a tool or of anything else. Never throws. */
export function readDefinition(
  said: unknown,
): { readonly ok: true; readonly definition: Definition } | Extract<ReadTool, { ok: false }> {
  const given = isObject(said) ? said['kind'] : undefined;
  if (given === undefined) {
    const read = readTool(said);
    return read.ok ? { ok: true, definition: read.tool } : read;
  }
  const kind = offerKinds.find((one) => one === given);
  const read =
    kind === undefined || !isObject(said) ? faulty('prompt', '', 'its kind is unknown') : readOwn(kind, said);
  return read.ok ? { ok: true, definition: read.offer } : read;
}

function readOwn(kind: OfferKind, said: { readonly [name: string]: unknown }): ReadOffer {
  const { name } = said;
  if (typeof name !== 'string' || name === '' || name.length > longest[kind])
    return faulty(kind, '', `what it is asked for by must be a text of 1 to ${longest[kind]} characters`);
  const left = { characters: toolLimits.characters - name.length, values: toolLimits.values };
  const read: { -readonly [Field in keyof OfferDefinition]: OfferDefinition[Field] } = { kind, name };
  for (const field of ['label', 'title', 'description', 'mimeType'] as const) {
    const value = said[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') return faulty(kind, name, `its ${field} must be a text`);
    left.characters -= value.length;
    read[field] = value;
  }
  for (const field of ['arguments', 'icons'] as const) {
    if (said[field] === undefined) continue;
    const value = copyOf(said[field], left);
    if (value === undefined) return faulty(kind, name, 'it is too large');
    if (!isList(value)) return faulty(kind, name, `its ${field} must be a list`);
    read[field] = value;
  }
  if (said['annotations'] !== undefined) {
    const value = copyOf(said['annotations'], left);
    if (value === undefined) return faulty(kind, name, 'it is too large');
    if (!isJsonObject(value)) return faulty(kind, name, 'its annotations must be an object');
    read.annotations = value;
  }
  return left.characters < 0 ? faulty(kind, name, 'it is too large') : { ok: true, offer: read };
}

/** As MCP has it, to be shown to a client: nothing but what is pinned. */
export function shownOffer({ kind, name, label, ...rest }: OfferDefinition): { readonly [name: string]: Json } {
  switch (kind) {
    case 'instructions':
      return { instructions: rest.description ?? '' };
    case 'prompt':
      return { name, ...rest };
    case 'resource':
      return { uri: name, name: label ?? name, ...rest };
    case 'resource_template':
      return { uriTemplate: name, name: label ?? name, ...rest };
  }
}

/** What stands for one of a server's offers among all of them. */
export function keyOf({ kind, name }: Pick<Definition, 'kind' | 'name'>): string {
  return `${kind ?? 'tool'} ${name}`;
}

function lasting(annotations: unknown): unknown {
  if (!isObject(annotations)) return annotations;
  const { lastModified: _when, ...rest } = annotations;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

function faulty(kind: OfferKind, name: string, why: string): Extract<ReadOffer, { ok: false }> {
  const shown = name === '' ? '' : ` "${name.slice(0, 60)}"`;
  return {
    ok: false,
    code: why === 'it is too large' ? 'tool_too_large' : 'tool_shape',
    message: `Cannot read the ${kind.replace('_', ' ')}${shown}: ${why}`,
    name,
  };
}

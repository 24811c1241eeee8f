import { createHash } from 'node:crypto';
import type { Definition } from './offer.ts';
import { isJsonObject, isList } from './tool-definition.ts';
import type { Json, ToolDefinition } from './tool-definition.ts';

/**
 * The one text of a definition (RFC 8785): names of objects in order of their UTF-16 units, no white space. Two definitions have the same
 * text exactly when they say the same; the order of a list counts, since it counts for who reads it.
 */
export function canonicalText(value: Json): string {
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] ?? null)}`).join(',')}}`;
}

/** What a definition is pinned by: `sha256:` and the digest of its canonical text in hexadecimal. */
export function digestOf(definition: Definition): string {
  return digest({ ...definition });
}

/** The same of two tools that differ in nothing but what they are called. */
export function namelessDigestOf({ name: _name, title: _title, ...rest }: ToolDefinition): string {
  return digest(rest);
}

function digest(value: Json): string {
  return `sha256:${createHash('sha256').update(canonicalText(value)).digest('hex')}`;
}

import type { JsonScalar } from './json.ts';

/** A piece of an event's XML, whether it was binary or text. Scalars have the type the log gives them; texts of XML are texts. */
export type EventElement = {
  readonly name: string;
  readonly attributes: readonly (readonly [string, JsonScalar])[];
  readonly content: readonly (EventElement | JsonScalar)[];
  /** The value it depends on is null ([MS-EVEN6] 2.2.12, DependencyId): Windows leaves the element out of its XML, JSON says null. */
  readonly isAbsent?: true;
};

export function isElement(part: EventElement | JsonScalar): part is EventElement {
  return typeof part === 'object' && part !== null;
}

/** The text between child elements: one typed value stays as it is, several parts are joined. Null when there is none. */
export function textOf(content: readonly (EventElement | JsonScalar)[]): JsonScalar {
  let only: JsonScalar = null;
  let joined: string | undefined;
  for (const part of content) {
    if (part === null || part === '' || isElement(part)) continue;
    if (joined !== undefined) joined += String(part);
    else if (only === null) only = part;
    else joined = String(only) + String(part);
  }
  return joined ?? only;
}

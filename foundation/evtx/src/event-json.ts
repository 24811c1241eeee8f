import { isElement, textOf } from './event-element.ts';
import type { EventElement } from './event-element.ts';
import { createJsonBuilder } from './json.ts';
import type { JsonBuilder, JsonObject, JsonValue } from './json.ts';

/**
 * The JSON of an event: `{"Event":{"#attributes":{…},"System":{…},"EventData":{…}}}`.
 * An element is null, its text, or an object of `#attributes`, `#text` and its children; attributes without a value are left out.
 * `Data` in `EventData` and `UserData` goes by the name it bears, without one into `Data: {"#text": …}`. What comes several
 * times is a list in its order: nothing said twice is lost or renamed.
 */
export function eventJson(roots: readonly EventElement[]): JsonObject {
  const builder = createJsonBuilder();
  for (const root of roots) builder.add(root.name, valueOf(root));
  return builder.object;
}

function valueOf(element: EventElement): JsonValue {
  if (element.isAbsent === true) return null;
  const builder = createJsonBuilder();
  addAttributes(builder, element);
  const children = element.content.filter(isElement);
  const text = textOf(element.content);
  if (children.length === 0 && builder.size() === 0) return text;
  if (text !== null && !(children.length > 0 && isBlank(text))) builder.add('#text', text);
  if (element.name === 'EventData' || element.name === 'UserData') addData(builder, children);
  else for (const child of children) builder.add(child.name, valueOf(child));
  return builder.size() === 0 ? null : builder.object;
}

function addAttributes(builder: JsonBuilder, element: EventElement): void {
  if (element.attributes.length === 0) return;
  const attributes = createJsonBuilder();
  for (const [name, value] of element.attributes) {
    if (value !== null && value !== '') attributes.add(name, value);
  }
  if (attributes.size() > 0) builder.add('#attributes', attributes.object);
}

function addData(builder: JsonBuilder, children: readonly EventElement[]): void {
  const unnamed: JsonValue[] = [];
  for (const child of children) {
    if (child.name !== 'Data') {
      builder.add(child.name, valueOf(child));
      continue;
    }
    const name = child.attributes.find((attribute) => attribute[0] === 'Name')?.[1] ?? '';
    if (name === '') unnamed.push(valueOf(child) ?? '');
    else builder.add(String(name), namedValue(child));
  }
  const [first] = unnamed;
  if (first !== undefined) builder.add('Data', { '#text': unnamed.length === 1 ? first : unnamed });
}

/** A named datum always has a value: `""` when the log says none. */
function namedValue(element: EventElement): JsonValue {
  const hasMore = element.attributes.length > 1 || element.content.some(isElement);
  if (!hasMore) return textOf(element.content) ?? '';
  const attributes = element.attributes.filter((attribute) => attribute[0] !== 'Name');
  return valueOf({ ...element, attributes }) ?? '';
}

function isBlank(text: JsonValue): boolean {
  return typeof text === 'string' && text.trim() === '';
}

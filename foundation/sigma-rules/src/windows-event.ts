import { fieldsOfEventData } from './written-event-fields.ts';
import { isJsonList, isJsonObject } from './json.ts';
import type { JsonObject, JsonScalar, JsonValue } from './json.ts';

export type WindowsFields = {
  /** Names and values of the event's XML, in their order; a name may come several times. */
  readonly fields: readonly (readonly [string, JsonScalar])[];
  /** What of the record is not the event's XML. */
  readonly rest: JsonObject;
  readonly truncated: boolean;
};

type Limits = { readonly maxDepth: number; readonly maxValues: number; readonly maxNameLength: number };

/** Where converters put the attributes of an element that has no `#attributes` of its own: `Provider_attributes`. */
const attributesSuffix = '_attributes';

/**
 * Reads the JSON form of a Windows event as converters of EVTX write it: `{Event: {System, EventData | UserData}}`, with or without
 * the outer `Event`. Attributes are joined to their element with `_` (`Provider_Name`, `Execution_ProcessID`); data has the
 * name of its `Name` attribute; data of `UserData` has the name of its element (Sigma rules specification, "Field Usage").
 */
export function windowsFieldsOf(record: JsonObject, limits: Limits): WindowsFields {
  const event = isJsonObject(record['Event']) ? record['Event'] : record;
  if (!isJsonObject(event['System']))
    return { fields: fieldsOfEventData(record, limits.maxValues), rest: record, truncated: false };
  const reader = createReader(limits);
  reader.readChildren(event['System'], 1);
  reader.readData(event['EventData'], 1);
  reader.readChildren(event['UserData'], 1);
  const { System: _system, EventData: _data, UserData: _user, ['#attributes']: _attributes, ...others } = event;
  if (event === record) return { ...reader.result(), rest: others };
  const { Event: _event, ...outer } = record;
  return { ...reader.result(), rest: { ...others, ...outer } };
}

function createReader(limits: Limits): {
  readChildren(element: JsonValue | undefined, depth: number): void;
  readData(element: JsonValue | undefined, depth: number): void;
  result(): Omit<WindowsFields, 'rest'>;
} {
  const fields: (readonly [string, JsonScalar])[] = [];
  let truncated = false;

  function add(name: string, scalar: JsonScalar): void {
    if (fields.length < limits.maxValues && name.length <= limits.maxNameLength) fields.push([name, scalar]);
    else truncated = true;
  }

  function readElement(name: string, value: JsonValue, depth: number): void {
    if (depth > limits.maxDepth) {
      truncated = true;
    } else if (isJsonList(value)) {
      for (const item of value) readElement(name, item, depth + 1);
    } else if (!isJsonObject(value)) {
      if (name.endsWith(attributesSuffix)) return;
      add(name, value);
    } else if (name.endsWith(attributesSuffix)) {
      readAttributes(name.slice(0, -attributesSuffix.length), value);
    } else {
      readObject(name, value, depth);
    }
  }

  function readObject(name: string, element: JsonObject, depth: number): void {
    for (const key of Object.keys(element)) {
      const value = element[key] ?? null;
      if (key === '#attributes' && isJsonObject(value)) readAttributes(name, value);
      else if (key.startsWith('@')) readElement(`${name}_${key.slice(1)}`, value, depth + 1);
      else if (key === '#text') readElement(name, value, depth + 1);
      else readElement(key, value, depth + 1);
    }
  }

  function readAttributes(name: string, attributes: JsonObject): void {
    for (const key of Object.keys(attributes)) {
      const value = attributes[key] ?? null;
      if (!isJsonObject(value) && !isJsonList(value)) add(`${name}_${key.replace(/^@/, '')}`, value);
    }
  }

  function readChildren(element: JsonValue | undefined, depth: number): void {
    if (!isJsonObject(element)) return;
    for (const key of Object.keys(element)) {
      if (key !== '#attributes') readElement(key, element[key] ?? null, depth + 1);
    }
  }

  /** `EventData`: names to values, or a list of `Data` elements with a `Name` attribute. */
  function readData(element: JsonValue | undefined, depth: number): void {
    if (element === undefined || isJsonList(element) || !isJsonObject(element)) return;
    for (const key of Object.keys(element)) {
      const value = element[key] ?? null;
      if (key === '#attributes') continue;
      if (key !== 'Data') readElement(key, value, depth + 1);
      else for (const item of isJsonList(value) ? value : [value]) readNamed(item, depth + 1);
    }
  }

  function readNamed(item: JsonValue, depth: number): void {
    const name = isJsonObject(item) ? nameOf(item) : undefined;
    if (name === undefined || !isJsonObject(item)) readElement('Data', item, depth);
    else readElement(name, item['#text'] ?? item['text'] ?? item['content'] ?? null, depth);
  }

  return { readChildren, readData, result: () => ({ fields, truncated }) };
}

function nameOf(item: JsonObject): string | undefined {
  const attributes = isJsonObject(item['#attributes']) ? item['#attributes'] : item;
  const name = attributes['Name'] ?? attributes['@Name'];
  return typeof name === 'string' ? name : undefined;
}

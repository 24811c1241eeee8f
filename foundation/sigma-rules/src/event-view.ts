import { aliasesOf } from './field-aliases.ts';
import { isJsonList, isJsonObject } from './json.ts';
import type { JsonObject, JsonScalar, JsonValue } from './json.ts';
import { foldCase } from './wildcard.ts';
import { windowsFieldsOf } from './windows-event.ts';

/** One value of a field. `text` is what string tests see; null has none. */
export type FieldValue = {
  readonly scalar: JsonScalar;
  readonly text: string;
  /** The text in the form `foldCase` gives; worked out when first asked for. */
  readonly folded: () => string;
};

/** An event as rules see it: names to values. A field has several values where the record has a list. */
export type SigmaEvent = {
  /** Undefined when the field is absent. A field that holds an object or an empty list has its JSON text as its value. */
  readonly valuesOf: (field: string) => readonly FieldValue[] | undefined;
  /** Every name and value once: what keywords look through. */
  readonly entries: () => IterableIterator<readonly [string, readonly FieldValue[]]>;
  /** The folded texts of all values in one, for a look whether a keyword can be in any of them. */
  readonly foldedText: () => string;
  /** True when the record went past the bounds and some of it was left out. */
  readonly truncated: boolean;
  /** True when it holds a whole number past what a double holds exactly: its digits are in the text of the record alone. */
  readonly hasInexactNumber: boolean;
};

export const eventLimits = {
  maxDepth: 32,
  maxValues: 8_192,
  maxContainerTextLength: 65_536,
  /** Longer names are left out: a nested name repeats all those above it, so that long ones multiply. */
  maxNameLength: 1_024,
} as const;

/**
 * Flattens a record: nested names are joined with dots (`userIdentity.type`), lists give several values, spaces are taken out of
 * names (`Threat Name` is `ThreatName`). A Windows event in its XML shape (`Event.System`, `EventData`, `UserData`) gives the
 * names Sigma uses: `EventID`, `Provider_Name`, and the names of its data. Field names never touch an object's prototype.
 */
export function sigmaEventOf(record: JsonObject): SigmaEvent {
  const fields = new Map<string, FieldValue[]>();
  const containers = new Map<string, JsonValue>();
  const containerTexts = new Map<string, FieldValue[]>();
  let values = 0;
  let truncated = false;
  let hasInexactNumber = false;
  let foldedText: string | undefined;

  function add(name: string, scalar: JsonScalar): void {
    values += 1;
    if (values > eventLimits.maxValues || name.length > eventLimits.maxNameLength) {
      truncated = true;
      return;
    }
    if (typeof scalar === 'number' && Number.isInteger(scalar) && !Number.isSafeInteger(scalar))
      hasInexactNumber = true;
    const list = fields.get(name);
    if (list === undefined) fields.set(name, [fieldValueOf(scalar)]);
    else list.push(fieldValueOf(scalar));
  }

  function flatten(name: string, value: JsonValue, depth: number): void {
    if (values > eventLimits.maxValues) return;
    if (depth > eventLimits.maxDepth || name.length > eventLimits.maxNameLength) {
      truncated = true;
    } else if (isJsonList(value)) {
      if (!value.every((item) => !isJsonObject(item) && item !== null && !isJsonList(item)) || value.length === 0)
        containers.set(name, value);
      for (const item of value) flatten(name, item, depth + 1);
    } else if (isJsonObject(value)) {
      if (!containers.has(name)) containers.set(name, value);
      for (const key of Object.keys(value)) flatten(`${name}.${withoutSpaces(key)}`, value[key] ?? null, depth + 1);
    } else {
      add(name, value);
    }
  }

  const windows = windowsFieldsOf(record, eventLimits);
  if (windows.truncated) truncated = true;
  for (const [name, scalar] of windows.fields) add(withoutSpaces(name), scalar);
  for (const key of Object.keys(windows.rest)) flatten(withoutSpaces(key), windows.rest[key] ?? null, 1);
  const aliases = aliasesOf((field) => fields.get(field)?.[0]?.text, fields);

  return {
    valuesOf(field) {
      const found = fields.get(field);
      if (found !== undefined) return found;
      const alias = aliases.get(field);
      if (alias !== undefined) return fields.get(alias);
      const written = containerTexts.get(field);
      if (written !== undefined) return written;
      const container = containers.get(field);
      if (container === undefined) return undefined;
      const list = [fieldValueOf(boundedJson(container))];
      containerTexts.set(field, list);
      return list;
    },
    entries: () => fields.entries(),
    foldedText() {
      foldedText ??= [...fields.values()].map((list) => list.map(({ folded }) => folded()).join('\n')).join('\n');
      return foldedText;
    },
    truncated,
    hasInexactNumber,
  };
}

/** Field names are compared without their spaces. */
export function withoutSpaces(name: string): string {
  return name.includes(' ') ? name.replaceAll(' ', '') : name;
}

export function fieldValueOf(scalar: JsonScalar): FieldValue {
  const text = scalar === null ? '' : String(scalar);
  let lower: string | undefined;
  return {
    scalar,
    text,
    folded() {
      lower ??= foldCase(text);
      return lower;
    },
  };
}

/** Compact JSON text, cut at the bounds of depth and length. */
export function boundedJson(value: JsonValue): string {
  let text = '';
  function write(part: JsonValue, depth: number): void {
    if (text.length > eventLimits.maxContainerTextLength || depth > eventLimits.maxDepth) return;
    if (isJsonList(part)) {
      text += '[';
      for (const [index, item] of part.entries()) {
        if (index > 0) text += ',';
        write(item, depth + 1);
      }
      text += ']';
    } else if (isJsonObject(part)) {
      text += '{';
      for (const [index, key] of Object.keys(part).entries()) {
        text += `${index > 0 ? ',' : ''}${JSON.stringify(key)}:`;
        write(part[key] ?? null, depth + 1);
      }
      text += '}';
    } else {
      text += JSON.stringify(part);
    }
  }
  write(value, 0);
  return text.slice(0, eventLimits.maxContainerTextLength);
}

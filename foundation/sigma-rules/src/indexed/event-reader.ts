import { boundedJson, eventLimits, fieldValueOf, sigmaEventOf, withoutSpaces } from '../event-view.ts';
import type { FieldValue, SigmaEvent } from '../event-view.ts';
import { aliasesOf, aliasFields } from '../field-aliases.ts';
import { isJsonList, isJsonObject } from '../json.ts';
import type { JsonObject, JsonScalar, JsonValue } from '../json.ts';
import { foldCase } from '../wildcard.ts';
import { windowsFieldsOf } from '../windows-event.ts';

/** One record at a time, read for the fields of `names` alone; the outcome is that of `sigmaEventOf`. Fields have numbers, `fieldCount` of them. */
export type ValuesOf = SigmaEvent['valuesOf'];

export type EventReader = {
  readonly fieldCount: number;
  /** `laidOver` gives the values of fields whose names begin with the reader's prefix, in place of the record's own. */
  read(record: JsonObject, laidOver?: ValuesOf): void;
  /** Takes a view that is made already, nothing laid over. */
  readView(view: SigmaEvent): void;
  /** As `SigmaEvent.valuesOf`; undefined also for a name that is not in `names`. */
  valuesOf(field: number): readonly FieldValue[] | undefined;
  /** Numbers of the fields that are there; the first `presentCount()` count. */
  readonly present: Int32Array;
  presentCount(): number;
  fieldNumber(name: string): number | undefined;
  /** Every value of the record, joined: a look whether a word can be in any of them. It may hold more than `SigmaEvent.foldedText`, never less. */
  allText(): string;
  /** The event at hand as `sigmaEventOf` gives it; the whole of it is only made for what goes past the fields that are read. */
  readonly event: SigmaEvent;
};

/** A name on its way: `parent.child`. */
type Node = { field: number; readonly children: Map<string, Node>; readonly resolved: Map<string, Node | null> };

/** Past this many different keys at one place, and this length, they are looked up anew each time: whoever invents keys fills no memory. */
const maxResolved = 4_096;
const maxResolvedLength = 128;

/** What an alias depends on is read whether or not it is in `wanted`. */
export function createEventReader(wanted: Iterable<string>, prefix?: string): EventReader {
  const names = [...new Set([...aliasFields, ...wanted])];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const root = newNode(-1);
  for (const [name, number] of numbers) plant(root, name, number);
  const values: (FieldValue[] | undefined)[] = names.map(() => undefined);
  const containers: (JsonValue | undefined)[] = names.map(() => undefined);
  const hasContainer = new Uint8Array(names.length);
  const present = new Int32Array(names.length);
  const isPresent = new Uint8Array(names.length);
  let presentCount = 0;
  let count = 0;
  let isWithinLimits = true;
  let hasInexactNumber = false;
  let current: JsonObject = {};
  let windowsFields: readonly (readonly [string, JsonScalar])[] = [];
  let rest: JsonObject = {};
  let view: SigmaEvent | undefined;
  let over: ValuesOf | undefined;
  const overlaid = prefix === undefined ? [] : [...numbers].filter(([name]) => name.startsWith(prefix));

  function clear(): void {
    for (let at = 0; at < presentCount; at += 1) {
      const field = present[at] ?? 0;
      values[field] = undefined;
      containers[field] = undefined;
      hasContainer[field] = 0;
      isPresent[field] = 0;
    }
    presentCount = 0;
    count = 0;
    isWithinLimits = true;
    hasInexactNumber = false;
    view = undefined;
  }

  function note(field: number): void {
    if (isPresent[field] === 1) return;
    isPresent[field] = 1;
    present[presentCount] = field;
    presentCount += 1;
  }

  function add(node: Node | null, scalar: JsonScalar, nameLength: number): void {
    count += 1;
    if (count > eventLimits.maxValues || nameLength > eventLimits.maxNameLength) isWithinLimits = false;
    if (typeof scalar === 'number' && Number.isInteger(scalar) && !Number.isSafeInteger(scalar))
      hasInexactNumber = true;
    if (node === null || node.field < 0) return;
    const list = values[node.field];
    if (list === undefined) values[node.field] = [fieldValueOf(scalar)];
    else list.push(fieldValueOf(scalar));
    note(node.field);
  }

  /** Follows `sigmaEventOf` step by step; where that would leave something out, the whole view is made instead. */
  function flatten(node: Node | null, value: JsonValue, depth: number, nameLength: number): void {
    if (!isWithinLimits) return;
    if (depth > eventLimits.maxDepth || nameLength > eventLimits.maxNameLength) {
      isWithinLimits = false;
    } else if (typeof value !== 'object' || value === null) {
      add(node, value, nameLength);
    } else if (isJsonList(value)) {
      if (node !== null && node.field >= 0 && (value.length === 0 || value.some(isNoPlainValue)))
        keepContainer(node.field, value);
      for (let at = 0; at < value.length; at += 1) flatten(node, value[at] ?? null, depth + 1, nameLength);
    } else {
      if (node !== null && node.field >= 0 && hasContainer[node.field] === 0) keepContainer(node.field, value);
      flattenMembers(node, value, depth + 1, nameLength + 1);
    }
  }

  function flattenMembers(node: Node | null, value: JsonObject, depth: number, nameLength: number): void {
    for (const key in value) {
      const inner = node === null ? null : resolve(node, key);
      flatten(inner, value[key] ?? null, depth, nameLength + key.length);
    }
  }

  function keepContainer(field: number, value: JsonValue): void {
    containers[field] = value;
    hasContainer[field] = 1;
    note(field);
  }

  function applyAliases(): void {
    const fields = { has: (name: string) => values[numbers.get(name) ?? -1] !== undefined };
    const aliases = aliasesOf((name) => values[numbers.get(name) ?? -1]?.[0]?.text, fields);
    for (const [alias, name] of aliases) {
      const field = numbers.get(alias);
      if (field === undefined) continue;
      values[field] = values[numbers.get(name) ?? -1];
      note(field);
    }
  }

  function readView(whole: SigmaEvent): void {
    clear();
    view = whole;
    hasInexactNumber = whole.hasInexactNumber;
    for (const [name, number] of numbers) {
      const found = whole.valuesOf(name);
      if (found === undefined) continue;
      values[number] = [...found];
      note(number);
    }
  }

  function valuesOf(field: number): readonly FieldValue[] | undefined {
    const found = values[field];
    if (found !== undefined || hasContainer[field] !== 1) return found;
    const written = [fieldValueOf(boundedJson(containers[field] ?? null))];
    values[field] = written;
    return written;
  }

  function layOver(laid: ValuesOf): void {
    for (const [name, number] of overlaid) {
      const found = laid(name);
      values[number] = found === undefined ? undefined : [...found];
      hasContainer[number] = 0;
      if (found !== undefined) note(number);
    }
  }

  function wholeView(): SigmaEvent {
    if (view !== undefined) return view;
    const plain = sigmaEventOf(current);
    const laid = over;
    const start = prefix;
    view =
      laid === undefined || start === undefined
        ? plain
        : { ...plain, valuesOf: (field) => (field.startsWith(start) ? laid(field) : plain.valuesOf(field)) };
    return view;
  }

  return {
    fieldCount: names.length,
    present,
    presentCount: () => presentCount,
    fieldNumber: (name) => numbers.get(name),
    read(record, laidOver) {
      clear();
      over = laidOver;
      current = record;
      const windows = windowsFieldsOf(record, eventLimits);
      windowsFields = windows.fields;
      rest = windows.rest;
      if (windows.truncated) isWithinLimits = false;
      for (const [name, scalar] of windowsFields) add(resolve(root, name), scalar, name.length);
      flattenMembers(root, rest, 1, 0);
      if (isWithinLimits) {
        applyAliases();
        if (over !== undefined) layOver(over);
      } else {
        readView(wholeView());
      }
    },
    readView(whole) {
      over = undefined;
      readView(whole);
    },
    valuesOf,
    allText() {
      if (view !== undefined) return view.foldedText();
      const texts: string[] = [];
      for (const [, scalar] of windowsFields) texts.push(String(scalar));
      gatherTexts(rest, texts);
      return foldCase(texts.join('\n'));
    },
    event: {
      valuesOf(name) {
        const number = numbers.get(name);
        return number === undefined ? wholeView().valuesOf(name) : valuesOf(number);
      },
      entries: () => wholeView().entries(),
      foldedText: () => wholeView().foldedText(),
      get truncated() {
        return view?.truncated === true;
      },
      get hasInexactNumber() {
        return hasInexactNumber;
      },
    },
  };
}

function newNode(field: number): Node {
  return { field, children: new Map(), resolved: new Map() };
}

function plant(root: Node, name: string, field: number): void {
  let node = root;
  for (const part of name.split('.')) {
    const child = node.children.get(part) ?? newNode(-1);
    node.children.set(part, child);
    node = child;
  }
  node.field = field;
}

/** Where the key leads to; null where no name begins like that. A dot in a key is like one level more, and spaces do not count. */
function resolve(node: Node, key: string): Node | null {
  const known = node.resolved.get(key);
  if (known !== undefined) return known;
  let found: Node | undefined = node;
  for (const part of withoutSpaces(key).split('.')) {
    found = found.children.get(part);
    if (found === undefined) break;
  }
  if (node.resolved.size < maxResolved && key.length <= maxResolvedLength) node.resolved.set(key, found ?? null);
  return found ?? null;
}

function isNoPlainValue(value: JsonValue): boolean {
  return typeof value === 'object';
}

function gatherTexts(value: JsonValue, into: string[]): void {
  if (isJsonList(value)) for (const item of value) gatherTexts(item, into);
  else if (isJsonObject(value)) for (const key of Object.keys(value)) gatherTexts(value[key] ?? null, into);
  else into.push(String(value));
}

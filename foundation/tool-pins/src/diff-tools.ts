import type { Definition } from './offer.ts';
import { canonicalText } from './pin.ts';
import { isJsonObject, isList, own } from './tool-definition.ts';
import type { Json, JsonObject } from './tool-definition.ts';
import { diffWords } from './word-diff.ts';
import type { TextPart } from './word-diff.ts';

export const changeKinds = [
  'renamed',
  'title_changed',
  'words_changed',
  'layout_changed',
  'parameter_added',
  'parameter_removed',
  'parameter_required',
  'parameter_optional',
  'type_changed',
  'enum_widened',
  'enum_narrowed',
  'default_changed',
  'closed_opened',
  'hint_turned',
  'annotation_changed',
  'icons_changed',
  'media_type_changed',
  'schema_changed',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** How much it can change what an agent does: read it word by word, look at it, know of it. */
export const weights = ['grave', 'notable', 'minor'] as const;
export type Weight = (typeof weights)[number];

/** One difference between two definitions of a tool. */
export type ToolChange = {
  readonly kind: ChangeKind;
  readonly weight: Weight;
  /** `description`, `inputSchema/properties/to`. */
  readonly path: string;
  /** Word by word, with nothing hidden in it; what is not a text as JSON. One side alone where the other has nothing. */
  readonly parts: readonly TextPart[];
};

const maxChanges = 200;

/** What differs, the gravest 200 of it, those first. Empty exactly when both have the same digest. Both are to be of one kind. */
export function diffTools(before: Definition, after: Definition): ToolChange[] {
  const changes: (Pick<ToolChange, 'kind' | 'weight' | 'path'> & { readonly pair: Pair })[] = [];
  const found: Found = (kind, weight, path, pair) => void changes.push({ kind, weight, path, pair });
  if (before.name !== after.name) found('renamed', 'grave', 'name', [before.name, after.name]);
  if (before.kind !== after.kind) found('schema_changed', 'grave', 'kind', [before.kind, after.kind]);
  if (before.label !== after.label) found('title_changed', 'notable', 'label', [before.label, after.label]);
  if (before.title !== after.title) found('title_changed', 'notable', 'title', [before.title, after.title]);
  words('description', [before.description, after.description], found);
  annotations(before.annotations, after.annotations, found);
  promptArguments([before.arguments, after.arguments], found);
  if (before.mimeType !== after.mimeType)
    found('media_type_changed', 'notable', 'mimeType', [before.mimeType, after.mimeType]);
  schema('inputSchema', [before.inputSchema, after.inputSchema], found, 0);
  schema('outputSchema', [before.outputSchema, after.outputSchema], found, 0);
  if (!isSame(before.icons, after.icons)) found('icons_changed', 'minor', 'icons', [before.icons, after.icons]);
  return changes
    .toSorted((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight))
    .slice(0, maxChanges)
    .map(({ pair: [was, is], ...change }) => ({ ...change, parts: diffWords(textOf(was), textOf(is)) }));
}

type Pair<Value = Json> = readonly [was: Value | undefined, is: Value | undefined];
type Found = (kind: ChangeKind, weight: Weight, path: string, pair: Pair) => void;

function isSame(was: Json | undefined, is: Json | undefined): boolean {
  if (was === undefined || is === undefined) return was === is;
  return canonicalText(was) === canonicalText(is);
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : canonicalText(value);
}

/** A model takes words for instructions: whatever of them changed is grave. White space alone is not, where it is no place to hide. */
function words(path: string, [was, is]: Pair, found: Found): void {
  if (isSame(was, is)) return;
  const squeezed = [was, is].map((text) =>
    textOf(text)
      .replaceAll(/[ \t\n]{1,39}/g, ' ')
      .trim(),
  );
  const isLayout = typeof was === 'string' && typeof is === 'string' && squeezed[0] === squeezed[1];
  found(isLayout ? 'layout_changed' : 'words_changed', isLayout ? 'minor' : 'grave', path, [was, is]);
}

const hints = new Set(['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']);

/** A hint that turns is grave both ways: it claims to be harmless now, or says that it is not any more. */
function annotations(was: JsonObject | undefined, is: JsonObject | undefined, found: Found): void {
  for (const name of names(was, is)) {
    const pair = [own(was, name), own(is, name)] as const;
    if (isSame(...pair)) continue;
    const [kind, weight] = hints.has(name)
      ? (['hint_turned', 'grave'] as const)
      : (['annotation_changed', 'notable'] as const);
    found(kind, weight, `annotations/${name}`, pair);
  }
  if (names(was, is).length === 0 && !isSame(was, is)) found('annotation_changed', 'minor', 'annotations', [was, is]);
}

/** Each by its name; where names are missing or stand twice, the list as a whole. */
function promptArguments([was, is]: Pair, found: Found): void {
  if (isSame(was, is)) return;
  const [from, to] = [byName(was), byName(is)];
  if (from === undefined || to === undefined) {
    found('schema_changed', 'grave', 'arguments', [was, is]);
    return;
  }
  let isTold = false;
  const tell: Found = (...change) => {
    isTold = true;
    found(...change);
  };
  for (const name of names(from, to)) {
    const [before, after] = [own(from, name), own(to, name)];
    const path = `arguments/${name}`;
    if (!isJsonObject(before)) tell('parameter_added', 'grave', path, [undefined, after]);
    else if (!isJsonObject(after)) tell('parameter_removed', 'notable', path, [before, undefined]);
    else
      for (const field of names(before, after)) {
        const pair = [own(before, field), own(after, field)] as const;
        if (isSame(...pair)) continue;
        if (texts.has(field)) words(`${path}/${field}`, pair, tell);
        else if (field === 'required' && pair[1] === true)
          tell('parameter_required', 'grave', `${path}/required`, pair);
        else if (field === 'required') tell('parameter_optional', 'notable', `${path}/required`, pair);
        else tell('schema_changed', 'grave', `${path}/${field}`, pair);
      }
  }
  if (!isTold) found('schema_changed', 'minor', 'arguments', [was, is]);
}

function byName(list: Json | undefined): JsonObject | undefined {
  const items = list === undefined ? [] : list;
  if (!isList(items)) return undefined;
  const entries = items.flatMap((item): [string, Json][] => {
    const name = isJsonObject(item) ? own(item, 'name') : undefined;
    return typeof name === 'string' ? [[name, item]] : [];
  });
  return new Set(entries.map(([name]) => name)).size === items.length ? Object.fromEntries(entries) : undefined;
}

/** Deeper than any honest schema; below it is compared as a whole. */
const maxDepth = 12;
const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const schemas = new Set(['items', 'additionalItems', 'contains', 'not', 'if', 'then', 'else', 'propertyNames']);
const lists = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const texts = new Set(['description', 'title', '$comment', 'examples']);

function schema(path: string, [was, is]: Pair, found: Found, depth: number): void {
  if (isSame(was, is)) return;
  if (depth > maxDepth || !isJsonObject(was) || !isJsonObject(is)) {
    found('schema_changed', weightOf(is), path, [was, is]);
    return;
  }
  for (const name of names(was, is)) {
    const pair = [own(was, name), own(is, name)] as const;
    if (!isSame(...pair)) keyword(name, { path: `${path}/${name}`, pair, found, depth });
  }
}

type Keyword = {
  readonly path: string;
  readonly pair: Pair;
  readonly found: Found;
  readonly depth: number;
};

function keyword(name: string, { path, pair, found, depth }: Keyword): void {
  const [was, is] = pair;
  if (texts.has(name)) {
    words(path, pair, found);
  } else if (maps.has(name) && isJsonObject(was ?? {}) && isJsonObject(is ?? {})) {
    const [from, to] = [isJsonObject(was) ? was : {}, isJsonObject(is) ? is : {}];
    for (const key of names(from, to)) {
      const inner = [own(from, key), own(to, key)] as const;
      const isParameter = name === 'properties';
      if (inner[0] === undefined)
        found(
          isParameter ? 'parameter_added' : 'schema_changed',
          isParameter ? 'grave' : weightOf(inner[1]),
          `${path}/${key}`,
          inner,
        );
      else if (inner[1] === undefined)
        found(isParameter ? 'parameter_removed' : 'schema_changed', 'notable', `${path}/${key}`, inner);
      else schema(`${path}/${key}`, inner, found, depth + 1);
    }
    if (names(from, to).length === 0) found('schema_changed', 'minor', path, pair);
  } else if (name === 'required') {
    listed(path, pair, found, { more: ['parameter_required', 'grave'], fewer: ['parameter_optional', 'notable'] });
  } else if (name === 'enum') {
    listed(path, pair, found, { more: ['enum_widened', 'grave'], fewer: ['enum_narrowed', 'minor'] });
  } else if (name === 'type') {
    found('type_changed', 'grave', path, pair);
  } else if (name === 'default' || name === 'const') {
    found('default_changed', 'grave', path, pair);
  } else if (name === 'additionalProperties' && (was === false || is === false)) {
    found(was === false ? 'closed_opened' : 'schema_changed', was === false ? 'notable' : 'minor', path, pair);
  } else if (schemas.has(name) || name === 'additionalProperties') {
    schema(path, pair, found, depth + 1);
  } else if (lists.has(name) && isList(was) && isList(is)) {
    for (let index = 0; index < Math.max(was.length, is.length); index += 1)
      schema(`${path}/${index}`, [was[index], is[index]], found, depth + 1);
  } else found('schema_changed', weightOf(is), path, pair);
}

type Said = readonly [ChangeKind, Weight];

/** A list that is a set: what came in and what went, each told apart; another order of the same is small. */
function listed(path: string, pair: Pair, found: Found, said: { readonly more: Said; readonly fewer: Said }): void {
  const [was, is] = pair.map((value) => (isList(value) ? value : value === undefined ? [] : undefined));
  if (was === undefined || is === undefined) {
    found(...said.more, path, pair);
    return;
  }
  const [from, to] = [was, is].map((items) => new Set(items.map(canonicalText)));
  const added = is.filter((item) => from?.has(canonicalText(item)) !== true);
  const removed = was.filter((item) => to?.has(canonicalText(item)) !== true);
  if (added.length > 0) found(...said.more, path, [undefined, added]);
  if (removed.length > 0) found(...said.fewer, path, [removed, undefined]);
  if (added.length === 0 && removed.length === 0) found('schema_changed', 'minor', path, pair);
}

/** What came in unread: with words in it, it is as grave as words that changed. */
function weightOf(is: Json | undefined): Weight {
  return is !== undefined && /"(?:description|title|\$comment|examples|enum|const|default)":/.test(canonicalText(is))
    ? 'grave'
    : 'notable';
}

function names(was: JsonObject | undefined, is: JsonObject | undefined): string[] {
  return [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])].toSorted();
}

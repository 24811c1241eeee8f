import { RefusedRule } from './refusal.ts';
import type { SigmaLevel, SigmaLogSource, SigmaRule, SigmaStatus } from './rule.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap, YamlTree } from './yaml-tree.ts';

const levels: ReadonlyMap<string, SigmaLevel> = new Map([
  ['informational', 'informational'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['critical', 'critical'],
]);
const statuses: ReadonlyMap<string, SigmaStatus> = new Map([
  ['stable', 'stable'],
  ['test', 'test'],
  ['experimental', 'experimental'],
  ['deprecated', 'deprecated'],
  ['unsupported', 'unsupported'],
]);

const maxTitleLength = 256;
const maxTextLength = 65_535;

/** Everything of a rule but its detection (Sigma rules specification, "Components"). Of custom attributes, which are allowed, only `response` is read. */
export function readAttributes(
  rule: YamlMap,
  file: string,
): Omit<SigmaRule, 'detections' | 'condition' | 'file' | 'line'> {
  return { ...readDescription(rule, file), logsource: readLogSource(rule) };
}

/** What rules and correlations have in common. */
export function readDescription(
  rule: YamlMap,
  file: string,
): Omit<SigmaRule, 'logsource' | 'detections' | 'condition' | 'file' | 'line'> {
  const title = textOf(rule, 'title', maxTitleLength);
  if (title === undefined) throw new RefusedRule('missing_attribute', rule.line, 'A rule must have "title"');
  const name = textOf(rule, 'name', maxTitleLength);
  return {
    id: textOf(rule, 'id', maxTitleLength) ?? name ?? `${file}:${rule.line}`,
    name,
    title,
    level: oneOf(rule, 'level', levels),
    status: oneOf(rule, 'status', statuses),
    description: textOf(rule, 'description', maxTextLength),
    author: textOf(rule, 'author', maxTextLength),
    license: textOf(rule, 'license', maxTextLength),
    date: textOf(rule, 'date', maxTextLength),
    modified: textOf(rule, 'modified', maxTextLength),
    taxonomy: textOf(rule, 'taxonomy', maxTitleLength) ?? 'sigma',
    tags: textsOf(rule, 'tags'),
    references: textsOf(rule, 'references'),
    falsepositives: textsOf(rule, 'falsepositives'),
    response: textOf(rule, 'response', maxTextLength),
    fields: textsOf(rule, 'fields'),
    scope: textsOf(rule, 'scope'),
    related: relatedOf(rule),
  };
}

/** What stands under `logsource`, in lower case. */
export function readLogSource(rule: YamlMap): SigmaLogSource {
  const tree = entryOf(rule, 'logsource');
  if (tree === undefined) throw new RefusedRule('missing_attribute', rule.line, 'A rule must have "logsource"');
  if (tree.kind !== 'map') throw new RefusedRule('invalid_attribute', tree.line, '"logsource" must be a map');
  return {
    category: textOf(tree, 'category', maxTitleLength)?.toLowerCase(),
    product: textOf(tree, 'product', maxTitleLength)?.toLowerCase(),
    service: textOf(tree, 'service', maxTitleLength)?.toLowerCase(),
    definition: textOf(tree, 'definition', maxTextLength),
  };
}

function relatedOf(rule: YamlMap): { id: string; type: string }[] {
  const tree = presentEntry(rule, 'related');
  if (tree === undefined) return [];
  if (tree.kind !== 'list') throw new RefusedRule('invalid_attribute', tree.line, '"related" must be a list');
  return tree.items.map((item) => {
    const id = item.kind === 'map' ? textOf(item, 'id', maxTitleLength) : undefined;
    const type = item.kind === 'map' ? textOf(item, 'type', maxTitleLength) : undefined;
    if (id === undefined || type === undefined)
      throw new RefusedRule('invalid_attribute', item.line, 'Each of "related" must have "id" and "type"');
    return { id, type };
  });
}

function oneOf<T>(map: YamlMap, key: string, allowed: ReadonlyMap<string, T>): T | undefined {
  const text = textOf(map, key, maxTitleLength);
  if (text === undefined) return undefined;
  const found = allowed.get(text);
  if (found === undefined) {
    const line = entryOf(map, key)?.line ?? map.line;
    throw new RefusedRule(
      'invalid_attribute',
      line,
      `"${key}" is "${text}", must be one of ${[...allowed.keys()].join(', ')}`,
    );
  }
  return found;
}

/** The text under `key`; numbers count as they are written. Undefined when it is absent or null. */
export function textOf(map: YamlMap, key: string, maxLength: number): string | undefined {
  const tree = presentEntry(map, key);
  return tree === undefined ? undefined : plainText(tree, key, maxLength);
}

/** The list of texts under `key`; a single text counts as a list of one. */
export function textsOf(map: YamlMap, key: string): string[] {
  const tree = presentEntry(map, key);
  if (tree === undefined) return [];
  return (tree.kind === 'list' ? tree.items : [tree]).map((item) => plainText(item, key, maxTextLength));
}

export function presentEntry(map: YamlMap, key: string): YamlTree | undefined {
  const tree = entryOf(map, key);
  return tree?.kind === 'scalar' && tree.value === null ? undefined : tree;
}

function plainText(tree: YamlTree, key: string, maxLength: number): string {
  if (tree.kind !== 'scalar') throw new RefusedRule('invalid_attribute', tree.line, `"${key}" must be plain text`);
  const text = typeof tree.value === 'string' ? tree.value : tree.text;
  // Databases refuse the one, the ledger the other.
  if (text.includes('\u0000') || !text.isWellFormed()) {
    throw new RefusedRule('invalid_attribute', tree.line, `"${key}" must hold no NUL and no lone surrogate`);
  }
  if (text.length > maxLength) {
    throw new RefusedRule(
      'invalid_attribute',
      tree.line,
      `"${key}" has ${text.length} characters, must have at most ${maxLength}`,
    );
  }
  return text;
}

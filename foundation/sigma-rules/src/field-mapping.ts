import type { Detection, DetectionItem, ValueTest } from './detection.ts';
import type { FieldNames } from './correlation.ts';
import { RefusedRule } from './refusal.ts';
import { readLogSource, textOf, textsOf } from './rule-attributes.ts';
import type { SigmaLogSource, SigmaRule } from './rule.ts';
import { entryOf } from './yaml-tree.ts';
import type { YamlMap } from './yaml-tree.ts';

/** What fields of rules are called in the events of a log source. */
export type SigmaFieldMapping = {
  readonly title: string;
  /** Rules that name at least these dimensions, with the same values. */
  readonly logsource: SigmaLogSource;
  /** Only rules of this taxonomy, where it is given. */
  readonly taxonomy: string | undefined;
  /** A rule's field → the names that stand for it in events. */
  readonly fields: ReadonlyMap<string, FieldNames>;
  readonly file: string;
  readonly line: number;
};

const limits = { fields: 2_000, names: 8, nameLength: 1_024, title: 256 } as const;
const allowedKeys: ReadonlySet<string> = new Set(['logsource', 'taxonomy', 'fields']);

/**
 * A document with `field-mapping: { logsource, taxonomy, fields: { Field: name | [names] } }`. Throws `RefusedRule`: a mapping that is
 * wrong would make rules silent.
 */
export function parseFieldMapping(document: YamlMap, file: string): SigmaFieldMapping {
  const tree = entryOf(document, 'field-mapping');
  if (tree?.kind !== 'map') throw invalid(document.line, 'The value of "field-mapping" must be a map');
  const title = textOf(document, 'title', limits.title);
  if (title === undefined)
    throw new RefusedRule('missing_attribute', document.line, 'A field mapping must have "title"');
  const strange = tree.entries.find(({ key }) => !allowedKeys.has(key));
  if (strange !== undefined) {
    throw invalid(strange.line, `There is no "${strange.key}" in a field mapping, only ${[...allowedKeys].join(', ')}`);
  }
  const logsource = readLogSource(tree);
  if (logsource.category === undefined && logsource.product === undefined && logsource.service === undefined) {
    throw invalid(tree.line, 'A field mapping must say of which log source');
  }
  const fields = entryOf(tree, 'fields');
  if (fields?.kind !== 'map')
    throw invalid(fields?.line ?? tree.line, '"fields" must be a map of fields to their names');
  if (fields.entries.length === 0 || fields.entries.length > limits.fields) {
    throw invalid(fields.line, `"fields" must have 1 to ${limits.fields} entries`);
  }
  return {
    title,
    logsource,
    taxonomy: textOf(tree, 'taxonomy', limits.title),
    fields: new Map(fields.entries.map(({ key, line }) => [withoutSpaces(key), namesOf(fields, key, line)])),
    file,
    line: document.line,
  };
}

function namesOf(fields: YamlMap, key: string, line: number): FieldNames {
  const names = textsOf(fields, key).map(withoutSpaces);
  const isSound = names.every((name) => name !== '' && name.length <= limits.nameLength && !name.includes('|'));
  if (names.length > 0 && names.length <= limits.names && isSound && new Set(names).size === names.length) return names;
  throw invalid(line, `The field "${key}" must have 1 to ${limits.names} different names, without modifiers`);
}

/** The rule as if it had been written in the names of its events; the same rule where no mapping is for it. */
export function mapFields(rule: SigmaRule, names: ReadonlyMap<string, FieldNames>): SigmaRule {
  if (names.size === 0) return rule;
  return {
    ...rule,
    detections: new Map([...rule.detections].map(([name, detection]) => [name, mapDetection(detection, names)])),
  };
}

function mapDetection(detection: Detection, names: ReadonlyMap<string, FieldNames>): Detection {
  if (detection.kind !== 'item') return { ...detection, of: detection.of.map((part) => mapDetection(part, names)) };
  const { field } = detection.item;
  const item = { ...detection.item, values: detection.item.values.map((tests) => tests.flatMap(referred)) };
  const own = field === undefined ? undefined : names.get(field);
  if (own === undefined) return { kind: 'item', item };
  const of = own.map((name): Detection => ({ kind: 'item', item: { ...item, field: name } }));
  const [first] = of;
  if (first !== undefined && of.length === 1) return first;
  // Whether something is there, any of the names can say; that nothing is, all of them must.
  return { kind: isAboutAbsence(item) ? 'all' : 'any', of };

  function referred(test: ValueTest): ValueTest[] {
    if (test.kind !== 'field') return [test];
    return (names.get(test.field) ?? [test.field]).map((name) => ({ ...test, field: name }));
  }
}

function isAboutAbsence({ negated, values }: DetectionItem): boolean {
  return values.flat().some((test) => test.kind === 'null' || (test.kind === 'exists' && !test.present)) !== negated;
}

function withoutSpaces(name: string): string {
  return name.replaceAll(' ', '');
}

function invalid(line: number, reason: string): RefusedRule {
  return new RefusedRule('invalid_mapping', line, reason);
}

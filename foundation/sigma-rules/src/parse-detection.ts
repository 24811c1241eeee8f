import type { Detection, DetectionItem, ValueTest } from './detection.ts';
import { knownModifiers, testsOf } from './modifiers.ts';
import { expandPlaceholders } from './placeholders.ts';
import type { PlaceholderTable } from './placeholders.ts';
import { RefusedRule } from './refusal.ts';
import type { YamlEntry, YamlMap, YamlScalar, YamlTree } from './yaml-tree.ts';

/** A bound on the tests of one file; the longest rule of the SigmaHQ corpus has about 2,100. */
const maxTests = 200_000;

/** What the rules of one file may unfold into, counted while they do: a few lines stand for thousands of texts each. */
export type TestBudget = { spend(tests: number, line: number): void };

export function createTestBudget(most = maxTests): TestBudget {
  let spent = 0;
  return {
    spend(tests, line) {
      spent += tests;
      if (spent <= most) return;
      throw new RefusedRule('too_complex', line, `The values of the file unfold into over ${most} tests`);
    },
  };
}

export type DetectionContext = { readonly placeholders: PlaceholderTable; readonly budget: TestBudget };

/** The detection under one search identifier: a map, a list of maps, a list of keywords, or one keyword. */
export function parseDetection(tree: YamlTree, context: DetectionContext): Detection {
  switch (tree.kind) {
    case 'map':
      return parseMap(tree, context);
    case 'list':
      if (tree.items.length === 0)
        throw new RefusedRule('invalid_detection', tree.line, 'A search identifier must not be an empty list');
      return { kind: 'any', of: tree.items.map((item) => parseListed(item, context)) };
    case 'scalar':
      return keyword(tree, context);
  }
}

function parseListed(tree: YamlTree, context: DetectionContext): Detection {
  if (tree.kind === 'list') throw new RefusedRule('invalid_detection', tree.line, 'A list must not hold a list');
  return tree.kind === 'map' ? parseMap(tree, context) : keyword(tree, context);
}

function parseMap(tree: YamlMap, context: DetectionContext): Detection {
  if (tree.entries.length === 0)
    throw new RefusedRule('invalid_detection', tree.line, 'A search identifier must not be an empty map');
  return { kind: 'all', of: tree.entries.map((entry) => ({ kind: 'item', item: parseItem(entry, context) })) };
}

function keyword(scalar: YamlScalar, context: DetectionContext): Detection {
  if (scalar.value === null) throw new RefusedRule('invalid_detection', scalar.line, 'A keyword must not be null');
  return { kind: 'item', item: parseItem({ key: '', line: scalar.line, value: scalar }, context) };
}

function parseItem(entry: YamlEntry, context: DetectionContext): DetectionItem {
  const [name = '', ...modifiers] = entry.key.split('|');
  const field = name.replaceAll(' ', '');
  for (const modifier of modifiers) {
    if (!knownModifiers.has(modifier))
      throw new RefusedRule('unknown_modifier', entry.line, `There is no modifier "${modifier}"`);
  }
  const isKeyword = field === '';
  if (isKeyword && (modifiers.includes('exists') || modifiers.includes('fieldref'))) {
    throw new RefusedRule('modifier_misuse', entry.line, `"${modifiers.join('|')}" needs the name of a field`);
  }
  const values = scalarsOf(entry).flatMap((scalar) => expanded(scalar, modifiers, context.placeholders));
  const tests = values.map(({ scalars, line }) =>
    scalars.flatMap((scalar) => {
      const unfolded = unfold(scalar, modifiers, line, isKeyword);
      context.budget.spend(unfolded.length, line);
      return unfolded;
    }),
  );
  return {
    field: isKeyword ? undefined : field,
    quantifier: modifiers.includes('all') ? 'all' : 'any',
    negated: modifiers.includes('neq'),
    values: tests,
    line: entry.line,
  };
}

function scalarsOf(entry: YamlEntry): readonly YamlScalar[] {
  const { value } = entry;
  if (value.kind === 'scalar') return [value];
  if (value.kind === 'map')
    throw new RefusedRule('invalid_detection', value.line, `The value of "${entry.key}" must not be a map`);
  if (value.items.length === 0)
    throw new RefusedRule('invalid_detection', value.line, `The list of "${entry.key}" must not be empty`);
  return value.items.map((item) => {
    if (item.kind !== 'scalar')
      throw new RefusedRule('invalid_detection', item.line, `The list of "${entry.key}" must hold plain values only`);
    if (item.value === null) throw new RefusedRule('invalid_detection', item.line, 'null must not stand in a list');
    return item;
  });
}

type ExpandedValue = { readonly scalars: readonly Pick<YamlScalar, 'value' | 'text'>[]; readonly line: number };

function expanded(scalar: YamlScalar, modifiers: readonly string[], placeholders: PlaceholderTable): ExpandedValue[] {
  const { value, line } = scalar;
  if (!modifiers.includes('expand') || typeof value !== 'string') return [{ scalars: [scalar], line }];
  const texts = expandPlaceholders(value, placeholders, modifiers.includes('re'));
  if ('fault' in texts) throw new RefusedRule(texts.code, line, `Cannot expand "${value}": ${texts.fault}`);
  return [{ scalars: texts.map((text) => ({ value: text, text })), line }];
}

function unfold(
  scalar: Pick<YamlScalar, 'value' | 'text'>,
  modifiers: readonly string[],
  line: number,
  isKeyword: boolean,
): readonly ValueTest[] {
  const tests = testsOf(scalar, modifiers);
  if ('fault' in tests) throw new RefusedRule(tests.code, line, `Cannot apply the modifiers: ${tests.fault}`);
  return isKeyword ? tests.map(asKeyword) : tests;
}

/** A keyword is looked for anywhere within each value. */
function asKeyword(test: ValueTest): ValueTest {
  if (test.kind !== 'pattern') return test;
  return { ...test, tokens: [{ kind: 'many' }, ...test.tokens, { kind: 'many' }] };
}

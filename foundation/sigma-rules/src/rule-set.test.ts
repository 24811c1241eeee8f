import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFullScan } from './full-scan.ts';
import { parseSigmaRules } from './parse-rules.ts';
import { loadSigmaRuleSet } from './rule-set.ts';
import type { SigmaRuleSet } from './rule-set.ts';

const rule = [
  'title: Tool',
  'id: r-1',
  'name: tool',
  'logsource: { category: process_creation, product: windows }',
  'detection:',
  '    sel:',
  '        Image|endswith: tool.exe',
  '    condition: sel',
].join('\n');
const filter = [
  'title: Administrators may',
  'id: f-1',
  'logsource: { category: process_creation, product: windows }',
  'filter:',
  '    rules: [tool]',
  '    sel:',
  '        User|startswith: adm_',
  '    condition: sel',
].join('\n');

function load(...texts: readonly string[]): SigmaRuleSet {
  return loadSigmaRuleSet(texts.map((text, index) => ({ file: `${index}.yml`, text })));
}

function matches(set: SigmaRuleSet, record: Readonly<Record<string, string>>): boolean {
  return createFullScan(set.rules).match(record).length > 0;
}

/** Codes and lines of the refusals. */
function refused(set: SigmaRuleSet): string {
  return set.refusals.map(({ file, code, line }) => `${file} ${code} ${line}`).join();
}

test('what a filter selects is no match of the rules it names, by name or id, wherever it stands; names of both stay apart', () => {
  for (const set of [load(rule, filter), load(filter.replace('[tool]', 'r-1'), rule)]) {
    assert.deepEqual(set.refusals, []);
    assert.equal(matches(set, { Image: 'C:\\tool.exe', User: 'bob' }), true);
    assert.equal(matches(set, { Image: 'C:\\tool.exe', User: 'adm_ann' }), false);
    assert.equal(matches(set, { Image: 'C:\\other.exe', User: 'bob' }), false);
    assert.deepEqual(
      set.filters.map(({ ruleIds }) => ruleIds),
      [['r-1']],
    );
  }
});

test('several filters of a rule all count, and what spoke for a match names nothing of a filter', () => {
  const other = filter.replace('f-1', 'f-2').replace('User|startswith: adm_', 'Host: lab');
  const set = load(rule, filter, other);
  assert.equal(matches(set, { Image: 'tool.exe', User: 'bob', Host: 'lab' }), false);
  const [match] = createFullScan(set.rules).match({ Image: 'tool.exe', User: 'bob', Host: 'desk' });
  assert.deepEqual(match?.matched, [{ field: 'Image', value: 'tool.exe' }]);
});

test('a filter of any rule is for the rules of its log source alone', () => {
  const any = filter.replace('[tool]', 'any');
  const elsewhere = rule
    .replace('r-1', 'r-2')
    .replace('product: windows', 'product: linux')
    .replace('name: tool\n', '');
  const everywhere = elsewhere.replace('r-2', 'r-3').replace(', product: linux', '');
  assert.deepEqual(load(rule, elsewhere, everywhere, any).filters[0]?.ruleIds, ['r-1']);
  assert.equal(refused(load(rule, any.replace(/logsource: .*/, 'logsource: {}'))), '1.yml invalid_filter 5');
});

test('what a filter cannot do is refused with its line, and the rules it names match as before', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['[tool]', '[tool, gone]', 'filter_reference 5'],
    ['product: windows', 'product: linux', 'filter_conflict 5'],
    ['id: f-1', 'id: f-1\ntaxonomy: ecs', 'filter_conflict 6'],
    ['condition: sel', 'condition: not sel', 'ambiguous_filter 8'],
    ['condition: sel', 'condition: not sel and not sel', 'ambiguous_filter 8'],
    ['condition: sel', 'condition: sel or not (sel and sel)', 'ambiguous_filter 8'],
    ['condition: sel', 'condition: other', 'unknown_identifier 8'],
    ['    rules: [tool]\n', '', 'missing_attribute 5'],
    ['[tool]', '[]', 'invalid_filter 5'],
    ['title: Administrators may', 'description: x', 'missing_attribute 1'],
  ];
  for (const [from, to, expected] of cases) {
    const set = load(rule, filter.replace(from, to));
    assert.equal(refused(set), `1.yml ${expected}`, to);
    const isApplied = expected.startsWith('filter_reference');
    assert.equal(matches(set, { Image: 'tool.exe', User: 'adm_ann' }), !isApplied, to);
  }
});

test('a field mapping gives the names of events, for presence in any of them, for absence in all', () => {
  const mapping = [
    'title: Beats',
    'field-mapping:',
    '    logsource: { product: windows }',
    '    fields:',
    '        Image: [Image, winlog.event_data.Image]',
    '        User: winlog.user',
  ].join('\n');
  const set = load(rule, filter, mapping);
  assert.deepEqual(set.refusals, []);
  assert.equal(matches(set, { 'winlog.event_data.Image': 'tool.exe' }), true);
  assert.equal(matches(set, { 'winlog.event_data.Image': 'tool.exe', 'winlog.user': 'adm_ann' }), false);
  const absent = load(rule.replace('Image|endswith: tool.exe', 'Image: null'), mapping);
  assert.equal(matches(absent, { Image: 'x' }), false);
  assert.equal(matches(absent, { 'winlog.event_data.Image': 'x' }), false);
  assert.equal(matches(absent, { other: 'x' }), true);
  const different = load(rule.replace('Image|endswith: tool.exe', 'Image|neq: tool.exe'), mapping);
  assert.equal(matches(different, { 'winlog.event_data.Image': 'tool.exe' }), false);
  assert.equal(matches(different, { 'winlog.event_data.Image': 'other.exe' }), true);
  const elsewhere = load(rule.replace('product: windows', 'product: linux'), mapping);
  assert.equal(matches(elsewhere, { 'winlog.event_data.Image': 'tool.exe' }), false);
});

test('the fields of a correlation go by the mapping of each rule', () => {
  const correlation =
    'title: C\ncorrelation:\n    type: event_count\n    rules: [tool]\n    group-by: [User]\n    timespan: 1m\n    condition: { gte: 2 }';
  const mapping = 'title: M\nfield-mapping:\n    logsource: { product: windows }\n    fields: { User: [a, b] }';
  assert.deepEqual(load(rule, correlation, mapping).correlations[0]?.members[0]?.groupFields, [['a', 'b']]);
});

test('a mapping or a table that is wrong is refused with its line', () => {
  const mapping = 'title: M\nfield-mapping:\n    logsource: { product: windows }\n    fields:\n        A: b';
  const table = 'title: T\nplaceholders:\n    Admins: [root]';
  const cases: readonly (readonly [string, string])[] = [
    [mapping.replace('A: b', 'A: []'), 'invalid_mapping 5'],
    [mapping.replace('A: b', 'A: "b|contains"'), 'invalid_mapping 5'],
    [mapping.replace('logsource: { product: windows }', 'logsource: {}'), 'invalid_mapping 3'],
    [mapping.replace('fields', 'feilds'), 'invalid_mapping 4'],
    [table.replace('[root]', '[]'), 'invalid_placeholders 3'],
    [table.replace('Admins', '"a b"'), 'invalid_placeholders 3'],
    [table.replace('\n    Admins: [root]', ' 1'), 'invalid_placeholders 1'],
  ];
  for (const [text, expected] of cases) assert.equal(refused(load(text)), `0.yml ${expected}`, text);
});

test('placeholder tables serve the rules of all files, the first table counts, and a name without values is refused', () => {
  const expanding = rule.replace('Image|endswith: tool.exe', 'User|expand: "%Admins%"');
  const table = 'title: T\nplaceholders:\n    Admins: [root, adm*]';
  const set = load(expanding, table, table.replace('[root, adm*]', '[nobody]'));
  assert.deepEqual(set.refusals, []);
  assert.equal(matches(set, { User: 'adm_ann' }), true);
  assert.equal(matches(set, { User: 'nobody' }), false);
  assert.equal(refused(load(expanding, table.replace('Admins', 'Others'))), '0.yml placeholder_without_values 7');
});

test('of two documents with one id the first is in force', () => {
  const set = load(rule, rule.replace('tool.exe', 'other.exe'));
  assert.deepEqual([set.rules.length, refused(set)], [1, '1.yml rule_not_taken 1']);
});

test('no text makes loading throw', () => {
  const lines = [rule, filter].join('\n---\n').split('\n');
  const words = fc.constantFrom('any', '[]', '{}', 'null', 'tool', '%x%', 'not sel', '1 of them', '- a', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(lines.length - 1), words), { maxLength: 4 }), (changes) => {
      const text = [...lines];
      for (const [line, word] of changes) text[line] = (text[line] ?? '').replace(/:.*$/, `: ${word}`);
      const { rules, refusals, filters } = load(text.join('\n'));
      assert.equal(parseSigmaRules(text.join('\n'), { file: 'x' }).rules.length >= rules.length, true);
      assert.ok(rules.length + refusals.length + filters.length > 0);
    }),
  );
});

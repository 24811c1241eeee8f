import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCondition } from './condition.ts';
import { compileRule } from './compile-rule.ts';
import { sigmaEventOf } from './event-view.ts';
import { parseSigmaRules } from './parse-rules.ts';
import { ruleText } from './try-detection.ts';

const whole = `title: Whole
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
name: whole_rule
related:
    - id: 08fbc97d-0a2f-491c-ae21-8ffcfd3174e9
      type: derived
status: test
description: All attributes
license: Apache-2.0
author: Somebody
references:
    - https://example.org
date: 2026-01-02
modified: 2026-02-03
tags:
    - attack.execution
    - attack.t1059.001
logsource:
    category: Process_Creation
    product: windows
    definition: anything
detection:
    sel:
        A: 1
    condition: sel
fields:
    - A
falsepositives:
    - none
level: high
scope: [server]
response: Look at the host.
custom: passed over
`;

test('every attribute of a rule is read', () => {
  const { rules, refusals } = parseSigmaRules(whole, { file: 'w.yml' });
  assert.deepEqual(refusals, []);
  const [rule] = rules;
  assert.ok(rule !== undefined);
  const { detections, condition, ...attributes } = rule;
  assert.deepEqual([...detections.keys()], ['sel']);
  assert.deepEqual(condition, { kind: 'identifier', name: 'sel' });
  assert.deepEqual(attributes, {
    id: '929a690e-bef0-4204-a928-ef5e620d6fcc',
    name: 'whole_rule',
    title: 'Whole',
    level: 'high',
    status: 'test',
    description: 'All attributes',
    author: 'Somebody',
    license: 'Apache-2.0',
    date: '2026-01-02',
    modified: '2026-02-03',
    taxonomy: 'sigma',
    tags: ['attack.execution', 'attack.t1059.001'],
    references: ['https://example.org'],
    falsepositives: ['none'],
    response: 'Look at the host.',
    fields: ['A'],
    scope: ['server'],
    related: [{ id: '08fbc97d-0a2f-491c-ae21-8ffcfd3174e9', type: 'derived' }],
    logsource: { category: 'process_creation', product: 'windows', service: undefined, definition: 'anything' },
    file: 'w.yml',
    line: 1,
  });
});

test('a file of several documents gives each rule and each refusal with its own line', () => {
  const correlation = 'title: C\ncorrelation:\n    type: event_count\n';
  const filter = 'title: F\nfilter:\n    rules: []\n';
  const broken = ruleText('sel:\n    A: 1\n    B|nonsense: 2');
  const text = [whole, correlation, filter, broken, ruleText('sel:\n    A: 1')].join('---\n');
  const { rules, refusals } = parseSigmaRules(text, { file: 'many.yml' });
  assert.deepEqual(
    rules.map((rule) => rule.line),
    [1, 53],
  );
  assert.deepEqual(
    refusals.map(({ file, line, ruleId, code }) => ({ file, line, ruleId, code })),
    [
      { file: 'many.yml', line: 37, ruleId: undefined, code: 'missing_attribute' },
      { file: 'many.yml', line: 39, ruleId: undefined, code: 'missing_attribute' },
      { file: 'many.yml', line: 50, ruleId: '0c7f3a4e-6f0e-4c89-9d3b-1a2b3c4d5e6f', code: 'unknown_modifier' },
    ],
  );
  assert.ok(refusals.every(({ reason }) => /^[A-Z].*[^.]$/.test(reason)));
});

test('documents that are no sound rule are refused', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['- a', 'not_a_rule'],
    ['just text', 'not_a_rule'],
    ['title: x', 'not_a_rule'],
    ['action: global', 'legacy_construct'],
    ['title: x\ndetection: {sel: {A: 1}, condition: sel}', 'missing_attribute'],
    ['logsource: {}\ndetection: {sel: {A: 1}, condition: sel}', 'missing_attribute'],
    ['title: x\nlogsource: {}\ndetection: {sel: {A: 1}}', 'missing_attribute'],
    ['title: x\nlogsource: {}\ndetection: {condition: sel}', 'invalid_detection'],
    ['title: x\nlogsource: {}\ndetection: text', 'invalid_detection'],
    ['title: x\nlogsource: {}\ndetection: {sel: {}, condition: sel}', 'invalid_detection'],
    ['title: x\nlogsource: {}\ndetection: {sel: [], condition: sel}', 'invalid_detection'],
    ['title: x\nlogsource: {}\ndetection: {sel: null, condition: sel}', 'invalid_detection'],
    ['title: x\nlogsource: {}\ndetection: {sel: {A: 1}, timeframe: 5m, condition: sel}', 'legacy_construct'],
    ['title: x\nlevel: severe\nlogsource: {}\ndetection: {sel: {A: 1}, condition: sel}', 'invalid_attribute'],
    [`title: ${'x'.repeat(300)}\nlogsource: {}\ndetection: {sel: {A: 1}, condition: sel}`, 'invalid_attribute'],
    ['title: x\nlogsource: text\ndetection: {sel: {A: 1}, condition: sel}', 'invalid_attribute'],
    ['title: x\ntitle: y', 'yaml_duplicate_key'],
    ['title: "x', 'yaml_syntax'],
    ['a: *nowhere', 'yaml_syntax'],
    ['<<: {a: 1}', 'yaml_syntax'],
    ['[a]: b', 'yaml_syntax'],
    ['['.repeat(5000), 'yaml_too_deep'],
    ['- '.repeat(5000), 'yaml_too_deep'],
    [`a: ${'['.repeat(40)}${']'.repeat(40)}`, 'yaml_too_deep'],
    ['a: &a [*a]', 'yaml_too_deep'],
  ];
  for (const [text, code] of cases) {
    const { rules, refusals } = parseSigmaRules(text, { file: 'x.yml' });
    assert.deepEqual([rules.length, refusals.map((refusal) => refusal.code)], [0, [code]], text.slice(0, 80));
    assert.ok((refusals[0]?.line ?? 0) >= 1);
  }
});

test('an empty file holds nothing, and a byte order mark and carriage returns do no harm', () => {
  const nothing = { rules: [], correlations: [], filters: [], mappings: [], placeholders: {}, refusals: [] };
  assert.deepEqual(parseSigmaRules('', { file: 'x.yml' }), nothing);
  assert.deepEqual(parseSigmaRules('# nothing\n---\n', { file: 'x.yml' }), nothing);
  assert.equal(parseSigmaRules(`\uFEFF${whole.replaceAll('\n', '\r\n')}`, { file: 'x.yml' }).rules.length, 1);
});

test('aliases are expanded, but not into billions', () => {
  const small = 'sel:\n    A: &list [a, b]\n    B: *list';
  assert.equal(parseSigmaRules(ruleText(small), { file: 'x.yml' }).rules.length, 1);
  const levels = Array.from(
    { length: 12 },
    (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}*a${index}]`,
  );
  const bomb = `a0: &a0 lol\n${levels.join('\n')}\n`;
  assert.deepEqual(
    parseSigmaRules(bomb, { file: 'x.yml' }).refusals.map(({ code }) => code),
    ['yaml_too_many_nodes'],
  );
});

test('a text over the limit is refused unread', () => {
  const { refusals } = parseSigmaRules(whole, { file: 'x.yml', maxLength: 100 });
  assert.deepEqual(
    refusals.map(({ code, line }) => [code, line]),
    [['text_too_large', 1]],
  );
});

test('keys of the prototype are names like any other', () => {
  const text = ruleText('sel:\n    __proto__: x\n    constructor: y');
  const [rule] = parseSigmaRules(text, { file: 'x.yml' }).rules;
  assert.ok(rule !== undefined);
  const evaluated = compileRule(rule);
  assert.equal(evaluated.matches(sigmaEventOf(JSON.parse('{"__proto__":"x","constructor":"y"}'))), true);
  assert.equal(evaluated.matches(sigmaEventOf({})), false);
});

const scalars = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    '0x10',
    '*',
    '\\*',
    "'|all'",
    '&a x',
    '*a',
    '[',
    '{',
    '"',
    '%p%',
    '!!binary a',
    '1 of them',
    'not',
    '|',
    '>',
    '---',
    '\t',
  ),
  fc.string({ maxLength: 12 }),
);
const keys = fc.oneof(
  fc.constantFrom(
    'title',
    'logsource',
    'detection',
    'condition',
    'sel',
    'A|re',
    'A|contains|all',
    'A|base64offset',
    "'|all'",
    '- B',
    'C|exists',
    'D|lt',
  ),
  fc.string({ maxLength: 8 }),
);

test('no YAML makes the parser throw', () => {
  const lines = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), keys, scalars), { maxLength: 12 });
  fc.assert(
    fc.property(lines, (parts) => {
      const text = parts.map(([depth, key, value]) => `${'    '.repeat(depth)}${key}: ${value}`).join('\n');
      for (const candidate of [text, ruleText(text.replaceAll('\n', '\n    '))]) {
        const { rules, refusals } = parseSigmaRules(candidate, { file: 'x.yml' });
        for (const rule of rules) compileRule(rule).matches(sigmaEventOf({ A: 'x', B: 1 }));
        for (const { line, reason } of refusals) assert.ok(line >= 1 && reason !== '');
      }
    }),
    { numRuns: 1500 },
  );
});

test('no condition makes the parser throw, and what it reads can be evaluated', () => {
  const words = fc.constantFrom(
    'a',
    'b',
    '_c',
    'and',
    'or',
    'not',
    '(',
    ')',
    '1',
    'all',
    'of',
    'them',
    'a*',
    '|',
    '*',
    'ANY',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(words, { maxLength: 14 }).map((list) => list.join(' ')),
        fc.string(),
      ),
      (text) => {
        const condition = parseCondition(text, ['a', 'b', '_c']);
        if ('fault' in condition) assert.notEqual(condition.fault, '');
      },
    ),
    { numRuns: 3000 },
  );
});

test('values that unfold into thousands are counted while they do, over all items and documents of a file', () => {
  const dashes = '-'.repeat(5);
  const values = Array.from({ length: 3000 }, () => `        - '${dashes}'`).join('\n');
  const one = ruleText(`sel:\n    F|windash|base64offset|contains:\n${values.replaceAll(/^ {4}/gm, '')}`);
  const many = Array.from({ length: 200 }, (_, at) =>
    ruleText(`sel:\n    F|windash|base64: '${dashes}'`).replace(/^id: .*$/m, `id: r-${at}`),
  ).join('---\n');
  const before = process.memoryUsage().heapUsed;
  for (const [text, rules] of [
    [one, 0],
    [many, 64],
  ] as const) {
    const parsed = parseSigmaRules(text, { file: 'bomb.yml' });
    assert.equal(parsed.rules.length, rules);
    assert.ok(parsed.refusals.length > 0 && parsed.refusals.every(({ code }) => code === 'too_complex'));
  }
  assert.ok(process.memoryUsage().heapUsed - before < 512 * 1024 * 1024);
});

test('texts that a database or the ledger would refuse are refused with the rule', () => {
  for (const attribute of ['title: "a\\0b"', 'title: "\\ud800"', 'author: "x\\0"', 'tags: ["attack.\\0"]']) {
    const name = attribute.split(':', 1)[0] ?? '';
    const text = `${ruleText('sel:\n    A: 1').replace(new RegExp(`^${name}: .*$`, 'm'), '')}${attribute}\n`;
    const { rules, refusals } = parseSigmaRules(text, { file: 'odd.yml' });
    assert.deepEqual([rules.length, refusals.map(({ code }) => code)], [0, ['invalid_attribute']], attribute);
  }
});

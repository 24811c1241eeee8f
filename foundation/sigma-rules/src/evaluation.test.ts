import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRule } from './compile-rule.ts';
import { sigmaEventOf } from './event-view.ts';
import { createFullScan } from './full-scan.ts';
import { parseSigmaRules } from './parse-rules.ts';
import { compiled, holds, refusalCode, ruleText } from './try-detection.ts';

test('a map is an AND, a list of maps an OR, a list of values an OR', () => {
  assert.equal(holds('sel:\n    A: 1\n    B: x', { A: 1, B: 'X' }), true);
  assert.equal(holds('sel:\n    A: 1\n    B: x', { A: 1 }), false);
  assert.equal(holds('sel:\n    - A: 1\n      B: x\n    - C: [y, z]', { C: 'Z' }), true);
  assert.equal(holds('sel:\n    - A: 1\n      B: x\n    - C: [y, z]', { A: 1, C: 'w' }), false);
});

test('null holds for an absent field and for null, the empty string for the empty string alone', () => {
  assert.equal(holds('sel:\n    F: null', {}), true);
  assert.equal(holds('sel:\n    F:', { F: null }), true);
  assert.equal(holds('sel:\n    F: null', { F: '' }), false);
  assert.equal(holds("sel:\n    F: ''", { F: '' }), true);
  assert.equal(holds("sel:\n    F: ''", { F: null }), false);
  assert.equal(holds("sel:\n    F: ''", {}), false);
  assert.equal(holds("sel:\n    F: '*'", { F: null }), false);
});

test('numbers and booleans are compared as values and as they are written', () => {
  assert.equal(holds('sel:\n    F: 4688', { F: '4688' }), true);
  assert.equal(holds("sel:\n    F: '4688'", { F: 4688 }), true);
  assert.equal(holds('sel:\n    F: 0x17', { F: '0x17' }), true);
  assert.equal(holds('sel:\n    F: 0x17', { F: 23 }), true);
  assert.equal(holds('sel:\n    F: 1.0', { F: 1 }), true);
  assert.equal(holds('sel:\n    F: 1', { F: '10' }), false);
  assert.equal(holds('sel:\n    F: true', { F: 'True' }), true);
  assert.equal(holds("sel:\n    F: 'true'", { F: true }), true);
  assert.equal(holds('sel:\n    F: true', { F: 1 }), false);
  assert.equal(holds('sel:\n    F|contains: 68', { F: 4688 }), true);
});

test('keywords look for a text inside every value, whatever its depth, and not in names', () => {
  const detection = "sel:\n    - 'evil*service'\n    - other";
  assert.equal(holds(detection, { a: { b: ['nothing', 'the EvilNewService started'] } }), true);
  assert.equal(holds(detection, { other: 'x' }), false);
  assert.equal(holds("sel:\n    '|all':\n        - one\n        - two", { a: 'one', b: 'xx TWO' }), true);
  assert.equal(holds("sel:\n    '|all':\n        - one\n        - two", { a: 'one' }), false);
  assert.equal(holds("sel:\n    '|re': '^o.e$'", { a: ['x', 'one'] }), true);
  assert.equal(holds('sel: word', { a: 'a word' }), true);
  assert.equal(holds('sel:\n    - 6', { a: 6 }), true);
  assert.equal(holds('sel:\n    - 6', { a: '16' }), false, 'a number must be the whole value');
});

test('field names have their spaces stripped on both sides and are cased', () => {
  assert.equal(holds('sel:\n    Threat Name: x', { ThreatName: 'x' }), true);
  assert.equal(holds('sel:\n    ThreatName: x', { 'Threat Name': 'x' }), true);
  assert.equal(holds('sel:\n    threatname: x', { 'Threat Name': 'x' }), false);
});

test('or binds least, then and, then not; parentheses bind most', () => {
  const parts = 'a:\n    A: 1\nb:\n    B: 1\nc:\n    C: 1\n';
  const cases: readonly (readonly [string, Record<string, number>, boolean])[] = [
    ['a or b and c', { A: 1 }, true],
    ['(a or b) and c', { A: 1 }, false],
    ['not a and b', { B: 1 }, true],
    ['not (a and b)', { B: 1 }, true],
    ['not a or b', { A: 1 }, false],
    ['not not a', { A: 1 }, true],
    ['a AND NOT b', { A: 1 }, true],
    ['a and not (b or c)', { A: 1, C: 1 }, false],
  ];
  for (const [condition, record, expected] of cases) {
    assert.equal(holds(`${parts}condition: ${condition}`, record), expected, condition);
  }
});

test('x of takes names and patterns, and leaves out names that begin with an underscore', () => {
  const parts = 'sel_a:\n    A: 1\nsel_b:\n    B: 1\n_hidden:\n    H: 1\nother:\n    O: 1\n';
  const cases: readonly (readonly [string, Record<string, number>, boolean])[] = [
    ['1 of sel_*', { B: 1 }, true],
    ['all of sel_*', { B: 1 }, false],
    ['all of sel_*', { A: 1, B: 1 }, true],
    ['1 of *_b', { B: 1 }, true],
    ['1 of s*_b', { A: 1 }, false],
    ['1 of them', { H: 1 }, false],
    ['all of them', { A: 1, B: 1, O: 1 }, true],
    ['1 of *', { H: 1 }, false],
    ['1 of _hid*', { H: 1 }, true],
    ['1 of them and _hidden', { O: 1, H: 1 }, true],
    ['any of sel*', { A: 1 }, true],
    ['2 of them', { A: 1, O: 1 }, true],
    ['2 of them', { A: 1, H: 1 }, false],
    ['not 1 of sel_*', { O: 1 }, true],
    ['1 of sel_a', { A: 1 }, true],
  ];
  for (const [condition, record, expected] of cases) {
    assert.equal(holds(`${parts}condition: ${condition}`, record), expected, condition);
  }
});

test('conditions of a list are joined with OR', () => {
  const detection = 'a:\n    A: 1\nb:\n    B: 1\ncondition:\n    - a\n    - b';
  assert.equal(holds(detection, { B: 1 }), true);
  assert.equal(holds(detection, { C: 1 }), false);
});

test('conditions that cannot be read are refused', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['sel and', 'condition_syntax'],
    ['(sel', 'condition_syntax'],
    ['sel)', 'condition_syntax'],
    ['sel sel', 'condition_syntax'],
    ["''", 'condition_syntax'],
    ['sel | count() > 5', 'condition_syntax'],
    ['some of sel', 'condition_syntax'],
    ['0 of sel', 'condition_syntax'],
    ['1 of', 'condition_syntax'],
    ['other', 'unknown_identifier'],
    ['1 of x*', 'unknown_identifier'],
    [`${'('.repeat(200)}sel${')'.repeat(200)}`, 'too_complex'],
    [`${'not '.repeat(200)}sel`, 'too_complex'],
    [`sel${' or sel'.repeat(2000)}`, 'too_complex'],
    ['[]', 'condition_syntax'],
    ['5', 'condition_syntax'],
  ];
  for (const [condition, code] of cases)
    assert.equal(refusalCode(`sel:\n    A: 1\ncondition: ${condition}`), code, condition);
});

test('matchedFields names what spoke for the match and nothing that stands under not', () => {
  const rule = compiled(
    'sel:\n    A|contains: [x, y]\n    B: null\nkey:\n    - word\nflt:\n    C: 1\ncondition: (sel or key) and not flt',
  );
  assert.ok(!('code' in rule));
  const event = sigmaEventOf({ A: 'an Y here', D: { E: 'some word' }, C: 2 });
  assert.deepEqual(rule.matchedFields(event), [
    { field: 'A', value: 'an Y here' },
    { field: 'B', value: null },
    { field: 'D.E', value: 'some word' },
  ]);
  assert.deepEqual(rule.matchedFields(sigmaEventOf({ C: 1 })), []);
});

test('matchedFields is bounded', () => {
  const rule = compiled(`sel:\n${Array.from({ length: 200 }, (_, index) => `    F${index}|contains: a`).join('\n')}`);
  assert.ok(!('code' in rule));
  const record = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`F${index}`, 'a'.repeat(10_000)]));
  const fields = rule.matchedFields(sigmaEventOf(record));
  assert.equal(fields.length, 64);
  assert.ok(fields.every(({ value }) => typeof value === 'string' && value.length === 2048));
});

test('a full scan gives every rule that matches, in order, and none whose log source contradicts', () => {
  const texts = [
    ruleText('sel:\n    A: 1', 'product: windows'),
    ruleText('sel:\n    A: 1', 'product: linux'),
    ruleText('sel:\n    A: 2', 'product: windows'),
    ruleText('sel:\n    A: 1', 'category: process_creation'),
  ];
  const rules = texts.flatMap((text, index) => parseSigmaRules(text, { file: `${index}.yml` }).rules);
  const scan = createFullScan(rules);
  const record = { Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, A: 1 };
  assert.deepEqual(
    scan.match(record).map(({ rule }) => rule.file),
    ['0.yml', '3.yml'],
  );
  assert.deepEqual(
    scan.match({ A: 1 }).map(({ rule }) => rule.file),
    ['0.yml', '1.yml', '3.yml'],
    'unknown sources are evaluated',
  );
});

test('a rule survives being sent as plain data', () => {
  const [rule] = parseSigmaRules(ruleText("sel:\n    A|re: 'b+'\n    B|cidr: 10.0.0.0/8"), { file: 'a.yml' }).rules;
  assert.ok(rule !== undefined);
  const copy = compileRule(structuredClone(rule));
  assert.equal(copy.matches(sigmaEventOf({ A: 'abbc', B: '10.0.0.1' })), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compileExceptionCondition,
  compileGroupCondition,
  exactTextsOf,
  exceptionConditionLimits,
  loadSigmaRuleSet,
  parseExceptionCondition,
  sigmaEventOf,
} from './index.ts';

const rule = `title: Tool
id: tool
logsource: {product: windows}
detection:
  sel: {Image: x}
  condition: sel
---
title: Names
field-mapping:
  logsource: {product: windows}
  fields: {user: [Who, Whom]}
`;

function conditionOf(text: string) {
  const parsed = parseExceptionCondition(text);
  return parsed.kind === 'condition' ? parsed.condition : assert.fail(parsed.refusal.reason);
}

test('a condition is evaluated as a filter of the rule would be: fields by the names of its log source, letters in any case', () => {
  const { rules, mappings } = loadSigmaRuleSet([{ file: 'a.yml', text: rule }]);
  const [tool] = rules;
  assert.ok(tool);
  const condition = conditionOf("a:\n  user|startswith: 'svc-'\nb:\n  Host: h1\ncondition: a and not b\n");
  const holds = compileExceptionCondition(condition, tool, mappings);
  const on = (record: Readonly<Record<string, string>>): boolean => holds(sigmaEventOf(record));
  assert.deepEqual(
    [on({ Whom: 'SVC-backup' }), on({ Who: 'svc-a', Host: 'H1' }), on({ user: 'svc-a' }), on({})],
    [true, false, false, false],
  );
});

test('a condition of a group sees its values and numbers, and exact texts leave patterns out', () => {
  const condition = conditionOf("a:\n  User: [alice, 'b*']\n  events|lt: 5\ncondition: a\n");
  const holds = compileGroupCondition(condition);
  assert.deepEqual([holds({ User: 'ALICE', events: 4 }), holds({ User: 'alice', events: 5 })], [true, false]);
  assert.deepEqual(exactTextsOf(condition), ['alice']);
});

test('what cannot be honoured is refused with line and reason; what selects everything else, and too much, too', () => {
  const refused = (text: string): string => {
    const parsed = parseExceptionCondition(text);
    return parsed.kind === 'refused' ? `${parsed.refusal.code} ${parsed.refusal.line}` : 'taken';
  };
  assert.equal(refused('a:\n  User: x\ncondition: not a\n'), 'ambiguous_filter 1');
  assert.equal(refused('a:\n  User|unheard: x\ncondition: a\n'), 'unknown_modifier 2');
  assert.equal(refused('a:\n  User|expand: "%x%"\ncondition: a\n'), 'placeholder_without_values 2');
  assert.equal(refused('a:\n  User: x\n'), 'missing_attribute 1');
  assert.equal(refused('a:\n  User: x\ncondition: a\n---\nb: 1\n'), 'not_a_rule 5');
  assert.equal(refused('- a\n'), 'not_a_rule 1');
  assert.equal(refused(''), 'not_a_rule 1');
  assert.equal(refused('x'.repeat(exceptionConditionLimits.maxLength + 1)), 'text_too_large 1');
  const many = Array.from({ length: exceptionConditionLimits.maxTests + 1 }, (_, at) => `x${at}`);
  assert.match(refused(`a:\n  User: [${many.join(',')}]\ncondition: a\n`), /^too_complex/);
});

test('no text makes reading a condition throw', () => {
  const words = fc.constantFrom('a', 'condition', 'not', '|re', ':', '\n', '  ', '*', '[', '{', '&x', '*x', '- ', '"');
  const texts = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(words, { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseExceptionCondition(text);
      if (parsed.kind === 'refused') assert.ok(parsed.refusal.line >= 1 && parsed.refusal.reason !== '');
    }),
  );
});

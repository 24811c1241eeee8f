import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadSigmaRuleSet } from '@sallyport/sigma-rules';
import { createRuleContext } from './rule-context.ts';
import { schemaModifiers } from './schema-help.ts';
import { ruleText, uuid } from './documents.fixture.ts';

const inForce = ['Image', 'CommandLine', 'User'].map((field, order) => ({
  file: `bundled/${order}.yml`,
  text: ruleText('known', uuid(100 + order)).replace('Image|endswith', field),
}));
const context = createRuleContext([
  ...inForce,
  {
    file: 'bundled/filter.yml',
    text: `title: f\nlogsource:\n  product: windows\nfilter:\n  rules: [${uuid(100)}]\n  sel:\n    User: SYSTEM\n  condition: sel\n`,
  },
]);
const check = (text: string, replaces?: string) =>
  context.check({ file: 'library/x/1.yml', text, ...(replaces === undefined ? {} : { replaces }) });
const codes = (text: string): readonly string[] => check(text).warnings.map(({ code }) => code);

test('a sound rule has no remarks; what is odd is told with its line', () => {
  assert.deepEqual(check(ruleText('a')).warnings, []);
  const text = ruleText('a')
    .replace('Image|endswith', 'Imge|endswith')
    .replace('condition: sel', "condition: sel and any\n  any:\n    CommandLine: '*'");
  const { warnings, parts } = check(text);
  assert.deepEqual(
    warnings.map(({ line, code }) => [line, code]),
    [
      [10, 'field_unknown'],
      [13, 'wildcard_only'],
    ],
  );
  assert.match(warnings[0]?.message ?? '', /"Imge".*"Image"/);
  assert.deepEqual(parts[0]?.fields, ['Imge', 'CommandLine']);
});

test('a rule without id, level, description or technique, with an id that is taken, or of an unknown source is remarked on', () => {
  assert.deepEqual(
    codes('title: a\nlogsource: { product: vms }\ndetection: { sel: { a: b }, condition: sel }\n').toSorted(),
    ['description_missing', 'id_missing', 'level_missing', 'log_source_unknown', 'technique_missing'],
  );
  assert.deepEqual(codes(ruleText('a', uuid(100))), ['id_taken']);
  assert.deepEqual(codes(ruleText('a', 'my-rule')), ['id_not_uuid']);
  const own = createRuleContext([{ file: 'library/x/1.yml', text: ruleText('a') }]);
  const again = own.check({ file: 'library/x/2.yml', text: ruleText('b'), replaces: 'library/x/' });
  assert.equal(
    again.warnings.some(({ code }) => code === 'id_taken'),
    false,
  );
});

test('a correlation finds the rules in force that it counts, and says which files it needs', () => {
  const text = `title: c\nid: ${uuid(9)}\ncorrelation:\n  type: event_count\n  rules: [${uuid(101)}]\n  timespan: 1h\n  condition: { gte: 2 }\n`;
  const { parts, refusals, contextFiles } = check(text);
  assert.deepEqual(refusals, []);
  assert.deepEqual(
    parts.map(({ kind }) => kind),
    ['correlation'],
  );
  assert.deepEqual(contextFiles.toSorted(), ['bundled/1.yml', 'bundled/filter.yml']);
  const gone = check(text.replace(uuid(101), uuid(999)));
  assert.deepEqual(
    gone.refusals.map(({ line, code }) => [line, code]),
    [[1, 'correlation_reference']],
  );
});

test('what is refused here is what the whole set refuses, at the same line', () => {
  for (const text of [
    'title: [',
    'a: b',
    ruleText('a').replace('endswith', 'nowhere'),
    `${ruleText('a')}---\n${ruleText('b')}`,
    '',
  ]) {
    const source = { file: 'library/x/1.yml', text };
    const whole = loadSigmaRuleSet([source]).refusals.map(({ line, reason }) => ({ line, message: reason }));
    const found = check(text).refusals.map(({ line, message }) => ({ line, message }));
    assert.deepEqual(found, text === '' ? [{ line: 1, message: 'There is no rule in the text' }] : whole, text);
  }
});

test('garbage is refused and never thrown', () => {
  const broken = fc.array(
    fc.constantFrom(...ruleText('a').split(/(?<=[\n: ])/), '{', '- ', '"', '\t', '&a ', '*a', '|', '---\n'),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        broken.map((parts) => parts.join('')),
      ),
      (text) => {
        const { parts, refusals } = check(text);
        assert.ok(parts.length + refusals.length > 0 || text.includes('placeholders'));
      },
    ),
    { numRuns: 300 },
  );
});

test('what rules in force look at is offered, the most usual first', () => {
  const { logSources, tags } = context.vocabulary();
  assert.deepEqual(logSources, [
    { category: 'process_creation', product: 'windows', rules: 3, fields: ['CommandLine', 'Image', 'User'] },
  ]);
  assert.deepEqual(tags, ['attack.t1059']);
});

test('the help knows every modifier that rules may use, and no other', () => {
  const accepted = (modifier: string): boolean =>
    !loadSigmaRuleSet([
      {
        file: 'a',
        text: `title: a\nlogsource: { product: a }\ndetection:\n  sel:\n    A|${modifier}: 1\n  condition: sel\n`,
      },
    ]).refusals.some(({ code }) => code === 'unknown_modifier');
  for (const { name } of schemaModifiers) assert.equal(accepted(name), true, name);
  assert.equal(accepted('sideways'), false);
  assert.equal(new Set(schemaModifiers.map(({ name }) => name)).size, 31);
});

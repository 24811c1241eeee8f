import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sigmaEventOf } from '../event-view.ts';
import { createFullScan } from '../full-scan.ts';
import type { RuleMatch } from '../full-scan.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { logSourceFields, logSourceOf, logSourceOfFields } from '../log-source.ts';
import { parseSigmaRules } from '../parse-rules.ts';
import type { SigmaRule } from '../rule.ts';
import { ruleText } from '../try-detection.ts';
import { createIndexedMatcher } from './indexed-matcher.ts';
import { eventArbitrary, ruleArbitrary } from './rules-and-events.fixture.ts';

/** What a match says, comparable and readable. */
const told = (matches: readonly RuleMatch[]): JsonValue =>
  matches.map(({ rule, matched }) => [rule.id, ...matched.map(({ field, value }) => [field, value])]);

function parsed(texts: readonly string[]): SigmaRule[] {
  return texts.flatMap((text, order) => [...parseSigmaRules(text, { file: `${order}.yml`, placeholders }).rules]);
}
const placeholders = { who: ['admin', 'ro*t', '-enc'] };

test('the indexed matcher gives the rules, order and fields that the full scan gives, for any rules and events', () => {
  let taken = 0;
  let matched = 0;
  fc.assert(
    fc.property(
      fc.array(ruleArbitrary, { minLength: 1, maxLength: 12 }),
      fc.array(eventArbitrary, { minLength: 1, maxLength: 6 }),
      (texts, events) => {
        const rules = parsed(texts);
        const indexed = createIndexedMatcher(rules);
        const fullScan = createFullScan(rules);
        taken += rules.length;
        for (const event of events) {
          const wanted = told(fullScan.match(event));
          matched += Array.isArray(wanted) ? wanted.length : 0;
          assert.deepEqual(told(indexed.match(event)), wanted);
          assert.deepEqual(told(indexed.matchEvent(sigmaEventOf(event))), wanted);
          const source = { product: 'windows', category: ['process_creation'] };
          assert.deepEqual(told(indexed.match(event, source)), told(fullScan.match(event, source)));
        }
      },
    ),
    { numRuns: 250 },
  );
  assert.ok(taken > 500 && matched > 500, `the test looked at ${taken} rules and ${matched} matches`);
});

test('fields laid over a record hide its own of that name, for every rule', () => {
  const laid = sigmaEventOf({ over: { a: 'cmd', b: 7 } });
  fc.assert(
    fc.property(fc.array(ruleArbitrary, { minLength: 1, maxLength: 6 }), eventArbitrary, (texts, event) => {
      const rules = parsed(texts.map((text) => text.replaceAll('"a.b', '"over.a').replaceAll('"Image', '"over.b')));
      const record = { ...event, over: { a: 'x', c: 'cmd' }, 'over.b': 'y' };
      const view = sigmaEventOf(record);
      const valuesOf = (field: string) => (field.startsWith('over.') ? laid.valuesOf(field) : view.valuesOf(field));
      const scanned = createIndexedMatcher(rules, { laidOverPrefix: 'over.' }).scan(record, {
        laidOver: laid.valuesOf,
      });
      assert.deepEqual(told(scanned.matches), told(createFullScan(rules).matchEvent({ ...view, valuesOf })));
      assert.equal(scanned.truncated, view.truncated);
      assert.equal(scanned.hasInexactNumber, view.hasInexactNumber);
    }),
    { numRuns: 100 },
  );
});

test('what an event left behind is not seen by the next', () => {
  const rules = parsed([
    ruleText('sel:\n    Image|endswith: cmd.exe\n    CommandLine|contains: whoami'),
    ruleText('sel:\n    list: null').replace('5e6f', '5e70'),
  ]);
  const indexed = createIndexedMatcher(rules);
  const whole = { Image: 'cmd.exe', CommandLine: 'whoami', list: [null] };
  assert.equal(indexed.match(whole).length, 2);
  assert.equal(indexed.match({ Image: 'cmd.exe', list: 'x' }).length, 0);
  assert.equal(indexed.match({ CommandLine: 'whoami', list: {} }).length, 0);
  assert.equal(indexed.match(whole).length, 2);
});

test('what is laid over an empty record is seen, and one character is not none', () => {
  const rules = parsed([
    ruleText('sel:\n    over.a: cmd'),
    ruleText('sel:\n    Image|endswith: ?cmd').replace('5e6f', '5e70'),
  ]);
  const indexed = createIndexedMatcher(rules, { laidOverPrefix: 'over.' });
  const { valuesOf } = sigmaEventOf({ over: { a: 'cmd' } });
  assert.equal(indexed.scan({}, { laidOver: valuesOf }).matches.length, 1);
  for (const [image, count] of [
    ['cmd', 0],
    ['xcmd', 1],
  ] as const)
    assert.equal(indexed.match({ Image: image }).length, count);
});

test('a source is known from the listed fields alone', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(...logSourceFields, 'Image'),
        fc.constantFrom(
          '1',
          'x',
          'SYSCALL',
          's3.amazonaws.com',
          'sshd',
          'audit(1',
          '/subscriptions/',
          'Security',
          'audit.k8s.io/v1',
        ),
      ),
      (record) => {
        const asked = new Set<string>();
        const ask = (field: string): string | undefined => {
          asked.add(field);
          return sigmaEventOf(record).valuesOf(field)?.[0]?.text;
        };
        assert.deepEqual(
          logSourceOfFields(ask, (field) => ask(field) !== undefined),
          logSourceOf(record),
        );
        assert.deepEqual(
          [...asked].filter((field) => !logSourceFields.includes(field)),
          [],
        );
      },
    ),
  );
});

test('hostile records cost no more than their size: ten thousand fields, depth, long values, invented names', () => {
  const rules = parsed([
    ruleText('sel:\n    CommandLine|contains:\n        - aaaaaaab\n        - -enc\n        - 😀\n    a|re: (x+x+)+y'),
    ruleText('keywords:\n    - needle\ncondition: keywords').replace('5e6f', '5e70'),
  ]);
  const indexed = createIndexedMatcher(rules);
  const fullScan = createFullScan(rules);
  const wide: JsonObject = Object.fromEntries(Array.from({ length: 10_000 }, (_, order) => [`f${order}`, `v${order}`]));
  const deep: JsonObject = JSON.parse(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`);
  const long = 'a'.repeat(2_000_000);
  const records: JsonObject[] = [
    wide,
    deep,
    { CommandLine: `${long}b😀`, a: `${'x'.repeat(50_000)}y` },
    { CommandLine: long, text: `${long} NEEDLE` },
    { ...wide, CommandLine: 'aaaaaaab', a: 'xxy' },
    { list: Array.from({ length: 9_000 }, () => 'aaaaaaab') },
    JSON.parse('{"__proto__":{"CommandLine":"-enc"},"CommandLine":"-enc","a":"xxy"}'),
  ];
  for (const record of records) assert.deepEqual(told(indexed.match(record)), told(fullScan.match(record)));
  assert.equal(indexed.scan(wide).truncated, true);
  assert.equal(indexed.scan(deep).truncated, true);
  assert.equal(indexed.scan({ a: 2 ** 60, b: [1] }, { unlessInexact: true }).hasInexactNumber, true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventSearchError } from './errors.ts';
import { parseInstant } from './instant.ts';
import { parseQuery } from './query-language.ts';
import { searchLimits } from './search-request.ts';
import type { Condition, Filter } from './search-request.ts';

const tree = (query: string): Condition | undefined => parseQuery(query).condition;

/** The tree in one line, fully bracketed. */
function shown(condition: Condition | undefined): string {
  if (condition === undefined) return '';
  switch (condition.kind) {
    case 'filter': {
      const { field, op, value } = condition.filter;
      return `${field} ${op}${value === undefined ? '' : ` ${String(value)}`}`;
    }
    case 'text':
      return `"${condition.text}"`;
    case 'not':
      return `not(${shown(condition.part)})`;
    case 'all':
      return `(${condition.parts.map(shown).join(' & ')})`;
    case 'any':
      return `(${condition.parts.map(shown).join(' | ')})`;
  }
}

function filters(condition: Condition | undefined): Filter[] {
  if (condition === undefined || condition.kind === 'text') return [];
  if (condition.kind === 'filter') return [condition.filter];
  if (condition.kind === 'not') return filters(condition.part);
  return condition.parts.flatMap(filters);
}

test('a query is cut into filters, words and what must not be', () => {
  assert.equal(
    shown(tree(String.raw`class:1007 user:alice raw.Image:*\cmd.exe -host:web1 "free text" -"not this" word`)),
    String.raw`(class eq 1007 & user eq alice & raw.Image wildcard *\cmd.exe & not(host eq web1) & "free text" & not("not this") & "word")`,
  );
});

test('AND binds closer than OR, NOT closer than both, and brackets closest', () => {
  assert.equal(shown(tree('a OR b c')), '("a" | ("b" & "c"))');
  assert.equal(shown(tree('a AND b OR c AND d')), '(("a" & "b") | ("c" & "d"))');
  assert.equal(shown(tree('(a OR b) c')), '(("a" | "b") & "c")');
  assert.equal(shown(tree('NOT a b')), '(not("a") & "b")');
  assert.equal(shown(tree('-(a OR user:b) c')), '(not(("a" | user eq b)) & "c")');
  assert.equal(shown(tree('NOT NOT -a')), 'not(not(not("a")))');
  assert.equal(shown(tree('a OR b OR (c)')), '("a" | "b" | "c")');
  assert.equal(shown(tree('(user:alice)AND(host:web1)')), '(user eq alice & host eq web1)');
  assert.equal(shown(tree('cmd:foo(x) OR bar(y)')), '(cmd eq foo(x) | "bar(y)")');
  assert.equal(shown(tree('((cmd:foo(x)))')), 'cmd eq foo(x)');
});

test('operators in quotes and in small letters are words, and the small ones are pointed out', () => {
  assert.equal(shown(tree('a "OR" b')), '("a" & "OR" & "b")');
  assert.equal(shown(tree('ORDER ANDROID NOTE')), '("ORDER" & "ANDROID" & "NOTE")');
  const { condition, hints } = parseQuery('a or b');
  assert.equal(shown(condition), '("a" & "or" & "b")');
  assert.match(hints.join(), /“or” was searched for as a word/);
  assert.deepEqual(parseQuery('a OR b').hints, []);
});

test('two backslashes mean two, and where nothing is found that is said of every value that doubles them out of habit', () => {
  const doubled = parseQuery(String.raw`raw.Image:*\\cmd.exe`);
  assert.equal(shown(doubled.condition), String.raw`raw.Image wildcard *\\cmd.exe`);
  assert.deepEqual(doubled.hints, []);
  assert.match(doubled.emptyHints.join(), /two backslashes in a row.* one is written as one: raw\.Image:\*\\cmd\.exe$/);
  assert.equal(parseQuery(String.raw`a:(x\\y z\\w)`).emptyHints.length, 2);
  for (const fine of [String.raw`a:*\cmd.exe`, String.raw`a:"x\\y"`, String.raw`a:C:\dir\\*`])
    assert.deepEqual(parseQuery(fine).emptyHints, [], fine);
});

test('each way to compare is understood', () => {
  const one = (query: string) => filters(tree(query));
  assert.deepEqual(one('a:>5 a:>=5 a:<5 a:<=5'), [
    { field: 'a', op: 'gt', value: '5' },
    { field: 'a', op: 'gte', value: '5' },
    { field: 'a', op: 'lt', value: '5' },
    { field: 'a', op: 'lte', value: '5' },
  ]);
  assert.deepEqual(one('a:*'), [{ field: 'a', op: 'exists' }]);
  assert.deepEqual(one('a:"*"'), [{ field: 'a', op: 'eq', value: '*' }]);
  assert.deepEqual(one('a:""'), [{ field: 'a', op: 'eq', value: '' }]);
  assert.deepEqual(one('a:(x "y z")'), [{ field: 'a', op: 'in', value: ['x', 'y z'] }]);
  assert.deepEqual(one('a:(x OR y)'), [{ field: 'a', op: 'in', value: ['x', 'y'] }]);
  assert.equal(shown(tree('a:(x* "y*" 10.0.0.0/8)')), '(a wildcard x* | a eq y* | a cidr 10.0.0.0/8)');
  assert.deepEqual(one('a:10.0.0.0/8'), [{ field: 'a', op: 'cidr', value: '10.0.0.0/8' }]);
  assert.deepEqual(one('a:10.0.0.0/99'), [{ field: 'a', op: 'eq', value: '10.0.0.0/99' }]);
  assert.deepEqual(one(String.raw`a:"q\"\\ \n"`), [{ field: 'a', op: 'eq', value: String.raw`q"\ \n` }]);
});

test('addresses and Windows paths are text, not fields', () => {
  for (const text of [
    'https://example.com/a',
    String.raw`C:\Windows`,
    '10:30',
    ':x',
    'fe80::1',
    'dead:beef::1',
    'de:ad:be:ef:00:01',
  ]) {
    assert.equal(shown(tree(text)), `"${text}"`);
    assert.equal(shown(tree(`(${text})`)), `"${text}"`);
    assert.equal(shown(tree(`-${text}`)), `not("${text}")`);
  }
  assert.equal(shown(tree(String.raw`file:C:\Windows`)), String.raw`file eq C:\Windows`);
  assert.equal(shown(tree('src:fe80::1')), 'src eq fe80::1');
});

test('what is left open or misplaced is refused with its place', () => {
  const wrong = [
    '"open',
    'a:"open',
    'a:(x',
    'a:()',
    'a:',
    'a:>',
    'x'.repeat(9000),
    '(a',
    'a)',
    '()',
    'OR a',
    'a OR',
    'a OR OR b',
    'AND',
    'a AND',
    'a AND OR b',
    'NOT',
    '-()',
    'a:(x AND y)',
    `${'('.repeat(searchLimits.maxDepth + 2)}a${')'.repeat(searchLimits.maxDepth + 2)}`,
    `${'-'.repeat(searchLimits.maxDepth + 2)}a`,
    'NOT '.repeat(2000),
    '('.repeat(8000),
    'a '.repeat(200),
  ];
  for (const query of wrong) assert.throws(() => parseQuery(query), { code: 'query_invalid' }, query.slice(0, 40));
  assert.throws(() => parseQuery('b a:"x'), /character 5/);
  const told: [string, RegExp][] = [
    ['b (x', /the bracket opened at character 3 is not closed/],
    ['class:1007 user:alice (', /the bracket opened at character 23 is not closed/],
    ['(a OR (b', /the bracket opened at character 7 is not closed/],
    ['a:(x', /the bracket opened at character 3 is not closed/],
    ['a ()', /the brackets at character 3 hold nothing/],
    ['a OR ', /a term must stand at character 6/],
  ];
  for (const [query, message] of told) assert.throws(() => parseQuery(query), { message }, query);
  assert.throws(() => parseQuery('(a'), { hint: /^close it with \)/ });
});

test('any text is a query or is refused, never anything else, and in time', () => {
  const sign = fc.constantFrom(
    '"',
    '\\',
    '(',
    ')',
    ':',
    '-',
    '*',
    '?',
    '>',
    '=',
    ' ',
    'a',
    'raw.',
    '/',
    '\n',
    '😀',
    'OR',
    'AND ',
    ' NOT ',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: sign, maxLength: 200 }), fc.string()), (query) => {
      try {
        parseQuery(query);
      } catch (error) {
        assert.ok(error instanceof EventSearchError && error.code === 'query_invalid');
      }
    }),
    { numRuns: 3000 },
  );
});

/** A tree written down with brackets everywhere, or only where the language needs them, is the same tree. */
test('a query means what it was written from', () => {
  const leaf: fc.Arbitrary<Condition> = fc.oneof(
    fc.constantFrom('x', 'foo', 'OR', 'and', 'a(b)').map((text): Condition => ({ kind: 'text', text, isPhrase: true })),
    fc
      .string({ unit: 'binary' })
      .map((value): Condition => ({ kind: 'filter', filter: { field: 'user', op: 'eq', value } })),
  );
  const { node } = fc.letrec<{ node: Condition }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      tie('node').map((part): Condition => ({ kind: 'not', part })),
      fc
        .tuple(fc.constantFrom('all' as const, 'any' as const), fc.array(tie('node'), { minLength: 2, maxLength: 3 }))
        .map(([kind, parts]): Condition => ({ kind, parts })),
    ),
  }));
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const written = (condition: Condition): string => {
    switch (condition.kind) {
      case 'filter':
        return `user:${quoted(String(condition.filter.value))}`;
      case 'text':
        return quoted(condition.text);
      case 'not':
        return `NOT ${written(condition.part)}`;
      case 'all':
        return `(${condition.parts.map(written).join(' ')})`;
      case 'any':
        return `(${condition.parts.map(written).join(' OR ')})`;
    }
  };
  fc.assert(fc.property(node, (condition) => assert.deepEqual(tree(written(condition)), condition)));
});

test('a time is read from ISO 8601 or milliseconds and from nothing else', () => {
  assert.equal(parseInstant('2026-03-01'), Date.UTC(2026, 2, 1));
  assert.equal(parseInstant('2026-03-01T12:00'), Date.UTC(2026, 2, 1, 12));
  assert.equal(parseInstant('2026-03-01T12:00:00.5+02:00'), Date.UTC(2026, 2, 1, 10, 0, 0, 500));
  assert.equal(parseInstant('1700000000000'), 1_700_000_000_000);
  const wrong = ['', 'now', '2026-13-01', '2026-3-1', -5, Number.NaN, '1e3', '2026-02-30', '2026-12-31T23:59:60Z'];
  for (const time of wrong) assert.equal(parseInstant(time), undefined, String(time));
});

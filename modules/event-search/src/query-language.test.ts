import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventSearchError } from './errors.ts';
import { parseInstant } from './instant.ts';
import { parseQuery } from './query-language.ts';

function filters(query: string) {
  return parseQuery(query).where;
}

test('a query is cut into filters, words and what must not be', () => {
  assert.deepEqual(
    parseQuery(String.raw`class:1007 user:alice raw.Image:*\cmd.exe -host:web1 "free text" -"not this" word`),
    {
      where: [
        { field: 'class', op: 'eq', value: '1007' },
        { field: 'user', op: 'eq', value: 'alice' },
        { field: 'raw.Image', op: 'wildcard', value: String.raw`*\cmd.exe` },
        { field: 'host', op: 'eq', value: 'web1', negated: true },
      ],
      text: 'free text word',
      excludedTexts: ['not this'],
    },
  );
});

test('each way to compare is understood', () => {
  assert.deepEqual(filters('a:>5 a:>=5 a:<5 a:<=5'), [
    { field: 'a', op: 'gt', value: '5' },
    { field: 'a', op: 'gte', value: '5' },
    { field: 'a', op: 'lt', value: '5' },
    { field: 'a', op: 'lte', value: '5' },
  ]);
  assert.deepEqual(filters('a:*'), [{ field: 'a', op: 'exists' }]);
  assert.deepEqual(filters('a:"*"'), [{ field: 'a', op: 'eq', value: '*' }]);
  assert.deepEqual(filters('a:""'), [{ field: 'a', op: 'eq', value: '' }]);
  assert.deepEqual(filters('a:(x "y z")'), [{ field: 'a', op: 'in', value: ['x', 'y z'] }]);
  assert.deepEqual(filters('a:10.0.0.0/8'), [{ field: 'a', op: 'cidr', value: '10.0.0.0/8' }]);
  assert.deepEqual(filters('a:10.0.0.0/99'), [{ field: 'a', op: 'eq', value: '10.0.0.0/99' }]);
  assert.deepEqual(filters(String.raw`a:"q\"\\ \n"`), [{ field: 'a', op: 'eq', value: String.raw`q"\ \n` }]);
});

test('addresses and Windows paths are text, not fields', () => {
  for (const text of ['https://example.com/a', String.raw`C:\Windows`, '10:30', ':x', '-']) {
    assert.deepEqual(filters(text), [], text);
  }
  assert.deepEqual(filters(String.raw`file:C:\Windows`), [{ field: 'file', op: 'eq', value: String.raw`C:\Windows` }]);
});

test('what is left open is refused with its place', () => {
  for (const query of ['"open', 'a:"open', 'a:(x', 'a:()', 'a:', 'a:>', 'x'.repeat(9000)]) {
    assert.throws(() => parseQuery(query), { code: 'query_invalid' }, query);
  }
  assert.throws(() => parseQuery('b a:"x'), /character 5/);
});

test('any text is a query or is refused, never anything else, and in time', () => {
  const sign = fc.constantFrom('"', '\\', '(', ')', ':', '-', '*', '?', '>', '=', ' ', 'a', 'raw.', '/', '\n', '😀');
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: sign, maxLength: 200 }), fc.string()), (query) => {
      try {
        parseQuery(query);
      } catch (error) {
        assert.ok(error instanceof EventSearchError && error.code === 'query_invalid');
      }
    }),
    { numRuns: 2000 },
  );
});

test('any value in quotes comes through unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const quoted = `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
      assert.deepEqual(filters(`name:${quoted}`), [{ field: 'name', op: 'eq', value }]);
    }),
  );
});

test('a time is read from ISO 8601 or milliseconds and from nothing else', () => {
  assert.equal(parseInstant('2026-03-01'), Date.UTC(2026, 2, 1));
  assert.equal(parseInstant('2026-03-01T12:00'), Date.UTC(2026, 2, 1, 12));
  assert.equal(parseInstant('2026-03-01T12:00:00.5+02:00'), Date.UTC(2026, 2, 1, 10, 0, 0, 500));
  assert.equal(parseInstant('1700000000000'), 1_700_000_000_000);
  for (const wrong of ['', 'now', '2026-13-01', '2026-3-1', -5, Number.NaN, '1e3'])
    assert.equal(parseInstant(wrong), undefined);
});

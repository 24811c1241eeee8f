import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createEmbeddedStore } from './embedded-store.ts';
import { EventSearchError } from './errors.ts';
import { wildcardToLike } from './filter-condition.ts';
import { parseQuery } from './query-language.ts';
import { createQueryParameters } from './query-parameters.ts';
import { parseLines } from './result-lines.ts';
import { createSearch } from './search.ts';
import type { Condition } from './search-request.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const search = createSearch({ store, timeoutMs: 60_000 });

before(() =>
  store.insert(
    [0, 1, 2].map((index) => ({
      position: { log: 1, index },
      receivedAtMs: Date.UTC(2026, 2, 1),
      classUid: 1007,
      body: Buffer.from('{"message":"hello"}'),
    })),
    'events',
  ),
);
after(() => testStore.remove());

test('every value reaches the engine unchanged, whatever signs it has', async () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '\\',
      '\0',
      '\n',
      '\t',
      '`',
      '{',
      '}',
      ':',
      '-',
      '/',
      '*',
      ';',
      '%',
      '_',
      'N',
      '\u{1F600}',
      '\ud800',
      'é',
    ),
  });
  const values = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string()), {
    minLength: 20,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(values, async (texts) => {
      const parameters = createQueryParameters();
      const sql = `SELECT [${texts.map((text) => `hex(${parameters.text(text)})`).join(', ')}] AS found`;
      const { lines } = await store.query({
        sql,
        parameters: parameters.values,
        lane: 'search',
        timeoutMs: 60_000,
        maxRows: 1,
        maxBytes: 1e6,
      });
      const wanted = texts.map((text) => Buffer.from(text.toWellFormed()).toString('hex').toUpperCase());
      assert.deepEqual(parseLines(lines)[0]?.['found'], wanted);
    }),
    { numRuns: 30 },
  );
});

test('no field, value or text can widen a search or break it', async () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '\\',
      '\n',
      '`',
      '(',
      ')',
      ',',
      '{',
      '}',
      ':',
      '-',
      '/',
      '*',
      '?',
      ';',
      '%',
      '_',
      ' ',
      'O',
      'R',
      '1',
      '=',
      'a',
      '.',
    ),
  });
  const op = fc.constantFrom('eq', 'contains', 'startswith', 'endswith', 'wildcard');
  await fc.assert(
    fc.asyncProperty(nasty, nasty, op, nasty, async (name, value, op, text) => {
      const field = `raw.x${name.replaceAll('.', '')}`;
      const filter: Condition = { kind: 'filter', filter: { field, op, value: `z${value}` } };
      const query: Condition = {
        kind: 'all',
        parts: [filter, { kind: 'not', part: { kind: 'text', text: `q${text}` } }, { kind: 'any', parts: [filter] }],
      };
      const outcome = await search.count({ query }).then(
        ({ count }) => count,
        (error: unknown) => error,
      );
      assert.equal(outcome, 0, String(outcome));
    }),
    { numRuns: 100 },
  );
  assert.equal((await search.count({})).count, 3);
});

test('whatever is typed is answered or refused by us, never by the engine', async () => {
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
    'host:',
    'time:',
    'src:',
    'class:',
    '/8',
    '\n',
    "'",
    '`',
    '{',
    '}',
    'p0',
    ' OR ',
    ' NOT ',
    '10.0.0.0',
    '2026-01-01',
    'x',
    '\0',
    '😀',
    '--',
    ';',
  );
  const codes = new Set<string>(['query_invalid', 'query_field_unknown']);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: sign, maxLength: 60 }), async (typed) => {
      try {
        const { condition } = parseQuery(typed);
        const query = condition === undefined ? {} : { query: condition };
        const { count } = await search.count(query);
        const { events } = await search.search(query);
        assert.equal(events.length, count);
      } catch (error) {
        assert.ok(error instanceof EventSearchError && codes.has(error.code), `${typed}: ${String(error)}`);
      }
    }),
    { numRuns: 150 },
  );
});

test('a wildcard pattern matches in the engine as it reads', async () => {
  const unit = fc.constantFrom('*', '?', '\\', '%', '_', 'a', 'B', '.');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.string({ unit, maxLength: 6 }), fc.string({ unit, maxLength: 6 })), {
        minLength: 30,
        maxLength: 30,
      }),
      async (pairs) => {
        const parameters = createQueryParameters();
        const sql = `SELECT [${pairs.map(([pattern, text]) => `${parameters.text(text)} ILIKE ${parameters.text(wildcardToLike(pattern))}`).join(', ')}] AS found`;
        const { lines } = await store.query({
          sql,
          parameters: parameters.values,
          lane: 'search',
          timeoutMs: 60_000,
          maxRows: 1,
          maxBytes: 1e6,
        });
        assert.deepEqual(
          parseLines(lines)[0]?.['found'],
          pairs.map(([pattern, text]) => Number(matches(pattern, text))),
        );
      },
    ),
    { numRuns: 30 },
  );
});

/** The same by a regular expression. */
function matches(pattern: string, text: string): boolean {
  let expression = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const [sign = '', next = '', third = ''] = pattern.slice(at);
    if (sign === '\\' && next === '\\' && '*?'.includes(third) && third !== '') {
      expression += '\\\\';
      at += 1;
    } else if (sign === '\\' && '*?'.includes(next) && next !== '') {
      expression += `\\${next}`;
      at += 1;
    } else if (sign === '*') expression += '.*';
    else if (sign === '?') expression += '.';
    else expression += sign.replace(/[\\^$.()[\]{}|+]/, '\\$&');
  }
  return new RegExp(`^${expression}$`, 'isu').test(text);
}

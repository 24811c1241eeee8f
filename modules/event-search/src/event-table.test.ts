import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import fc from 'fast-check';
import { createEmbeddedStore } from './embedded-store.ts';
import { parseQuery } from './query-language.ts';
import { createSearch } from './search.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const search = createSearch({ store, timeoutMs: 60_000 });
const startMs = Date.UTC(2026, 2, 1);
const hourMs = 3_600_000;
const people = ['ada', 'bob', 'ada', 'ada', "eve'; DROP TABLE x; --", 'bob', ''];

before(() =>
  store.insert(
    people.map((name, index) => ({
      position: { log: 1, index },
      receivedAtMs: startMs + index * hourMs,
      classUid: 3002,
      body: Buffer.from(
        JSON.stringify({ class_uid: 3002, user: { name }, device: { hostname: `host-${index % 2}` }, raw_data: '{}' }),
      ),
    })),
    'people',
  ),
);
after(() => testStore.remove());

async function table(query: string) {
  const { condition, stage } = parseQuery(query);
  assert.ok(stage, query);
  return search.table({ ...(condition !== undefined && { query: condition }) }, stage);
}
const rows = async (query: string) => (await table(query)).rows;

test('a stage counts, groups, and tells first and last', async () => {
  assert.deepEqual(await rows('| count'), [[7]]);
  assert.deepEqual(await rows('class:3002 -user:bob | count by user'), [
    ['ada', 3],
    ['', 1],
    [people[4], 1],
  ]);
  assert.deepEqual((await rows('| count by user, host')).slice(0, 2), [
    ['ada', 'host-0', 2],
    ['bob', 'host-1', 2],
  ]);
  assert.deepEqual((await rows('user:ada | group by user'))[0], ['ada', 3, startMs, startMs + 3 * hourMs]);
  const { columns, rows: first } = await table('user:* | first seen by user');
  assert.deepEqual(
    columns.map(({ name, kind }) => [name, kind]),
    [
      ['user', 'text'],
      ['first', 'time'],
      ['event', 'position'],
      ['count', 'number'],
    ],
  );
  assert.deepEqual(first[0], [people[4], startMs + 4 * hourMs, '1/4', 1]);
  assert.deepEqual((await rows('user:* | last seen by user'))[0], ['ada', startMs + 3 * hourMs, '1/3', 3]);
  assert.deepEqual(await rows('| top 1 user'), [['ada', 3]]);
  assert.deepEqual(await rows('| rare user | head 1'), [[people[4], 1]]);
});

test('a chart over time shows the most frequent values apart', async () => {
  const { rows: bars, spanMs } = await table('| timechart 3h by host');
  assert.equal(spanMs, 3 * hourMs);
  assert.deepEqual(bars.slice(0, 2), [
    [startMs, 'host-0', 2],
    [startMs, 'host-1', 1],
  ]);
  assert.equal((await table('| timechart')).rows.length, 7);
});

test('a table says when it was cut', async () => {
  assert.equal((await table('| count by user | head 2')).isCut, true);
  assert.equal((await table('| count by user')).isCut, false);
});

test('a stroke within quotes, brackets or a word is text', () => {
  for (const query of ['"a | count"', 'cmd:"x | y"', 'a|count', 'user:(a | b)'])
    assert.equal(parseQuery(query).stage, undefined);
});

test('what a stage does not know is refused with what it does', () => {
  const wrong = [
    '|',
    'a |',
    'a | sum x',
    'a | count user',
    'a | count by',
    'a | count by a b c d e',
    'a | first by user',
    'a | top 0 user',
    'a | top 1001 user',
    'a | top 5',
    'a | timechart 0h',
    'a | timechart 1h by a, b',
    'a | count | count',
    'a | count | head',
    'a | count | head 5 | head 2',
    '(a | count)',
    'a OR | count',
    'NOT | count',
    'a | count by "user"',
  ];
  for (const query of wrong) assert.throws(() => parseQuery(query), { code: 'query_invalid' }, query);
});

test('whatever is typed behind a stroke is a table or a refusal, never a fault of the engine', async () => {
  const word = fc.oneof(
    fc.constantFrom(
      'count',
      'by',
      'group',
      'first',
      'seen',
      'last',
      'top',
      'rare',
      'timechart',
      'head',
      '|',
      ',',
      '5',
      '1h',
      '99999',
    ),
    fc.constantFrom(
      'user',
      'class',
      'raw.x',
      'src_ip',
      'time',
      'unmapped.a.b',
      "a'b",
      '`host`',
      'k0',
      '{p0:String}',
      '../x',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  const query = fc.array(word, { maxLength: 8 }).map((words) => `| ${words.join(' ')}`);
  await fc.assert(
    fc.asyncProperty(query, async (text) => {
      try {
        const { condition, stage } = parseQuery(text);
        if (stage !== undefined) await search.table({ ...(condition !== undefined && { query: condition }) }, stage);
      } catch (error) {
        assert.ok(['query_invalid', 'query_field_unknown'].includes(codeOf(error) ?? ''), `${text}: ${String(error)}`);
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject, Position } from '@sallyport/contracts';
import { createEmbeddedStore } from './embedded-store.ts';
import { parseQuery } from './query-language.ts';
import { createSearch } from './search.ts';
import type { Filter, SearchRequest } from './search-request.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const search = createSearch({ store, timeoutMs: 5000 });
const startMs = Date.UTC(2026, 2, 1, 12);
const hourMs = 3_600_000;

const bodies: JsonObject[] = [
  {
    class_uid: 1007,
    severity_id: 2,
    time: startMs - 50 * hourMs,
    device: { hostname: 'WEB1' },
    actor: { user: { name: 'CORP\\Alice' }, process: { name: 'explorer.exe', pid: 77 } },
    process: { file: { path: 'C:\\Windows\\System32\\cmd.exe' }, cmd_line: 'cmd /c whoami 100%' },
    src_endpoint: { ip: '10.1.2.3' },
    raw_data: JSON.stringify({
      Image: 'C:\\Windows\\System32\\cmd.exe',
      CommandLine: 'cmd /c whoami',
      Message: 'Process Create:\r\nRuleName: technique',
      'winlog.event_id': 1,
    }),
  },
  {
    class_uid: 3002,
    severity_id: 4,
    time: startMs,
    device: { hostname: 'db2.corp.example' },
    user: { name: 'bob' },
    src_endpoint: { ip: '2001:db8::5' },
    raw_data: JSON.stringify({ Event: { EventData: { Image: 'D:\\a_b\\tool.exe', LogonType: 10 } } }),
  },
  { class_uid: 4001, severity_id: 1, time: startMs, src_endpoint: { ip: 'not an address' }, message: 'Grüße aus Köln' },
  { class_uid: 0, time: 0, raw_data: "it's 100% '; DROP TABLE sallyport.events; -- \\" },
];

const events = bodies.map((body, at) => ({
  position: { log: 1, index: at * 2 },
  receivedAtMs: startMs + at * hourMs,
  classUid: Number(body['class_uid']),
  body: Buffer.from(JSON.stringify(body)),
}));

before(() => store.insert(events, 'events'));
after(() => testStore.remove());

/** Which of the events fit, as their place in `bodies`, oldest first. */
async function found(request: SearchRequest): Promise<number[]> {
  const page = await search.search({ sort: 'oldest', ...request });
  return page.events.map(({ position }) => position.index / 2);
}
const where = (...filters: Filter[]) => found({ where: filters });

test('filters work on promoted fields, OCSF paths and original fields', async () => {
  assert.deepEqual(await where({ field: 'class_uid', op: 'eq', value: 1007 }), [0]);
  assert.deepEqual(await where({ field: 'class', op: 'in', value: ['1007', 3002] }), [0, 1]);
  assert.deepEqual(await where({ field: 'severity_id', op: 'gte', value: '2' }), [0, 1]);
  assert.deepEqual(
    await where({ field: 'severity_id', op: 'lt', value: 2 }, { field: 'severity_id', op: 'gt', value: 0 }),
    [2],
  );
  assert.deepEqual(await where({ field: 'host', op: 'eq', value: 'web1' }), [0]);
  assert.deepEqual(await where({ field: 'host', op: 'neq', value: 'web1' }), [1, 2, 3]);
  assert.deepEqual(await where({ field: 'host', op: 'exists' }), [0, 1]);
  assert.deepEqual(await where({ field: 'user', op: 'endswith', value: '\\alice' }), [0]);
  assert.deepEqual(await where({ field: 'process', op: 'startswith', value: 'c:\\windows\\' }), [0]);
  assert.deepEqual(await where({ field: 'process', op: 'eq', value: 'CMD.exe' }), [0]);
  assert.deepEqual(await where({ field: 'process', op: 'eq', value: 'md.exe' }), []);
  assert.deepEqual(await where({ field: 'process', op: 'eq', value: 'System32\\cmd.exe' }), []);
  assert.deepEqual(await where({ field: 'host', op: 'eq', value: 'web' }), []);
  assert.deepEqual(await where({ field: 'command_line', op: 'contains', value: '100%' }), [0]);
  assert.deepEqual(await where({ field: 'command_line', op: 'contains', value: 'w%i' }), []);
  assert.deepEqual(await where({ field: 'actor.process.pid', op: 'eq', value: 77 }), [0]);
  assert.deepEqual(await where({ field: 'actor.process.pid', op: 'gt', value: 76.5 }), [0]);
  assert.deepEqual(await where({ field: 'actor.process.pid', op: 'eq', value: 77, negated: true }), [1, 2, 3]);
  assert.deepEqual(await where({ field: 'raw.Image', op: 'wildcard', value: '*\\cmd.exe' }), [0]);
  assert.deepEqual(await where({ field: 'raw.image', op: 'exists' }), []);
  assert.deepEqual(await where({ field: 'raw.winlog.event_id', op: 'eq', value: '1' }), [0]);
  assert.deepEqual(await where({ field: 'raw.Event.EventData.Image', op: 'contains', value: 'A_B' }), [1]);
  assert.deepEqual(await where({ field: 'raw.Event.EventData.Image', op: 'contains', value: 'a.b' }), []);
  assert.deepEqual(await where({ field: 'src_ip', op: 'cidr', value: '10.0.0.0/8' }), [0]);
  assert.deepEqual(await where({ field: 'src_endpoint.ip', op: 'cidr', value: '2001:db8::/32' }), [1]);
  assert.deepEqual(await where({ field: 'time', op: 'gte', value: '2026-03-01T00:00:00Z' }), [1, 2]);
  assert.deepEqual(await where({ field: 'no.such.path', op: 'lt', value: 5 }), []);
});

test('text is found by words, in any case, next to escapes and beyond ASCII', async () => {
  assert.deepEqual(await found({ text: 'WHOAMI' }), [0]);
  assert.deepEqual(await found({ text: 'rulename technique' }), [0]);
  assert.deepEqual(await found({ text: 'grüße KÖLN' }), [2]);
  assert.deepEqual(await found({ text: 'C:\\Windows\\System32' }), [0]);
  assert.deepEqual(await found({ text: 'whoam' }), []);
  assert.deepEqual(await found({ text: 'whoami nothere' }), []);
  assert.deepEqual(await found({ excludedTexts: ['whoami', 'köln'] }), [1, 3]);
  assert.deepEqual(await found({ text: '%&/(' }), []);
  assert.deepEqual(await found({ text: ' ' }), [0, 1, 2, 3]);
});

test('a time range is half-open and means the received or the claimed time', async () => {
  assert.deepEqual(await found({ fromMs: startMs + hourMs, toMs: startMs + 3 * hourMs }), [1, 2]);
  assert.deepEqual(await found({ fromMs: startMs - 50 * hourMs, toMs: startMs, timeField: 'claimed' }), [0]);
  assert.deepEqual(await found({ fromMs: -1e15, toMs: 1e300 }), [0, 1, 2, 3]);
});

test('a typed query finds what its parts say', async () => {
  const typed = (query: string) => found(parseQuery(query));
  assert.deepEqual(await typed('class:1007 user:*alice raw.Image:*\\cmd.exe -host:db2 "whoami"'), [0]);
  assert.deepEqual(await typed('host:(web1 DB2) -severity:>3'), [0]);
  assert.deepEqual(await typed('src:10.0.0.0/8'), [0]);
  assert.deepEqual(await typed('-whoami -host:*'), [2, 3]);
});

test('pages in both directions hold every event once while others arrive', async () => {
  const many = Array.from({ length: 25 }, (_, index) => ({
    position: { log: 2, index },
    receivedAtMs: startMs + 48 * hourMs,
    classUid: 9,
    body: Buffer.from('{"message":"page"}'),
  }));
  await store.insert(many.slice(0, 20), 'pages/1');
  for (const sort of ['newest', 'oldest'] as const) {
    const seen: number[] = [];
    const where: Filter[] = [{ field: 'class_uid', op: 'eq', value: 9 }];
    let after: Position | undefined;
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await search.search({ where, sort, limit: 6, ...(after !== undefined && { after }) });
      seen.push(...page.events.map((event) => event.position.index));
      if (page.next === undefined) break;
      after = page.next;
      if (pages === 0 && sort === 'newest') await store.insert(many.slice(20), 'pages/2');
    }
    const wanted =
      sort === 'newest' ? Array.from({ length: 20 }, (_, at) => 19 - at) : Array.from({ length: 25 }, (_, at) => at);
    assert.deepEqual(seen, wanted);
  }
});

test('count, histogram, top values and one event agree with the search', async () => {
  const filter = { toMs: startMs + 24 * hourMs };
  assert.equal((await search.count(filter)).count, 4);
  const histogram = await search.histogram(filter, 2 * hourMs);
  assert.deepEqual(histogram.buckets, [
    { fromMs: startMs, count: 2 },
    { fromMs: startMs + 2 * hourMs, count: 2 },
  ]);
  assert.equal((await search.histogram(filter)).intervalMs, 300_000);
  assert.deepEqual((await search.topValues(filter, 'host', 5)).values, [
    { value: 'WEB1', count: 1 },
    { value: 'db2.corp.example', count: 1 },
  ]);
  assert.deepEqual((await search.topValues(filter, 'raw.Event.EventData.LogonType', 5)).values, [
    { value: '10', count: 1 },
  ]);
  const one = await search.event({ log: 1, index: 2 });
  assert.deepEqual(one, { position: { log: 1, index: 2 }, receivedAtMs: startMs + hourMs, event: bodies[1] });
  await assert.rejects(search.event({ log: 1, index: 1 }), { code: 'event_not_found' });
});

test('what cannot be asked is refused with a code before it reaches the engine', async () => {
  const refused = async (filter: Filter) => assert.rejects(where(filter), { code: 'query_invalid' });
  await refused({ field: 'a..b', op: 'exists' });
  await refused({ field: Array.from({ length: 17 }, () => 'a').join('.'), op: 'exists' });
  await refused({ field: 'host', op: 'eq' });
  await refused({ field: 'host', op: 'in', value: [] });
  await refused({ field: 'class_uid', op: 'eq', value: '7 OR 1=1' });
  await refused({ field: 'time', op: 'gt', value: 'yesterday' });
  await refused({ field: 'src_ip', op: 'cidr', value: '10.0.0.0/33' });
  await refused({ field: 'host', op: 'eq', value: 'x'.repeat(5000) });
  await assert.rejects(search.search({ limit: 1001 }), { code: 'query_invalid' });
  await assert.rejects(search.histogram({}, 0.5), { code: 'query_invalid' });
  const impatient = createSearch({
    store: {
      ...store,
      query: (request) => store.query({ ...request, sql: 'SELECT max(sipHash64(number)) FROM numbers(1e12)' }),
    },
    timeoutMs: 100,
  });
  await assert.rejects(impatient.count({}), { code: 'query_timeout' });
});

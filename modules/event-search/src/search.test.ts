import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject, Position } from '@sallyport/contracts';
import { createEmbeddedStore } from './embedded-store.ts';
import { EventSearchError } from './errors.ts';
import { parseQuery } from './query-language.ts';
import { createSearch } from './search.ts';
import type { Filter, SearchRequest } from './search-request.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const search = createSearch({ store, timeoutMs: 60_000 });
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
    // Who acts in a sign-in is the system that checks it.
    actor: { user: { name: 'DB2$' } },
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
  assert.deepEqual(await where({ field: 'user', op: 'eq', value: 'bob' }), [1]);
  assert.deepEqual(await where({ field: 'user', op: 'eq', value: 'DB2$' }), []);
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
  assert.deepEqual(await where({ field: 'raw.no.such.path', op: 'lt', value: 5 }), []);
});

test('text is found by words, in any case, next to escapes and beyond ASCII', async () => {
  assert.deepEqual(await found({ text: 'WHOAMI' }), [0]);
  assert.deepEqual(await found({ text: 'rulename technique' }), [0]);
  assert.deepEqual(await found({ text: 'grüße KÖLN' }), [2]);
  assert.deepEqual(await found({ text: 'C:\\Windows\\System32' }), [0]);
  assert.deepEqual(await found({ text: 'whoam' }), []);
  assert.deepEqual(await found({ text: 'whoami nothere' }), []);
  await assert.rejects(found({ text: '%&/(' }), { code: 'query_invalid' });
  assert.deepEqual(await found({ text: ' ' }), [0, 1, 2, 3]);
});

test('words in quotes are found in this order, with signs and line breaks between them and nothing else', async () => {
  const phrase = async (q: string): Promise<number[]> => {
    const { condition } = parseQuery(q);
    return found(condition === undefined ? {} : { query: condition });
  };
  assert.deepEqual(await phrase('"cmd /c whoami"'), [0]);
  assert.deepEqual(await phrase('"CMD c whoami"'), [0]);
  assert.deepEqual(await phrase('"whoami cmd"'), []);
  assert.deepEqual(await phrase('whoami cmd'), [0]);
  assert.deepEqual(await phrase('"cmd whoami"'), []);
  assert.deepEqual(await phrase('"Process Create: RuleName"'), [0]);
  assert.deepEqual(await phrase('"windows system32 cmd.exe"'), [0]);
  assert.deepEqual(await phrase('"grüße AUS köln"'), [2]);
  assert.deepEqual(await phrase('"köln aus"'), []);
  assert.deepEqual(await phrase('"drop table" -"table drop"'), [3]);
  // Not across values, and not within a word.
  assert.deepEqual(await phrase('"whoami 100"'), [0]);
  assert.deepEqual(await phrase('"alice process"'), []);
  assert.deepEqual(await phrase('"md c whoami"'), []);
  assert.deepEqual(await phrase('"cmd c whoa"'), []);
});

test('a time range is half-open and means the received or the claimed time', async () => {
  assert.deepEqual(await found({ fromMs: startMs + hourMs, toMs: startMs + 3 * hourMs }), [1, 2]);
  assert.deepEqual(await found({ fromMs: startMs - 50 * hourMs, toMs: startMs, timeField: 'claimed' }), [0]);
  assert.deepEqual(await found({ fromMs: -1e15, toMs: 1e300 }), [0, 1, 2, 3]);
});

test('a typed query finds what its parts say', async () => {
  const typed = (query: string) => {
    const { condition } = parseQuery(query);
    return found(condition === undefined ? {} : { query: condition });
  };
  assert.deepEqual(await typed('class:1007 user:*alice raw.Image:*\\cmd.exe -host:db2 "whoami"'), [0]);
  assert.deepEqual(await typed('host:(web1 DB2) -severity:>3'), [0]);
  assert.deepEqual(await typed('src:10.0.0.0/8'), [0]);
  assert.deepEqual(await typed('-whoami -host:*'), [2, 3]);
  assert.deepEqual(await typed('host:web1 OR host:db2'), [0, 1]);
  assert.deepEqual(await typed('host:(*1 db2)'), [0, 1]);
  assert.deepEqual(await typed('(whoami OR köln) NOT host:web1'), [2]);
  assert.deepEqual(await typed('NOT (host:web1 OR host:db2)'), [2, 3]);
  assert.deepEqual(await typed('-(whoami class:1007) severity:>0'), [1, 2]);
  assert.deepEqual(await typed('src:2001:db8::5 OR fe80::1'), [1]);
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

test('a field nobody has is refused with what was perhaps meant, an original field nobody has is named', async () => {
  await assert.rejects(where({ field: 'hots', op: 'eq', value: 'x' }), (error) => {
    assert.ok(error instanceof EventSearchError);
    assert.equal(error.code, 'query_field_unknown');
    assert.deepEqual(error.details, { field: 'hots', suggestions: ['host', 'raw.hots'] });
    return true;
  });
  await assert.rejects(search.topValues({}, 'usr', 5), { code: 'query_field_unknown' });
  await assert.rejects(where({ field: 'answers.rdata', op: 'exists' }), { code: 'query_invalid' });
  const fields = ['raw.Image', 'raw.Nope', 'raw.winlog.event_id', 'cloud.region', 'actor.process.pid'];
  assert.deepEqual(await search.absentFields({}, fields.slice(0, 4)), ['raw.Nope', 'cloud.region']);
  assert.deepEqual(await search.absentFields({ toMs: startMs }, ['raw.Image']), ['raw.Image']);
});

test('our own records can be left out, and nobody hides among them by saying so', async () => {
  const audit = { metadata: { log_name: 'audit', event_code: 'request.allowed' }, message: 'own records' };
  const change = { metadata: { log_name: 'audit', event_code: 'user.create' }, message: 'own records' };
  const rows = [audit, change, { ...audit, raw_data: '{}' }, { ...change, raw_data: '' }];
  await store.insert(
    rows.map((body, index) => ({
      position: { log: 3, index },
      receivedAtMs: startMs + 72 * hourMs,
      classUid: 6003,
      body: Buffer.from(JSON.stringify(body)),
    })),
    'own',
  );
  const left = async (withoutOwn?: 'audit' | 'reads') => {
    const filter = { text: 'own records', ...(withoutOwn !== undefined && { withoutOwn }) };
    const { events } = await search.search({ ...filter, sort: 'oldest' });
    assert.equal((await search.count(filter)).count, events.length);
    return events.map(({ position }) => position.index);
  };
  assert.deepEqual(await left(), [0, 1, 2, 3]);
  assert.deepEqual(await left('reads'), [1, 2, 3]);
  assert.deepEqual(await left('audit'), [2, 3]);
});

test('the largest query that is let through is one the engine takes, and larger ones are refused by us', async () => {
  const ask = (query: string) => {
    const { condition } = parseQuery(query);
    return search.count(condition === undefined ? {} : { query: condition });
  };
  const path = 'raw.aaaaaaaaaa.bbbbbbbbbb.cccccccccc.dddddddddd.eeeeeeeeee.f.g.h.i.j.k.l.m.n.o';
  await ask(Array.from({ length: 50 }, () => `${path}:*a*b*c*d*e*f*`).join(' OR '));
  await ask(`process:(${Array.from({ length: 200 }, (_, at) => `p${at}.exe`).join(' ')})`);
  await ask(`${'('.repeat(15)}${Array.from({ length: 32 }, (_, at) => `-w${at}`).join(' OR ')}${')'.repeat(15)}`);
  await assert.rejects(ask(`process:(${Array.from({ length: 201 }, (_, at) => `p${at}`).join(' ')})`), {
    code: 'query_invalid',
  });
  await assert.rejects(ask(Array.from({ length: 40 }, (_, at) => `-w${at}`).join(' ')), { code: 'query_invalid' });
  await assert.rejects(ask(Array.from({ length: 51 }, () => 'host:a').join(' OR ')), { code: 'query_invalid' });
});

test('what cannot be asked is refused with a code before it reaches the engine', async () => {
  const refused = async (filter: Filter) => assert.rejects(where(filter), { code: 'query_invalid' });
  await refused({ field: 'a..b', op: 'exists' });
  await assert.rejects(search.count({ fromMs: 2, toMs: 1 }), { code: 'query_invalid' });
  await assert.rejects(search.count({ fromMs: Number.NaN }), { code: 'query_invalid' });
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

test('any place of a list is one request away, from either end', async () => {
  for (const sort of ['newest', 'oldest'] as const) {
    const all = (await search.search({ sort })).events.map(({ position }) => position);
    for (let offset = 0; offset <= all.length; offset += 1) {
      const page = await search.search({ sort, offset, limit: 2 });
      assert.deepEqual(
        page.events.map(({ position }) => position),
        all.slice(offset, offset + 2),
      );
      assert.equal(page.next === undefined, offset + 2 >= all.length);
    }
  }
});

test('a list through a position keeps its places and its count whatever is received later', async () => {
  const through = { log: 1, index: 4 };
  assert.deepEqual(await found({ through }), [0, 1, 2]);
  assert.deepEqual(await found({ through, sort: 'newest', offset: 1 }), [1, 0]);
  assert.equal((await search.count({ through })).count, 3);
});

test('what came since a position is told by places, also where all of it was received in one moment', async () => {
  const since = { log: 1, index: 2 };
  const through = { log: 1, index: 6 };
  assert.deepEqual(await found({ since, through }), [2, 3]);
  assert.equal((await search.count({ since, through })).count, 2);
  assert.deepEqual(await found({ since, through: { log: 1, index: 4 } }), [2]);
  assert.deepEqual(await found({ since: through, through }), []);
  assert.deepEqual(await found({ since: { log: 0, index: 99 }, through }), [0, 1, 2, 3]);
});

test('an offset is a whole number within its bound, and never text of the query', async () => {
  for (const offset of [-1, 0.5, Number.NaN, 1e12]) {
    await assert.rejects(search.search({ offset }), { code: 'query_invalid' });
  }
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import { reachOfEverything } from '@sallyport/platform/http';
import fastify from 'fastify';
import { EventSearchError, eventSearchProblems, isEventSearchErrorCode } from './errors.ts';
import { createEventSearchRoutes } from './routes.ts';
import { hintsFor, visibleEvents } from './visible-events.ts';
import type { Search } from './search.ts';

const asked: unknown[] = [];
const position = { log: 1, index: 42 };
const found = {
  position,
  receivedAtMs: Date.UTC(2026, 0, 1),
  event: { class_uid: 1007, metadata: { version: '1.8.0' }, list: [1, null] },
};
const search: Search = {
  async search(request) {
    asked.push(request);
    return { events: [found, { ...found, event: undefined }], next: position, elapsedMs: 3 };
  },
  count: async () => ({ count: 7, elapsedMs: 1 }),
  table: async (_, { by }) => ({
    columns: by.map((name) => ({ name, kind: 'text' as const })),
    rows: [['a']],
    isCut: false,
    elapsedMs: 1,
  }),
  absentFields: async (_, fields) => fields.filter((field) => field === 'raw.Nope'),
  histogram: async (_, intervalMs = 5000) => ({ intervalMs, buckets: [{ fromMs: 0, count: 2 }], elapsedMs: 1 }),
  topValues: async (_, field) => ({ values: [{ value: field, count: 1 }], elapsedMs: 1 }),
  async event(wanted) {
    if (wanted.index === 42) return found;
    if (wanted.index === 43) return { ...found, event: { class_uid: 3002, metadata: { log_name: 'audit' } } };
    if (wanted.index === 45)
      return { ...found, event: { class_uid: 3002, metadata: { log_name: 'audit' }, raw_data: '{}' } };
    throw new EventSearchError('event_not_found', 'Cannot find it');
  },
};
const app = fastify().withTypeProvider<TypeBoxTypeProvider>();
let scopes = ['events:read', 'audit:read'];
app.addHook('onRequest', async (request) => {
  request.principal = { kind: 'key', id: 'k', name: 'k', scopes };
  request.reach = reachOfEverything;
});
const undeclared: string[] = [];
app.addHook('onRoute', (route) => {
  if (route.config?.scope !== 'events:read') undeclared.push(route.url);
});
app.setErrorHandler(async (error, _request, reply) => {
  const code = codeOf(error) ?? '';
  return reply.code(isEventSearchErrorCode(code) ? (eventSearchProblems[code]?.status ?? 500) : 400).send({ code });
});
const audited: AuditEvent[] = [];
let auditFails = false;
await app.register(
  createEventSearchRoutes(search, {
    clock: createManualClock(Date.UTC(2026, 5, 1)),
    async recordAudit(event) {
      if (auditFails) throw new EventSearchError('store_unavailable', 'The ledger is away');
      audited.push(event);
    },
  }),
);
after(() => app.close());

const get = (url: string) => app.inject({ url });

test('every route asks for the scope events:read', () => {
  assert.deepEqual(undeclared, []);
});

test('a query with a stage is a table, and no list', async () => {
  const answer = await get('/v1/events/table?q=class:3002%20|%20count%20by%20user');
  assert.deepEqual(answer.json(), {
    columns: [{ name: 'user', kind: 'text' }],
    rows: [['a']],
    stage: 'count',
    cut: false,
    elapsed_ms: 1,
  });
  assert.equal((await get('/v1/events?q=|%20count')).json().code, 'query_is_table');
  assert.equal((await get('/v1/events/table?q=class:3002')).json().code, 'query_is_list');
});

test('who may not read the audit trail does not find its records among the events', async () => {
  assert.equal((await get('/v1/events/1/43')).statusCode, 200);
  scopes = ['events:read'];
  try {
    await get('/v1/events?q=user:alice');
    assert.deepEqual(asked.at(-1), {
      query: { kind: 'filter', filter: { field: 'user', op: 'eq', value: 'alice' } },
      withoutOwn: 'audit',
    });
    // Showing what one may not see is not a matter of asking for it.
    await get('/v1/events?own_reads=show');
    assert.deepEqual(asked.at(-1), { withoutOwn: 'audit' });
    const hidden = await get('/v1/events/1/43');
    const missing = await get('/v1/events/1/44');
    assert.deepEqual([hidden.statusCode, hidden.json()], [missing.statusCode, missing.json()]);
    assert.equal((await get('/v1/events/1/45')).statusCode, 200, 'an event from outside that says it is of our log');
    assert.equal((await get('/v1/events/1/43')).statusCode, 404);
    assert.equal((await get('/v1/events/1/42')).statusCode, 200);
  } finally {
    scopes = ['events:read', 'audit:read'];
  }
});

test('a search is read from the address and answered with positions and times', async () => {
  const reply = await get(
    '/v1/events?q=user:alice%20-host:x&from=2026-01-01&to=1767225600001&time=claimed&sort=oldest&limit=5&after=1/7',
  );
  assert.deepEqual(reply.json(), {
    events: [
      { position: '1/42', received: '2026-01-01T00:00:00.000Z', event: found.event },
      { position: '1/42', received: '2026-01-01T00:00:00.000Z', event: null },
    ],
    next: '1/42',
    elapsed_ms: 3,
  });
  assert.deepEqual(asked.at(-1), {
    query: {
      kind: 'all',
      parts: [
        { kind: 'filter', filter: { field: 'user', op: 'eq', value: 'alice' } },
        { kind: 'not', part: { kind: 'filter', filter: { field: 'host', op: 'eq', value: 'x' } } },
      ],
    },
    fromMs: Date.UTC(2026, 0, 1),
    toMs: Date.UTC(2026, 0, 1) + 1,
    timeField: 'claimed',
    sort: 'oldest',
    limit: 5,
    after: { log: 1, index: 7 },
  });
});

test('count, histogram, top values and one event are answered', async () => {
  assert.deepEqual((await get('/v1/events/count')).json(), { count: 7, elapsed_ms: 1 });
  assert.deepEqual((await get('/v1/events/histogram')).json(), {
    buckets: [{ time: '1970-01-01T00:00:00.000Z', count: 2 }],
    interval_ms: 5000,
    elapsed_ms: 1,
  });
  assert.deepEqual((await get('/v1/events/top?field=host')).json(), {
    values: [{ value: 'host', count: 1 }],
    elapsed_ms: 1,
  });
  assert.equal((await get('/v1/events/1/42')).json().position, '1/42');
});

test('wrong input has a code and a status', async () => {
  for (const [url, status, code] of [
    ['/v1/events?q=a:%22', 400, 'query_invalid'],
    ['/v1/events?from=soon', 400, 'query_invalid'],
    ['/v1/events?from=2026-12-31T23:59:60Z', 400, 'query_invalid'],
    ['/v1/events?q=(a', 400, 'query_invalid'],
    ['/v1/events?through=x', 400, 'query_invalid'],
    ['/v1/events/count?since=x', 400, 'query_invalid'],
    ['/v1/events/export', 400, 'FST_ERR_VALIDATION'],
    ['/v1/events/export?format=csv&limit=100001', 400, 'FST_ERR_VALIDATION'],
    ['/v1/events?after=5', 400, 'query_invalid'],
    ['/v1/events/0/1', 400, 'query_invalid'],
    ['/v1/events?limit=1001', 400, 'FST_ERR_VALIDATION'],
    ['/v1/events?sort=random', 400, 'FST_ERR_VALIDATION'],
    ['/v1/events/histogram?interval_ms=1', 400, 'FST_ERR_VALIDATION'],
    ['/v1/events/1/1', 404, 'event_not_found'],
  ] as const) {
    const reply = await get(url);
    assert.deepEqual([reply.statusCode, reply.json().code], [status, code], url);
  }
});

test('fields no event has are told, with the answer', async () => {
  const { hints }: { hints: string[] } = (await get('/v1/events?q=raw.Nope:x%20OR%20host:y%20or')).json();
  assert.equal(hints.length, 2);
  assert.match(hints.join(), /no event in this time range has raw.Nope/);
  assert.equal((await get('/v1/events?q=host:y')).json().hints, undefined);
  assert.equal((await get('/v1/events/count?q=raw.Nope:x')).json().hints.length, 1);
  // What is only worth saying where nothing was found stays unsaid where something was.
  const reader = { principal: { kind: 'key', id: '', name: '', scopes }, reach: reachOfEverything } as const;
  const doubled = visibleEvents({ q: String.raw`raw.Image:*\\cmd.exe` }, reader);
  const none = { absentFields: async () => [] };
  assert.match((await hintsFor(none, doubled, 0)).join(), /asks for two backslashes in a row/);
  assert.deepEqual(await hintsFor(none, doubled, 1), []);
});

test('one caller cannot fill the line for everybody', async () => {
  const waiting: (() => void)[] = [];
  const slow: Search = {
    ...search,
    count: () => new Promise((resolve) => waiting.push(() => resolve({ count: 1, elapsedMs: 1 }))),
  };
  const busy = fastify().withTypeProvider<TypeBoxTypeProvider>();
  let id = 'a';
  busy.addHook('onRequest', async (request) => {
    request.principal = { kind: 'key', id, name: 'k', scopes };
    request.reach = reachOfEverything;
  });
  busy.setErrorHandler(async (error, _request, reply) => reply.code(503).send({ code: codeOf(error) }));
  const needs = { clock: createManualClock(0), recordAudit: async () => undefined };
  await busy.register(createEventSearchRoutes(slow, needs));
  const own = Array.from({ length: 16 }, () => busy.inject({ url: '/v1/events/count' }));
  while (waiting.length < 16) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await busy.inject({ url: '/v1/events/count' })).json().code, 'store_busy');
  id = 'b';
  const other = busy.inject({ url: '/v1/events/count' });
  while (waiting.length < 17) await new Promise((resolve) => setImmediate(resolve));
  for (const answer of waiting) answer();
  assert.equal((await other).statusCode, 200);
  for (const one of own) assert.equal((await one).statusCode, 200);
  id = 'a';
  const again = busy.inject({ url: '/v1/events/count' });
  while (waiting.length < 18) await new Promise((resolve) => setImmediate(resolve));
  waiting.at(-1)?.();
  assert.equal((await again).statusCode, 200);
  await busy.close();
});

test('an export is recorded before its first line, and not given when it cannot be', async () => {
  const before = audited.length;
  const reply = await get('/v1/events/export?format=ndjson&q=user:alice&limit=5');
  assert.equal(reply.statusCode, 200);
  assert.match(
    reply.headers['content-disposition'] ?? '',
    /^attachment; filename="events-[a-z0-9-]+-first-5-of-7\.ndjson"$/u,
  );
  assert.equal(reply.headers['sallyport-rows-found'], '7');
  const event = audited[before];
  assert.equal(event?.event.metadata['event_code'], 'events.export');
  auditFails = true;
  try {
    assert.equal((await get('/v1/events/export?format=csv')).statusCode, 503);
  } finally {
    auditFails = false;
  }
  // Places are given back: more exports than there are places, one after the other.
  for (let time = 0; time < 6; time += 1) assert.equal((await get('/v1/events/export?format=csv')).statusCode, 200);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { codeOf } from '@sallyport/platform/errors';
import fastify from 'fastify';
import { EventSearchError, eventSearchProblems, isEventSearchErrorCode } from './errors.ts';
import { createEventSearchRoutes } from './routes.ts';
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
  histogram: async (_, intervalMs = 5000) => ({ intervalMs, buckets: [{ fromMs: 0, count: 2 }], elapsedMs: 1 }),
  topValues: async (_, field) => ({ values: [{ value: field, count: 1 }], elapsedMs: 1 }),
  async event(wanted) {
    if (wanted.index === 42) return found;
    if (wanted.index === 43) return { ...found, event: { class_uid: 3002, metadata: { log_name: 'audit' } } };
    throw new EventSearchError('event_not_found', 'Cannot find it');
  },
};
const app = fastify().withTypeProvider<TypeBoxTypeProvider>();
let scopes = ['events:read', 'audit:read'];
app.addHook('onRequest', async (request) => {
  request.principal = { kind: 'key', id: 'k', name: 'k', scopes };
});
const undeclared: string[] = [];
app.addHook('onRoute', (route) => {
  if (route.config?.scope !== 'events:read') undeclared.push(route.url);
});
app.setErrorHandler(async (error, _request, reply) => {
  const code = codeOf(error) ?? '';
  return reply.code(isEventSearchErrorCode(code) ? (eventSearchProblems[code]?.status ?? 500) : 400).send({ code });
});
await app.register(createEventSearchRoutes(search));
after(() => app.close());

const get = (url: string) => app.inject({ url });

test('every route asks for the scope events:read', () => {
  assert.deepEqual(undeclared, []);
});

test('who may not read the audit trail does not find its records among the events', async () => {
  assert.equal((await get('/v1/events/1/43')).statusCode, 200);
  scopes = ['events:read'];
  try {
    await get('/v1/events?q=user:alice');
    assert.deepEqual(asked.at(-1), {
      where: [
        { field: 'user', op: 'eq', value: 'alice' },
        { field: 'log_name', op: 'neq', value: 'audit' },
      ],
      text: '',
      excludedTexts: [],
    });
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
    where: [
      { field: 'user', op: 'eq', value: 'alice' },
      { field: 'host', op: 'eq', value: 'x', negated: true },
    ],
    text: '',
    excludedTexts: [],
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

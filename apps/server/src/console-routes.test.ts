import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import type { SearchRequest } from '@sallyport/event-search';
import { codeOf } from '@sallyport/platform/errors';
import { reachOfEverything } from '@sallyport/platform/http';
import type { Principal, Reach } from '@sallyport/platform/http';
import fastify from 'fastify';
import { createAuditRoutes } from './audit.ts';
import { createDemoRoutes } from './demo-routes.ts';
import { compileValidator } from './edge/request-validation.ts';
import type { LiveRequest } from './live.ts';
import { createLiveRoutes } from './live-routes.ts';
import { createOverviewRoutes } from './overview-routes.ts';
import { serverProblems } from './server-errors.ts';

let principal: Principal = { kind: 'operator', id: 'op', name: 'Ada', scopes: ['alerts:read', 'events:read'] };
const opened: LiveRequest[] = [];
const searches: SearchRequest[] = [];
const replays: object[] = [];
const app = fastify();
const scopes = new Map<string, string | undefined>();
app.setValidatorCompiler(compileValidator);
app.decorateRequest('principal', { getter: () => principal });
app.decorateRequest('reach', { getter: () => reachOfEverything });
app.decorateRequest('reachOf', (action: string): Reach => ({
  ...reachOfEverything,
  isNothing: !principal.scopes.includes(action),
}));
app.addHook('onRoute', ({ method, url, config }) => {
  if (method !== 'HEAD') scopes.set(`${String(method)} ${url}`, config?.scope);
});
app.setErrorHandler((error, _request, reply) => {
  const code = codeOf(error) ?? 'internal';
  return reply.code(code === 'FST_ERR_VALIDATION' ? 400 : (serverProblems[code]?.status ?? 500)).send({ code });
});
const overview = {
  at: new Date(0).toISOString(),
  organization: null,
  rate: null,
  alerts: null,
  sources: null,
  ledger: null,
};
await app.register(createOverviewRoutes({ read: async () => ({ ...overview, processes: [], projections: [] }) }));
await app.register(
  createAuditRoutes({
    async search(request) {
      searches.push(request);
      return { events: [], next: { log: 1, index: 7 }, elapsedMs: 1 };
    },
  }),
);
await app.register(
  createDemoRoutes({
    async replay({ run = 'made', atOnce }) {
      replays.push({ run, atOnce });
      return { run, title: 'T', events: 1, durationMs: 2 };
    },
    runs: () => [{ run: 'a-1', sent: 4, events: 11, state: 'playing' }],
    createIngestKey: async () => ({ key: 'sp_x', source: 'my-machine', expiresAtMs: 0 }),
    close: async () => undefined,
  }),
);
await app.register(
  createLiveRoutes({
    async open(request) {
      opened.push(request);
      return Readable.from(['event: state\n\n']);
    },
    count: () => 0,
    close: () => undefined,
  }),
);
after(() => app.close());

test('every route asks for its own action', () => {
  assert.deepEqual(Object.fromEntries(scopes), {
    'GET /v1/overview': 'health:read',
    'GET /v1/audit': 'audit:read',
    'POST /v1/demo/replay': 'demo:run',
    'GET /v1/demo/replay': 'demo:run',
    'POST /v1/demo/ingest-key': 'demo:run',
    'GET /v1/live': 'events:read',
  });
});

test('an overview with nothing to be had is still an answer', async () => {
  const reply = await app.inject('/v1/overview');
  assert.deepEqual(reply.json(), { ...overview, processes: [], projections: [] });
});

test('a live stream is opened from the last id, before the place in the address', async () => {
  const reply = await app.inject({ url: '/v1/live?after=1/2', headers: { 'last-event-id': '1/42,7' } });
  assert.equal(reply.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(reply.body, 'event: state\n\n');
  await app.inject('/v1/live?after=1/2&kinds=events');
  await app.inject('/v1/live');
  assert.deepEqual(
    opened.map(({ kinds, from }) => [[...kinds].join(), from]),
    [
      ['events,alerts', { position: { log: 1, index: 42 }, alert: 7 }],
      ['events', { position: { log: 1, index: 2 } }],
      ['events,alerts', undefined],
    ],
  );
});

test('a malformed place, an unknown kind and alerts without leave are refused', async () => {
  for (const url of ['/v1/live?after=nonsense', '/v1/live?after=1/2,x', '/v1/live?kinds=all', '/v1/live?more=1']) {
    assert.equal((await app.inject(url)).statusCode, 400, url);
  }
  principal = { ...principal, scopes: ['events:read'] };
  assert.deepEqual((await app.inject('/v1/live')).json(), { code: 'live_scope_missing' });
  assert.equal((await app.inject('/v1/live?kinds=events')).statusCode, 200);
});

test('the audit trail is asked for by actor, action and time, without events from outside', async () => {
  const reply = await app.inject('/v1/audit?actor=Ada&action=session.*&since=1970-01-01T00:00:01Z&after=1/9&limit=5');
  assert.deepEqual(reply.json(), { entries: [], next: '1/7' });
  assert.deepEqual(searches, [
    {
      where: [
        { field: 'log_name', op: 'eq', value: 'audit' },
        { field: 'raw_data', op: 'exists', negated: true },
        { field: 'user', op: 'eq', value: 'Ada' },
        { field: 'event_code', op: 'wildcard', value: 'session.*' },
      ],
      limit: 5,
      fromMs: 1000,
      after: { log: 1, index: 9 },
    },
  ]);
  await app.inject('/v1/audit?actor=&action=');
  assert.equal(searches[1]?.where?.length, 2);
  await app.inject('/v1/audit?reads=hide');
  await app.inject('/v1/audit?reads=show');
  assert.deepEqual([searches[2]?.withoutOwn, searches[3]?.withoutOwn], ['reads', undefined]);
  assert.equal((await app.inject('/v1/audit?reads=all')).statusCode, 400);
  assert.equal((await app.inject('/v1/audit?limit=501')).statusCode, 400);
});

test('a demonstration is started with a run id or without; a malformed one is refused', async () => {
  const post = (payload: object) => app.inject({ method: 'POST', url: '/v1/demo/replay', payload });
  const reply = await post({ run: 'a-1' });
  assert.deepEqual([reply.statusCode, reply.json()], [202, { run: 'a-1', title: 'T', events: 1, duration_ms: 2 }]);
  await post({ at_once: true });
  assert.deepEqual(replays, [
    { run: 'a-1', atOnce: false },
    { run: 'made', atOnce: true },
  ]);
  for (const payload of [{ run: 'a/b' }, { run: '' }, { at_once: 'yes' }, { other: 1 }]) {
    assert.equal((await post(payload)).statusCode, 400);
  }
  assert.deepEqual((await app.inject('/v1/demo/replay')).json(), {
    runs: [{ run: 'a-1', sent: 4, events: 11, state: 'playing' }],
  });
  const key = await app.inject({ method: 'POST', url: '/v1/demo/ingest-key' });
  assert.deepEqual(
    [key.statusCode, key.json()],
    [201, { key: 'sp_x', source: 'my-machine', expires_at: '1970-01-01T00:00:00.000Z' }],
  );
});

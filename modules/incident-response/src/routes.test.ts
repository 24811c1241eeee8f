import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonValue } from '@sallyport/contracts';
import { openDatabase } from '@sallyport/platform/database';
import { codeOf } from '@sallyport/platform/errors';
import { reachOfEverything } from '@sallyport/platform/http';
import fastify from 'fastify';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { append, catchUp, findingEvent, operator, setUp, startMs } from './alerts.fixture.ts';
import { alertProblems } from './errors.ts';
import { createAlertRoutes } from './routes.ts';
import { createSuppressionRoutes } from './suppression-routes.ts';

// As the edge does it, without its authentication: the operator calls.
const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  return (received: unknown) => {
    const value = Value.Default(schema, httpPart === 'body' ? received : Value.Convert(schema, received));
    return compiled.Check(value) ? { value } : { error: compiled.Errors(value) };
  };
};

const opened = await openDatabase({ kind: 'sqlite', file: ':memory:' });
const { alerts, ledger, clock } = await setUp(opened.database, { streams: 1 });
const app = fastify({ forceCloseConnections: true });
let proofs = 0;
const scopes = new Map<string, string | undefined>();
app.setValidatorCompiler(compileValidator);
app.addHook('onRequest', async (request) => {
  request.principal = operator;
  request.reach = reachOfEverything;
  request.requireFreshProof = async () => {
    proofs += 1;
  };
});
app.addHook('onRoute', ({ method, url, config }) => {
  scopes.set(`${String(method)} ${url}`, config?.scope);
});
app.setErrorHandler((error, _request, reply) => {
  const code = codeOf(error) ?? 'internal';
  const status = code === 'FST_ERR_VALIDATION' ? 400 : (alertProblems[code]?.status ?? 500);
  return reply.code(status).send({ code });
});
await app.register(createAlertRoutes(alerts));
await app.register(createSuppressionRoutes(alerts.suppressions, { clock }));

before(async () => {
  await append(ledger, [
    findingEvent({ index: 1 }),
    findingEvent({ index: 2, level: 'low' }),
    findingEvent({ index: 3, entities: { site: '=HYPERLINK(1)', camera: 'cam-1' } }),
  ]);
  await catchUp(alerts.projection, ledger);
});
after(async () => {
  await alerts.close();
  await app.close();
  await opened.close();
});

async function get(url: string): Promise<{ status: number; body: JsonValue }> {
  const reply = await app.inject({ method: 'GET', url });
  return { status: reply.statusCode, body: reply.json() };
}

test('every route asks for a scope', () => {
  assert.deepEqual(Object.fromEntries([...scopes].filter(([route]) => !route.startsWith('HEAD'))), {
    'GET /v1/alerts': 'alerts:read',
    'GET /v1/alerts/assignees': 'alerts:write',
    'GET /v1/alerts/export': 'alerts:read',
    'GET /v1/alerts/stream': 'alerts:read',
    'GET /v1/alerts/:id': 'alerts:read',
    'PATCH /v1/alerts/:id': 'alerts:write',
    'GET /v1/suppressions': 'alerts:read',
    'POST /v1/suppressions': 'alerts:write',
    'DELETE /v1/suppressions/:id': 'alerts:write',
  });
});

test('GET /v1/alerts pages through everything, and filters', async () => {
  const first = await app.inject('/v1/alerts?limit=2');
  const page: { alerts: { number: number }[]; next?: string } = first.json();
  assert.deepEqual([page.alerts.map(({ number }) => number), page.next], [[3, 2], `2.${startMs}.2.1020`]);
  const second = await app.inject(`/v1/alerts?limit=2&after=${page.next ?? ''}`);
  const rest: typeof page = second.json();
  assert.deepEqual([rest.alerts.map(({ number }) => number), rest.next], [[1], undefined]);
  const high: typeof page = (await app.inject('/v1/alerts?level=high&state=new&rule=rule-1')).json();
  assert.deepEqual(
    high.alerts.map(({ number }) => number),
    [3, 1],
  );
  const later: typeof page = (await app.inject('/v1/alerts?since=2026-01-02T03:04:06Z')).json();
  assert.deepEqual(later.alerts, []);
});

test('GET /v1/alerts/ID gives the alert with what its finding says', async () => {
  const { body } = await get('/v1/alerts/1-0');
  const at = new Date(startMs).toISOString();
  assert.deepEqual(body, {
    id: '1-0',
    number: 1,
    state: 'new',
    disposition: null,
    title: 'Download with certutil',
    level: 'high',
    severity_id: 4,
    priority: 60,
    priority_words: 'high severity (60)',
    rule_id: 'rule-1',
    created_at: at,
    state_changed_at: at,
    finding: '1/0',
    input: '1/1',
    assignee: null,
    host: 'planted-host-1',
    user: 'planted-user',
    count: 1,
    first_seen_at: at,
    last_seen_at: at,
    last_finding: '1/0',
    announcement: 1,
    announced_at: at,
    revision: 0,
    changed_by: null,
    findings: [{ position: '1/0', input: '1/1', at }],
    related: [],
    comments: [],
    response: null,
    matched: [{ field: 'CommandLine', value: 'certutil -urlcache planted-command' }],
    body: findingEvent({ index: 1 }),
  });
});

test('malformed requests are refused before anything is read', async () => {
  for (const url of [
    '/v1/alerts?limit=0',
    '/v1/alerts?limit=201',
    '/v1/alerts?after=-1',
    '/v1/alerts?after=1e3',
    '/v1/alerts?level=loud',
    '/v1/alerts?state=open',
    '/v1/alerts?since=yesterday',
    '/v1/alerts?after=6.1',
    '/v1/alerts?host=',
    '/v1/alerts/export',
    '/v1/alerts/export?format=xml',
    '/v1/alerts?unknown=1',
    '/v1/alerts/1-0%27%20or%201=1',
    '/v1/alerts/__proto__',
  ]) {
    assert.deepEqual(await get(url), { status: 400, body: { code: 'FST_ERR_VALIDATION' } }, url);
  }
  assert.deepEqual(await get('/v1/alerts/9-9'), { status: 404, body: { code: 'alert_unknown' } });
});

test('PATCH changes the state once, refuses the same again, and refuses what it does not know', async () => {
  const patch = (payload: object) => app.inject({ method: 'PATCH', url: '/v1/alerts/1-1', payload });
  const changed = await patch({ state: 'closed', comment: 'benign' });
  assert.deepEqual([changed.statusCode, changed.json<{ state: string }>().state], [200, 'closed']);
  const again = await patch({ state: 'closed' });
  assert.deepEqual([again.statusCode, again.json()], [409, { code: 'alert_transition_invalid' }]);
  for (const payload of [
    {},
    { state: 'gone' },
    { state: 'new', id: 'x' },
    { state: 'new', comment: 'x'.repeat(2001) },
  ]) {
    assert.equal((await patch(payload)).statusCode, 400);
  }
});

test('PATCH gives an alert to somebody, comments on it, and the list finds it by both', async () => {
  const patch = (payload: object) => app.inject({ method: 'PATCH', url: '/v1/alerts/1-2', payload });
  const changed = await patch({ assignee: 'u-1', comment: 'planted-comment' });
  assert.deepEqual([changed.statusCode, changed.json<{ assignee: string }>().assignee], [200, 'u-1']);
  const mine: { alerts: { id: string }[] } = (await app.inject('/v1/alerts?assignee=u-1')).json();
  assert.deepEqual(
    mine.alerts.map(({ id }) => id),
    ['1-2'],
  );
  type Details = { comments: { position: string | null; text: string; actor: { name: string } }[] };
  const before: Details = (await app.inject('/v1/alerts/1-2')).json();
  assert.deepEqual(before.comments[0]?.position, null);
  await catchUp(alerts.projection, ledger);
  const { comments }: Details = (await app.inject('/v1/alerts/1-2')).json();
  assert.deepEqual(
    comments.map(({ text, actor }) => [text, actor.name]),
    [['planted-comment', 'Ada']],
  );
  assert.match(comments[0]?.position ?? '', /^1\/\d+$/);
  assert.equal((await patch({ assignee: null })).json<{ assignee: null }>().assignee, null);
  const nobodys: { alerts: { id: string }[] } = (await app.inject('/v1/alerts?assignee=none')).json();
  assert.equal(nobodys.alerts.length, 3);
});

test('suppressions are made, listed and removed; malformed ones are refused', async () => {
  const post = (payload: object) => app.inject({ method: 'POST', url: '/v1/suppressions', payload });
  const made = await post({
    rule_id: 'rule-x',
    reason: 'a scanner of ours',
    host: 'web-1',
    until: '2026-02-01T00:00:00Z',
  });
  assert.equal(made.statusCode, 201);
  const { id } = made.json<{ id: string }>();
  const list: { suppressions: object[] } = (await app.inject('/v1/suppressions')).json();
  assert.deepEqual(list.suppressions, [
    {
      id,
      rule_id: 'rule-x',
      host: 'web-1',
      user: null,
      field: null,
      reason: 'a scanner of ours',
      until: '2026-02-01T00:00:00.000Z',
      created_at: new Date(startMs).toISOString(),
      created_by: { id: 'op-1', name: 'Ada' },
      hits: 0,
      last_hit_at: null,
    },
  ]);
  const late = await post({ rule_id: 'rule-x', reason: 'r', until: '2025-02-01T00:00:00Z' });
  assert.deepEqual([late.statusCode, late.json()], [400, { code: 'suppression_until_past' }]);
  for (const payload of [{}, { rule_id: 'x' }, { rule_id: 'x', reason: '' }, { rule_id: 'x', reason: 'r', more: 1 }]) {
    assert.equal((await post(payload)).statusCode, 400);
  }
  const remove = () => app.inject({ method: 'DELETE', url: `/v1/suppressions/${id}` });
  assert.equal((await remove()).statusCode, 204);
  assert.deepEqual((await remove()).json(), { code: 'suppression_unknown' });
});

test('a leap second is refused, not compared with', async () => {
  const answer = await get('/v1/alerts?since=2016-12-31T23:59:60Z');
  assert.deepEqual(answer, { status: 400, body: { code: 'alert_filter_invalid' } });
});

test('only a fresh proof keeps a rule quiet everywhere and for ever', async () => {
  const post = (payload: object) =>
    app.inject({ method: 'POST', url: '/v1/suppressions', payload: { rule_id: 'rule-y', reason: 'r', ...payload } });
  const asked = proofs;
  assert.equal((await post({ host: 'a' })).statusCode, 201);
  assert.equal((await post({ until: '2026-01-20T00:00:00Z' })).statusCode, 201);
  assert.equal(proofs, asked);
  assert.equal((await post({})).statusCode, 201);
  assert.equal((await post({ until: '2027-01-20T00:00:00Z' })).statusCode, 201);
  assert.equal(proofs, asked + 2);
});

test('an export holds every alert of the list, defused in CSV, and says when it is cut', async () => {
  const csv = await app.inject('/v1/alerts/export?format=csv&sort=severity&limit=2');
  assert.equal(csv.headers['content-type'], 'text/csv; charset=utf-8; header=present');
  assert.match(String(csv.headers['content-disposition']), /^attachment; filename="alerts-[a-z0-9-]+\.csv"$/u);
  const lines = csv.body.split('\r\n');
  assert.deepEqual([lines.length, lines[3]], [5, '"# more"']);
  assert.match(lines[1] ?? '', /^"1-2","3","new","high","4","Download with certutil","rule-1","planted-host-3"/u);
  assert.match(lines[0] ?? '', /,"site","camera","picture","picture_before","disposition","priority"/u);
  assert.match(lines[1] ?? '', /,"'=HYPERLINK\(1\)","cam-1",(""|),(""|),"","60"/u);
  const ndjson = await app.inject('/v1/alerts/export?format=ndjson&host=PLANTED-HOST-1');
  const [only = '', ...rest] = ndjson.body.split('\n');
  assert.deepEqual([JSON.parse(only).id, rest], ['1-0', ['']]);
  const exports = ledger.events().filter(({ body }) => Buffer.from(body ?? []).includes('alerts.export'));
  assert.equal(exports.length, 2);
});

test('the stream gives what was missed, then what happens; its place is free again when the reader leaves', async () => {
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const leave = new AbortController();
  const follow = (lastEventId: string, signal?: AbortSignal) =>
    fetch(`${address}/v1/alerts/stream`, { headers: { 'last-event-id': lastEventId }, signal: signal ?? null });
  const reply = await follow('2', leave.signal);
  assert.equal(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.ok(reply.body);
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  async function readUntil(part: string): Promise<void> {
    while (!text.includes(part)) {
      const { value, done } = await reader.read();
      assert.ok(!done);
      text += value;
    }
  }
  await readUntil('id: 3\n');
  assert.doesNotMatch(text, /^id: [12]$/m);
  await append(ledger, [findingEvent({ index: 4, host: 'web-2' })]);
  await catchUp(alerts.projection, ledger);
  await readUntil('"host":"web-2",');
  await readUntil('"changed_by":null}\n\n');
  assert.match(
    text,
    /^id: 4\nevent: alert\ndata: \{"id":"1-\d+",.*"input":"1\/4","assignee":null,"host":"web-2",.*\}$/m,
  );

  assert.equal((await follow('0')).status, 503);
  assert.equal((await follow('zero')).status, 400);
  leave.abort();
  while (alerts.health().openStreams > 0) await new Promise((resolve) => setImmediate(resolve));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { EdgeError, type Decision } from './index.ts';
import { assertProblem, openOperatorSocket, send, sendRaw, startEdge, type Reply, unbound } from './edge-testing.ts';

test('a key with the scope is let in, and the handler knows whose it is', async () => {
  await using server = await startEdge();
  const reply = await send({ port: server.port, path: '/v1/items/a', key: 'sp_reader' });
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.json, { limit: 10, by: 'reader' });
});

test('a request without a key, with a wrong one or in another scheme is refused', async () => {
  await using server = await startEdge();
  const path = '/v1/items/a';
  assertProblem(await send({ port: server.port, path }), 401, 'authentication_required');
  const wrong = await send({ port: server.port, path, key: 'sp_wrong' });
  assertProblem(wrong, 401, 'authentication_failed');
  assert.equal(wrong.headers['www-authenticate'], 'Bearer');
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.equal(
    (await send({ port: server.port, path, headers: { authorization: basic('any:sp_reader') } })).status,
    200,
  );
  const other = await send({ port: server.port, path, headers: { authorization: basic('sp_reader:sp_wrong') } });
  assertProblem(other, 401, 'authentication_failed');
  for (const authorization of [
    basic('sp_reader'),
    basic('any:'),
    basic('any:sp reader'),
    'Bearer',
    'Bearer a b',
    'sp_reader',
    `Bearer ${'a'.repeat(600)}`,
  ]) {
    assertProblem(await send({ port: server.port, path, headers: { authorization } }), 401, 'authentication_required');
  }
});

test('a key without the scope is refused, and the denial is recorded by itself', async () => {
  await using server = await startEdge();
  assertProblem(
    await send({ port: server.port, path: '/v1/items', method: 'POST', key: 'sp_reader', body: '{"name":"a"}' }),
    403,
    'scope_missing',
  );
  assert.deepEqual(
    server.decisions.map(({ outcome, code, method, route, principal, count }) => [
      outcome,
      code,
      method,
      route,
      principal?.id,
      count,
    ]),
    [['denied', 'scope_missing', 'POST', '/v1/items', 'reader', 1]],
  );
});

test('a route that declares nothing is denied to everybody, the operator included', async () => {
  await using server = await startEdge();
  assertProblem(await send({ port: server.port, path: '/v1/undeclared', key: 'sp_writer' }), 403, 'route_undeclared');
  const socketPath = await openOperatorSocket(server.edge);
  assertProblem(await send({ socketPath, path: '/v1/undeclared' }), 403, 'route_undeclared');
});

test('when authentication fails to decide, the answer is no', async () => {
  const authenticate = async (): Promise<never> => {
    throw new Error('database password=hunter2 is gone');
  };
  await using server = await startEdge({
    caller: { kind: 'network', ...unbound, authenticate, authenticateSession: authenticate, recheck: authenticate },
  });
  const reply = await send({ port: server.port, path: '/v1/items/a', key: 'sp_reader' });
  assertProblem(reply, 503, 'authentication_unavailable');
  assert.doesNotMatch(reply.text, /hunter2/);
  assert.equal(reply.headers['retry-after'], '1');
});

test('a denial stands when it cannot be recorded, and is recorded later', async () => {
  const recorded: string[] = [];
  let broken = true;
  const server = await startEdge({
    async recordDecision(decision) {
      if (broken) throw new Error('ledger is gone');
      recorded.push(decision.code);
    },
  });
  assertProblem(
    await send({ port: server.port, path: '/v1/items', method: 'POST', key: 'sp_reader', body: '{}' }),
    403,
    'scope_missing',
  );
  broken = false;
  await server.edge.close();
  assert.deepEqual(recorded, ['scope_missing']);
});

test('a public route asks for no key and knows no caller', async () => {
  await using server = await startEdge();
  assert.equal((await send({ port: server.port, path: '/v1/public' })).status, 200);
  assertProblem(await send({ port: server.port, path: '/v1/public-principal', key: 'sp_reader' }), 500, 'internal');
});

test('an unknown route, an undecodable and an overlong path are clear errors', async () => {
  await using server = await startEdge();
  assertProblem(await send({ port: server.port, path: '/v1/nothing' }), 404, 'route_not_found');
  assertProblem(
    await send({ port: server.port, path: '/v1/items/a', method: 'DELETE', key: 'sp_reader' }),
    404,
    'route_not_found',
  );
  assertProblem(await send({ port: server.port, path: '/v1/items/%zz', key: 'sp_reader' }), 400, 'request_invalid');
  assert.ok(
    [400, 404, 414].includes(
      (await send({ port: server.port, path: `/v1/items/${'a'.repeat(300)}`, key: 'sp_reader' })).status,
    ),
  );
});

test('a request that does not fit its schema is told where', async () => {
  await using server = await startEdge();
  const post = (body: string): Promise<Reply> =>
    send({ port: server.port, path: '/v1/items', method: 'POST', key: 'sp_writer', body });
  const reply = await post('{"name":5}');
  assertProblem(reply, 400, 'request_invalid');
  assert.deepEqual(reply.json['errors'], [{ in: 'body', at: '/name', message: 'must be string' }]);
  for (const body of ['{"name":"a","size":"5"}', '{"name":"a","other":1}', '[]', 'null', '{}'])
    assertProblem(await post(body), 400, 'request_invalid');
  const query = await send({ port: server.port, path: '/v1/items/a?limit=1000', key: 'sp_reader' });
  assertProblem(query, 400, 'request_invalid');
  assert.deepEqual(query.json['errors'], [{ in: 'querystring', at: '/limit', message: 'must be <= 100' }]);
  assert.deepEqual((await send({ port: server.port, path: '/v1/items/a?limit=7', key: 'sp_reader' })).json, {
    limit: 7,
    by: 'reader',
  });
});

test('a large body that does not fit is refused without a search for every fault', async () => {
  const route: RoutePlugin = async (app) => {
    app.post(
      '/v1/list',
      { config: { scope: 'alerts:write' }, schema: { body: Type.Array(Type.String()) } },
      async () => ({}),
    );
  };
  await using server = await startEdge({ routes: [route] });
  const post = (count: number): Promise<Reply> =>
    send({
      port: server.port,
      path: '/v1/list',
      method: 'POST',
      key: 'sp_writer',
      body: JSON.stringify(Array.from({ length: count }, () => 5)),
    });
  const small = await post(50);
  assertProblem(small, 400, 'request_invalid');
  assert.ok(Array.isArray(small.json['errors']) && small.json['errors'].length <= 20);
  const large = await post(100_000);
  assertProblem(large, 400, 'request_invalid');
  assert.match(large.text, /too large to say where/);
});

test('a module’s coded error reaches the client as its table says, with hint and details', async () => {
  await using server = await startEdge();
  const reply = await send({ port: server.port, path: '/v1/fails/coded', method: 'POST', key: 'sp_writer' });
  assertProblem(reply, 409, 'test_conflict');
  assert.deepEqual(
    [reply.json['detail'], reply.json['hint'], reply.json['details']],
    ['Cannot do that twice', 'once is enough', { id: 'a' }],
  );
});

test('a refusal by a handler is a decision and recorded', async () => {
  await using server = await startEdge();
  assertProblem(
    await send({ port: server.port, path: '/v1/fails/forbidden', method: 'POST', key: 'sp_writer' }),
    403,
    'test_forbidden',
  );
  assert.deepEqual(
    server.decisions.map(({ code, principal }) => [code, principal?.id]),
    [['test_forbidden', 'writer']],
  );
});

test('an error nobody listed tells the client nothing but where to look, and the log everything', async () => {
  await using server = await startEdge();
  for (const how of ['unlisted', 'plain']) {
    const reply = await send({ port: server.port, path: `/v1/fails/${how}`, method: 'POST', key: 'sp_writer' });
    assertProblem(reply, 500, 'internal');
    assert.doesNotMatch(reply.text, /hunter2|secret_code/);
    const line = server.logLines.find((text) => text.includes(String(reply.json['instance'])));
    assert.match(line ?? '', /hunter2/);
  }
});

test('two modules cannot mean different things by one error code', async () => {
  const table = { test_conflict: { status: 409, title: 'Conflict' } };
  await assert.rejects(
    startEdge({ problems: [table, { test_conflict: { status: 410, title: 'Conflict' } }] }),
    (error) => error instanceof EdgeError && error.code === 'problem_code_twice',
  );
});

test('every reply carries the security headers and its own correlation id, whatever the client sends', async () => {
  await using server = await startEdge();
  const ids = new Set<unknown>();
  for (const path of ['/v1/public', '/v1/nothing', '/v1/items/%zz']) {
    const { headers } = await send({
      port: server.port,
      path,
      headers: { 'x-request-id': 'forged', 'x-correlation-id': 'forged' },
    });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['strict-transport-security'], undefined);
    ids.add(headers['x-correlation-id']);
  }
  assert.equal(ids.size, 3);
  assert.ok(!ids.has('forged'));
});

test('the description lists every route with its scope, and needs no key', async () => {
  await using server = await startEdge();
  const { json, status } = await send({ port: server.port, path: '/v1/openapi.json' });
  assert.equal(status, 200);
  assert.match(String(json['openapi']), /^3\.1/);
  const text = JSON.stringify(json);
  for (const part of [
    '"/v1/items/{id}"',
    'Scope: `alerts:read`',
    '"/v1/public":{"get":{"security":[]',
    'application/problem+json',
  ])
    assert.ok(text.includes(part), part);
  assert.deepEqual(json, JSON.parse(JSON.stringify(server.edge.description())));
});

test('decisions before authentication and allowed requests are counted and recorded together', async () => {
  const server = await startEdge();
  for (let round = 0; round < 3; round += 1) await send({ port: server.port, path: '/v1/items/a', key: 'sp_wrong' });
  for (let round = 0; round < 2; round += 1) await send({ port: server.port, path: '/v1/items/a', key: 'sp_reader' });
  await send({ port: server.port, path: '/v1/nothing' });
  await sendRaw(server.port, ['nonsense\r\n\r\n']);
  await server.edge.close();
  assert.deepEqual(
    server.decisions.map(({ outcome, code, route, principal, address, count }) => [
      outcome,
      code,
      route,
      principal?.id,
      address,
      count,
    ]),
    [
      ['denied', 'authentication_failed', '/v1/items/:id', undefined, '127.0.0.1', 3],
      ['allowed', 'allowed', '/v1/items/:id', 'reader', '127.0.0.1', 2],
      ['denied', 'route_not_found', '', undefined, '127.0.0.1', 1],
      ['denied', 'request_malformed', '', undefined, '127.0.0.1', 1],
    ],
  );
});

test('a request says whether it stands in the ledger by itself; it is counted once, refused afterwards or left unanswered too', async () => {
  await using server = await startEdge();
  const post = (what: string, options: { body?: string; signal?: AbortSignal } = {}): Promise<Reply> =>
    send({ port: server.port, path: `/v1/leaves/${what}`, method: 'POST', key: 'sp_writer', body: '{}', ...options });
  for (const what of ['a-record', 'nothing', 'a-record']) assert.equal((await post(what)).status, 200);
  assertProblem(await post('a-record', { body: '{' }), 400, 'body_invalid');
  const leaving = new AbortController();
  const left = assert.rejects(post('endlessly', { signal: leaving.signal }));
  // It was let in once another that came after it is answered.
  assert.equal((await post('nothing')).status, 200);
  leaving.abort();
  await left;
  await server.edge.close();
  const counted = server.decisions.filter(({ route }) => route === '/v1/leaves/:what');
  const total = (wanted: (one: Decision) => boolean): number =>
    counted.filter(wanted).reduce((sum, { count }) => sum + count, 0);
  assert.equal(
    total(({ code, leftRecord }) => code === 'allowed' && leftRecord === true),
    3,
  );
  assert.equal(
    total(({ code, leftRecord }) => code === 'allowed' && leftRecord === undefined),
    3,
  );
  assert.equal(
    total(({ code }) => code === 'body_invalid'),
    1,
  );
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { OutgoingHttpHeaders } from 'node:http';
import {
  agedSession,
  assertProblem,
  renewedSession,
  send,
  startEdge,
  testRoutes,
  type Reply,
  unbound,
  writerSession,
} from './edge-testing.ts';
import type { Principal } from '@sallyport/platform/http';
import { createSecret } from '@sallyport/platform/secret';
import fc from 'fast-check';
import { createSessionCookie } from './session-cookie.ts';

const cookie = `sallyport=${writerSession}`;

function post(port: number, headers: OutgoingHttpHeaders, path = '/v1/items'): Promise<Reply> {
  return send({ port, path, method: 'POST', body: '{"name":"a"}', headers });
}

test('a session is let in by its cookie, and the handler knows whose it is', async () => {
  await using server = await startEdge();
  const reply = await send({ port: server.port, path: '/v1/items/a', headers: { cookie: `other=1; ${cookie}` } });
  assert.deepEqual([reply.status, reply.json['by']], [200, 'u1']);
  assert.equal(reply.headers['set-cookie'], undefined);
});

test('an unknown, a malformed and a doubled session cookie, and one of the other name, are refused', async () => {
  await using server = await startEdge();
  const get = (sent: string): Promise<Reply> =>
    send({ port: server.port, path: '/v1/items/a', headers: { cookie: sent } });
  assertProblem(await get(`sallyport=${'x'.repeat(43)}`), 401, 'authentication_failed');
  for (const sent of [
    `sallyport=${writerSession}x`,
    `sallyport="${writerSession}"`,
    `${cookie}; ${cookie}`,
    `__Host-sallyport=${writerSession}`,
    `Sallyport=${writerSession}`,
    `xsallyport=${writerSession}`,
  ]) {
    assertProblem(await get(sent), 401, 'authentication_required');
  }
});

test('a session changes something only from a page of this server that says so', async () => {
  await using server = await startEdge();
  const origin = `http://127.0.0.1:${server.port}`;
  const own = { cookie, 'x-sallyport': '1' };
  assert.equal((await post(server.port, { ...own, origin })).status, 200);
  assert.equal((await post(server.port, { ...own, 'sec-fetch-site': 'same-origin' })).status, 200);
  for (const headers of [
    { cookie, origin },
    { cookie, origin, 'sec-fetch-site': 'same-origin' },
    { cookie, origin, 'x-sallyport': 'true' },
    own,
    { ...own, 'sec-fetch-site': 'none' },
    { ...own, 'sec-fetch-site': 'same-site', origin },
    { ...own, 'sec-fetch-site': 'cross-site', origin },
    { ...own, origin: 'https://evil.example' },
    { ...own, origin: `http://127.0.0.1:${server.port + 1}` },
    { ...own, origin: 'null', 'sec-fetch-site': 'same-origin' },
  ]) {
    assertProblem(await post(server.port, headers), 403, 'csrf_refused');
  }
  assertProblem(await post(server.port, { cookie, origin }, '/v1/sign-in'), 403, 'csrf_refused');
});

test('a page of another site cannot even read with a session', async () => {
  await using server = await startEdge();
  for (const site of ['same-site', 'cross-site', 'unheard-of']) {
    const headers = { cookie, 'sec-fetch-site': site };
    assertProblem(await send({ port: server.port, path: '/v1/items/a', headers }), 403, 'csrf_refused');
  }
});

test('a request with a key and a cookie is the key’s', async () => {
  await using server = await startEdge();
  const reply = await send({ port: server.port, path: '/v1/items/a', key: 'sp_reader', headers: { cookie } });
  assert.equal(reply.json['by'], 'reader');
  const wrong = await send({ port: server.port, path: '/v1/items/a', key: 'sp_wrong', headers: { cookie } });
  assertProblem(wrong, 401, 'authentication_failed');
});

test('a renewed token reaches the browser, also with a denial', async () => {
  await using server = await startEdge({ decide: async () => ({ allowed: false, reason: 'no' }) });
  const aged = { cookie: `sallyport=${agedSession}` };
  const denied = await send({ port: server.port, path: '/v1/items/a', headers: aged });
  assertProblem(denied, 403, 'scope_missing');
  const expected = [`sallyport=${renewedSession}; Path=/; HttpOnly; SameSite=Strict`];
  assert.deepEqual(denied.headers['set-cookie'], expected);
  assert.deepEqual((await post(server.port, {}, '/v1/sign-in')).headers['set-cookie'], expected);
});

test('a cookie is taken away by name and at once', async () => {
  await using server = await startEdge();
  const reply = await send({ port: server.port, path: '/v1/sign-in', method: 'DELETE' });
  assert.deepEqual(reply.headers['set-cookie'], ['sallyport=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict']);
});

test('on TLS the cookie is bound to this host and to TLS', () => {
  const secure = createSessionCookie(true);
  const header = secure.set({ reveal: () => writerSession, toString: () => '', toJSON: () => '' });
  assert.equal(header, `__Host-sallyport=${writerSession}; Path=/; HttpOnly; SameSite=Strict; Secure`);
  assert.equal(secure.read(`__Host-sallyport=${writerSession}`), writerSession);
  assert.equal(secure.read(cookie), undefined);
});

test('when deciding fails, the answer is no', async () => {
  await using server = await startEdge({
    decide: async () => {
      throw new Error('engine password=hunter2');
    },
  });
  const reply = await send({ port: server.port, path: '/v1/items/a', headers: { cookie } });
  assertProblem(reply, 503, 'authorization_unavailable');
  assert.doesNotMatch(reply.text, /hunter2/);
});

test('a handler knows where its caller is and how the caller sees us', async () => {
  await using server = await startEdge();
  const { json } = await post(
    server.port,
    { host: 'LOCALHOST:8470', 'user-agent': `a\tb${'c'.repeat(300)}` },
    '/v1/sign-in',
  );
  assert.deepEqual(
    [json['address'], json['isLocal'], json['origin'], json['hostName']],
    ['127.0.0.1', true, 'http://localhost:8470', 'localhost'],
  );
  assert.equal(String(json['agent']).length, 200);
});

test('no header of cookies makes reading fail, and what is read is a token that stands in it once', () => {
  const { read, set } = createSessionCookie(false);
  const token = fc.stringMatching(/^[\w-]{43}$/);
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          token.map((text) => `sallyport=${text}`),
        ),
      ),
      (pairs) => {
        const found = read(pairs.join('; '));
        if (found !== undefined) assert.equal(pairs.join('; ').split(`sallyport=${found}`).length, 2);
      },
    ),
  );
  fc.assert(fc.property(token, (text) => assert.equal(read(set(createSecret(text)).split(';')[0]), text)));
});

test('what a policy refuses until somebody proves who they are is told as that, to people only, and a proof opens it', async () => {
  const holders: Record<string, Principal> = {};
  await using server = await startEdge({
    decide: async (_principal, _action, { proofAgeSeconds }) =>
      proofAgeSeconds !== undefined && proofAgeSeconds <= 600
        ? { allowed: true, reason: '' }
        : { allowed: false, reason: 'their risk is 95 of 100', needsProof: true },
    caller: {
      kind: 'network',
      ...unbound,
      authenticate: async () => ({ kind: 'key', id: 'k', name: 'k', scopes: ['alerts:write'] }),
      authenticateSession: async (token) => {
        const principal = holders[token];
        return principal === undefined ? { refused: 'session_unknown' } : { principal };
      },
      recheck: async (principal) => principal,
    },
  });
  const nowMs = server.clock.nowMs();
  const origin = `http://127.0.0.1:${server.port}`;
  const answer = async (name: string, authenticatedAtMs: number) => {
    const token = name.padEnd(43, '-');
    holders[token] = { kind: 'user', id: name, name, scopes: [], authenticatedAtMs };
    return post(server.port, { cookie: `sallyport=${token}`, 'x-sallyport': '1', origin }, '/v1/sometimes-grave');
  };
  const stale = await answer('stale', nowMs - 3_600_000);
  assert.deepEqual([stale.status, stale.json['code']], [403, 'step_up_required']);
  assert.match(JSON.stringify(stale.json), /their risk is 95 of 100/);
  assert.equal((await answer('fresh', nowMs - 1000)).status, 200);
  const key = await send({ port: server.port, path: '/v1/sometimes-grave', method: 'POST', key: 'sp_any', body: '{}' });
  assert.equal(key.status, 403);
});

test('what is grave needs a proof of the last ten minutes from people, and from them only', async () => {
  const asked: (number | undefined)[] = [];
  await using server = await startEdge({
    decide: async (principal, action, { proofAgeSeconds }) => {
      asked.push(proofAgeSeconds);
      return { allowed: principal.scopes.includes(action) && (proofAgeSeconds ?? 0) <= 600, reason: 'by test' };
    },
    caller: {
      kind: 'network',
      ...unbound,
      authenticate: async () => ({ kind: 'key', id: 'k', name: 'k', scopes: ['alerts:write'] }),
      authenticateSession: async (token) => {
        const principal = principals[token];
        return principal === undefined ? { refused: 'session_unknown' } : { principal };
      },
      recheck: async (principal) => principal,
    },
  });
  const nowMs = server.clock.nowMs();
  const person = { kind: 'user', id: 'u1', name: 'Maria', scopes: ['alerts:write'] } as const;
  const tokens = ['fresh', 'stale', 'never', 'future', 'other'].map((name) => name.padEnd(43, '-'));
  const principals: Record<string, Principal> = {
    [tokens[0] ?? '']: { ...person, authenticatedAtMs: nowMs - 600_000 },
    [tokens[1] ?? '']: { ...person, authenticatedAtMs: nowMs - 600_001 },
    [tokens[2] ?? '']: person,
    // The clock was set back since: how long ago it was, nobody knows.
    [tokens[3] ?? '']: { ...person, authenticatedAtMs: nowMs + 3_600_000 },
    [tokens[4] ?? '']: { ...person, scopes: [], authenticatedAtMs: 0 },
  };
  const origin = `http://127.0.0.1:${server.port}`;
  for (const path of ['/v1/grave', '/v1/sometimes-grave']) {
    const codes = [];
    for (const token of tokens) {
      const reply = await post(server.port, { cookie: `sallyport=${token}`, 'x-sallyport': '1', origin }, path);
      codes.push(reply.status === 200 ? 200 : reply.json['code']);
    }
    assert.deepEqual(codes, [200, 'step_up_required', 'step_up_required', 'step_up_required', 'scope_missing'], path);
    assert.equal((await send({ port: server.port, path, method: 'POST', key: 'sp_any', body: '{}' })).status, 200);
  }
  assert.ok(asked.includes(600) && asked.includes(601));
});

test('a request that nobody makes by hand is told from others, by its route or by what it says', async () => {
  const uses: boolean[] = [];
  const person: Principal = { kind: 'user', id: 'u1', name: 'Maria', scopes: ['alerts:read'] };
  await using server = await startEdge({
    caller: {
      kind: 'network',
      ...unbound,
      authenticate: async () => ({ refused: 'key_unknown' }),
      authenticateSession: async (_token, { background }) => {
        uses.push(background);
        return { principal: person };
      },
      recheck: async (principal) => principal,
    },
  });
  const { port } = server;
  await send({ port, path: '/v1/items/a', headers: { cookie } });
  await send({ port, path: '/v1/items/a', headers: { cookie, 'x-sallyport-background': '1' } });
  await send({ port, path: '/v1/by-itself', headers: { cookie } });
  assert.deepEqual(uses, [false, true, true]);
});

test('a person who is refused again and again is slowed down, wherever the requests come from', async () => {
  await using server = await startEdge({
    limits: { perPrincipal: { perSecond: 1, burst: 3 } },
    decide: async () => ({ allowed: false, reason: 'by test' }),
  });
  const codes = [];
  for (let count = 0; count < 4; count += 1)
    codes.push((await send({ port: server.port, path: '/v1/items/a', headers: { cookie } })).json['code']);
  assert.deepEqual(codes, ['scope_missing', 'scope_missing', 'scope_missing', 'rate_limited']);
});

test('a bound session signs what is grave, once asked; a stale token gets no further than the one route that takes it', async () => {
  const asked: string[] = [];
  const uses: boolean[] = [];
  const bound: Principal = {
    kind: 'user',
    id: 'u1',
    name: 'Maria',
    scopes: ['alerts:write'],
    sessionId: 's1',
    browserKey: 'k',
  };
  await using server = await startEdge({
    caller: {
      kind: 'network',
      authenticate: async () => ({ kind: 'key', id: 'k', name: 'k', scopes: ['alerts:write'] }),
      authenticateSession: async (_token, { mayBeStale }) => {
        uses.push(mayBeStale);
        return { principal: bound };
      },
      proveKey: async (_principal, { client, method, path, proof }) => {
        asked.push(`${client.origin} ${method} ${path} ${proof ?? 'none'}`);
        if (proof === 'broken') throw new Error('password=hunter2');
        const digest = createHash('sha256').digest('base64url');
        return proof === 'right' ? { isProved: true, digest } : { isProved: false, challenge: 'sign this' };
      },
      recheck: async (principal) => principal,
    },
    decide: async () => ({ allowed: true, reason: 'by test' }),
    routes: [
      testRoutes,
      async (app) => {
        app.post(
          '/v1/refresh',
          { config: { scope: 'alerts:write', keyProof: true, staleSession: true } },
          async () => ({}),
        );
        app.post('/v1/careless', { config: { scope: 'alerts:write', staleSession: true } }, async () => ({}));
      },
    ],
  });
  const origin = `http://127.0.0.1:${server.port}`;
  const post = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
    send({
      port: server.port,
      method: 'POST',
      path,
      headers: { cookie: `sallyport=${writerSession}`, origin, 'x-sallyport': '1', ...headers },
    });
  const refused = await post('/v1/grave?x=1');
  assertProblem(refused, 403, 'key_proof_required');
  assert.deepEqual(refused.json['details'], { challenge: 'sign this', session: 's1' });
  assertProblem(await post('/v1/grave', { 'x-sallyport-proof': 'wrong' }), 403, 'key_proof_required');
  assertProblem(await post('/v1/grave', { 'x-sallyport-proof': 'x'.repeat(5000) }), 403, 'key_proof_required');
  assertProblem(await post('/v1/grave', { 'x-sallyport-proof': 'broken' }), 503, 'authentication_unavailable');
  assert.equal((await post('/v1/grave', { 'x-sallyport-proof': 'right' })).status, 200);
  assertProblem(await post('/v1/sometimes-grave'), 403, 'key_proof_required');
  assert.equal((await post('/v1/anything')).status, 200);
  assert.equal(asked[0], `${origin} POST /v1/grave?x=1 none`);
  assert.ok(uses.every((mayBeStale) => !mayBeStale));
  assertProblem(await post('/v1/refresh'), 403, 'key_proof_required');
  assert.equal(uses.at(-1), true);
  // A route that forgets to ask for the key does not get the token either.
  await post('/v1/careless');
  assert.equal(uses.at(-1), false);
  const byKey = await send({ port: server.port, method: 'POST', path: '/v1/grave', key: 'sp_any' });
  assert.equal(byKey.status, 200);
});

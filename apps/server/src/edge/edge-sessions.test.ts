import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingHttpHeaders } from 'node:http';
import {
  agedSession,
  assertProblem,
  renewedSession,
  send,
  startEdge,
  writerSession,
  type Reply,
} from './edge-testing.ts';
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

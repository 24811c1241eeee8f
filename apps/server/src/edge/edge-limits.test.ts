import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { heldSocket } from '@sallyport/testing/held-socket';
import { openOperatorSocket, send, sendRaw, startEdge, type Reply, type TestEdge, unbound } from './edge-testing.ts';

function post(
  server: TestEdge,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return send({ port: server.port, path, method: 'POST', key: 'sp_writer', body, headers });
}

function codeOf(reply: Reply): unknown {
  return [reply.status, reply.json['code']];
}

const tooLarge = [413, 'body_too_large'];
const invalid = [400, 'body_invalid'];

test('a body up to the limit is read, one byte more is refused, with and without an announced length', async () => {
  await using server = await startEdge({ limits: { bodyBytes: 1000 } });
  const body = (size: number): string => JSON.stringify('a'.repeat(size - 2));
  assert.equal((await post(server, '/v1/anything', body(1000))).status, 200);
  assert.deepEqual(codeOf(await post(server, '/v1/anything', body(1001))), tooLarge);
  const chunked = await sendRaw(server.port, [
    'POST /v1/anything HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sp_writer\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
    `3e9\r\n${body(1001)}\r\n0\r\n\r\n`,
  ]);
  assert.match(chunked, /^HTTP\/1\.1 413 /);
  assert.match(chunked, /body_too_large/);
});

test('a route’s own limit holds, also when it reads the body as a stream', async () => {
  await using server = await startEdge();
  assert.deepEqual(codeOf(await post(server, '/v1/small', JSON.stringify('a'.repeat(99)))), tooLarge);
  const stream = { 'content-type': 'application/x-ndjson' };
  assert.deepEqual((await post(server, '/v1/stream', 'a'.repeat(1000), stream)).json, { bytes: 1000 });
  assert.deepEqual(codeOf(await post(server, '/v1/stream', 'a'.repeat(1001), stream)), tooLarge);
  const chunked = await sendRaw(server.port, [
    'POST /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sp_writer\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
    `3e9\r\n${'a'.repeat(1001)}\r\n0\r\n\r\n`,
  ]);
  assert.match(chunked, /^HTTP\/1\.1 413 /);
});

test('deep, broken and poisoned JSON is refused', async () => {
  await using server = await startEdge();
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal((await post(server, '/v1/anything', nested(32))).status, 200);
  for (const body of [
    nested(33),
    nested(100_000),
    '['.repeat(100_000),
    '{"a":',
    '{"a":1}}',
    '',
    '\u0000',
    '{"__proto__":{"admin":true}}',
    '{"\\u005f_proto__":{}}',
    '{"constructor":{"prototype":{}}}',
    '[{"a":{"__proto__":1}}]',
  ]) {
    assert.deepEqual(codeOf(await post(server, '/v1/anything', body)), invalid, body.slice(0, 40));
  }
  assert.deepEqual(codeOf(await post(server, '/v1/anything', Uint8Array.from([0x22, 0xff, 0x22]))), invalid);
  assert.deepEqual((await post(server, '/v1/anything', JSON.stringify(`[[{"${'['.repeat(100)}`))).status, 200);
});

test('content types nobody reads are refused', async () => {
  await using server = await startEdge();
  for (const type of ['text/plain', 'application/xml', 'multipart/form-data', 'application/jsonx', '']) {
    assert.deepEqual(
      codeOf(await post(server, '/v1/anything', '{}', { 'content-type': type })),
      [415, 'media_type_unsupported'],
      type,
    );
  }
});

test('headers over the limit are refused with a problem, and counted', async () => {
  await using server = await startEdge({ limits: { headerBytes: 4096 } });
  const text = await sendRaw(server.port, [
    `GET /v1/public HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'a'.repeat(5000)}\r\n\r\n`,
  ]);
  assert.match(
    text,
    /^HTTP\/1\.1 431 [\s\S]*content-type: application\/problem\+json[\s\S]*"code":"headers_too_large"/,
  );
  await server.edge.close();
  assert.deepEqual(
    server.decisions.map((decision) => decision.code),
    ['headers_too_large'],
  );
});

test('a client that sends its headers or its body too slowly is cut off; others are served meanwhile', async () => {
  const limits = { headersTimeoutMs: 700, requestTimeoutMs: 900, timeoutCheckMs: 20 };
  await using server = await startEdge({ limits });
  const head =
    'POST /v1/anything HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sp_writer\r\nContent-Type: application/json\r\n';
  const slow = [
    sendRaw(server.port, ['GET /v1/public HTTP/1.1\r\nHost: loc']),
    sendRaw(server.port, [`${head}Content-Length: 100\r\n\r\n{"a"`]),
  ];
  assert.equal((await send({ port: server.port, path: '/v1/public' })).status, 200);
  for (const text of await Promise.all(slow)) assert.match(text, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
});

test('an idle connection is closed', async () => {
  await using server = await startEdge({ limits: { idleTimeoutMs: 50, headersTimeoutMs: 60_000 } });
  assert.equal(await sendRaw(server.port, []), '');
});

test('connections over the limit are refused, those there already go on', async () => {
  for (const limits of [{ connections: 2 }, { connectionsPerAddress: 2 }]) {
    await using server = await startEdge({ limits });
    using first = heldSocket(connect(server.port, '127.0.0.1'));
    using second = heldSocket(connect(server.port, '127.0.0.1'));
    const open = [first, second];
    for (const socket of open) await once(socket, 'connect');
    // The server has accepted both once it answers on them.
    for (const socket of open) {
      socket.write('GET /v1/public HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
    }
    await assert.rejects(send({ port: server.port, path: '/v1/public' }));
    for (const socket of open) socket.destroy();
    await server.edge.close();
    assert.equal(server.decisions.filter(({ code }) => code === 'too_many_connections').length, 1);
  }
});

test('a key over its rate is told when to come back; another key and a later moment are served', async () => {
  await using server = await startEdge({ limits: { perPrincipal: { perSecond: 0.5, burst: 2 } } });
  const get = (key: string): Promise<Reply> => send({ port: server.port, path: '/v1/items/a', key });
  for (let round = 0; round < 2; round += 1) assert.equal((await get('sp_reader')).status, 200);
  const refused = await get('sp_reader');
  assert.deepEqual(codeOf(refused), [429, 'rate_limited']);
  assert.equal(refused.headers['retry-after'], '2');
  assert.equal((await get('sp_writer')).status, 200);
  server.clock.advance(2000);
  assert.equal((await get('sp_reader')).status, 200);
});

test('an address over its rate is refused before its key is looked at', async () => {
  let asked = 0;
  const caller = {
    kind: 'network',
    ...unbound,
    authenticateSession: async () => ({ refused: 'none' }),
    async authenticate() {
      asked += 1;
      return { refused: 'key_unknown' };
    },
    recheck: async () => ({ refused: 'none' }),
  } as const;
  await using server = await startEdge({ caller, limits: { perAddress: { perSecond: 1, burst: 3 } } });
  const statuses: number[] = [];
  for (let round = 0; round < 5; round += 1)
    statuses.push((await send({ port: server.port, path: '/v1/items/a', key: 'sp_guess' })).status);
  assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
  assert.equal(asked, 3);
});

test('the operator on this machine is never refused for a rate', async () => {
  const rate = { perSecond: 1, burst: 1 };
  await using server = await startEdge({ limits: { perAddress: rate, perPrincipal: rate, connections: 1 } });
  const socketPath = await openOperatorSocket(server.edge);
  for (let round = 0; round < 5; round += 1)
    assert.equal((await send({ socketPath, path: '/v1/items/a' })).status, 200);
  // What others ask for costs the operator nothing, neither rate nor connections.
  using held = heldSocket(connect(server.port, '127.0.0.1'));
  await once(held, 'connect');
  assert.equal((await send({ socketPath, path: '/v1/items/a' })).status, 200);
});

test('a public route may have a rate of its own for each address, which costs no other route anything', async () => {
  await using server = await startEdge();
  const ask = async (path: string): Promise<unknown[]> => {
    const reply = await send({ port: server.port, path });
    return [reply.status, reply.headers['retry-after']];
  };
  for (let at = 0; at < 3; at += 1) assert.deepEqual(await ask('/v1/rare'), [200, undefined]);
  assert.deepEqual(await ask('/v1/rare'), [429, '1']);
  assert.deepEqual(await ask('/v1/public'), [200, undefined]);
  server.clock.advance(1000);
  assert.deepEqual(await ask('/v1/rare'), [200, undefined]);
});

test('whoever is nobody yet and is refused again and again leaves one record, not one each', async () => {
  await using server = await startEdge();
  for (let at = 0; at < 5; at += 1)
    assert.equal((await send({ port: server.port, path: '/v1/public-refusal' })).status, 403);
  const told = () => server.decisions.filter(({ code }) => code === 'test_forbidden');
  assert.deepEqual(told(), []);
  await server.edge.close(0);
  assert.deepEqual(
    told().map(({ count }) => count),
    [5],
  );
});

test('who goes away in the middle of a body that nobody reads ends their own connection and nothing else', async () => {
  await using server = await startEdge({ limits: { bodyBytes: 1000 } });
  const left: string[] = [];
  // An error that nobody listens to would end the server: here it is told of instead.
  const tell = (error: Error): void => void left.push(error.message);
  process.on('uncaughtException', tell);
  try {
    for (const head of [
      'GET /v1/endless HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
      'GET /v1/endless HTTP/1.1\r\nHost: localhost\r\nX-Sallyport-Proof: a\r\nContent-Length: 900\r\n\r\nab',
      'POST /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sp_writer\r\nContent-Type: application/x-ndjson\r\nX-Sallyport-Proof: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    ]) {
      const socket = heldSocket(connect(server.port, '127.0.0.1'));
      await once(socket, 'connect');
      socket.write(head);
      // Of one after it there is an answer: it has come as far as it will.
      assert.equal((await post(server, '/v1/anything', '{}')).status, 200);
      socket.resetAndDestroy();
      assert.equal((await post(server, '/v1/anything', '{}')).status, 200);
    }
    assert.deepEqual(left, []);
  } finally {
    process.off('uncaughtException', tell);
  }
});

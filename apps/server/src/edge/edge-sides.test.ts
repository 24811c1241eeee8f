import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { heldSocket } from '@sallyport/testing/held-socket';
import { askForUpgrade } from '@sallyport/testing/web-socket';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { openOperatorSocket, renewedSession, send, startEdge, testRoutes } from './edge-testing.ts';

/** Who asks, as a handler is told. */
const askers: RoutePlugin = async (fastify) => {
  const app = typedApp(fastify);
  app.get('/v1/asker', { config: { scope: 'alerts:read' } }, async ({ principal, client, presented }) => ({
    kind: principal.kind,
    from: client.address,
    links: client.linkOrigin,
    url: presented.url,
  }));
  app.get(
    '/v1/socket',
    {
      config: {
        scope: 'alerts:read',
        socket: {
          maxMessageBytes: 1000,
          rate: { messagesPerSecond: 10, bytesPerSecond: 4000 },
          open: () => ({ text: () => undefined, bytes: () => undefined, closed: () => undefined }),
        },
      },
    },
    async () => null,
  );
};

test('one table of routes, two sides: nobody on the network is the operator, whatever they say and whoever asks beside them', async () => {
  await using server = await startEdge({
    routes: [testRoutes, askers],
    publicOrigin: () => 'https://network.example.org',
  });
  const { port, edge } = server;
  const socketPath = await openOperatorSocket(edge, () => 'https://operator.example.org');
  const claims = [
    {},
    { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=unix' },
    { authorization: 'Bearer local' },
    { host: 'sallyport' },
    { cookie: `sallyport=${renewedSession}`, 'x-sallyport': '1' },
  ];
  const [networkAgent, operatorAgent] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
  for (let round = 0; round < 4; round += 1)
    await Promise.all(
      claims.map(async (headers) => {
        const [ours, theirs] = await Promise.all([
          send({ socketPath, path: '/v1/asker', agent: operatorAgent, headers: { host: 'sallyport' } }),
          send({ port, path: '/v1/asker', agent: networkAgent, headers }),
        ]);
        assert.equal(ours.json['kind'], 'operator');
        assert.ok(theirs.status >= 400 && theirs.status < 500, theirs.text);
      }),
    );
  networkAgent.destroy();
  operatorAgent.destroy();

  const operator = await send({ socketPath, path: '/v1/asker' });
  assert.deepEqual(
    [operator.json['from'], operator.json['links']],
    ['local', 'https://operator.example.org'],
    operator.text,
  );
  const reader = await send({ port, path: '/v1/asker', key: 'sp_reader' });
  assert.deepEqual(
    [reader.json['kind'], reader.json['from'], reader.json['links']],
    ['key', '127.0.0.1', 'https://network.example.org'],
    reader.text,
  );
  // Neither another method, nor an expectation, nor an upgrade leads past the side.
  assert.equal((await send({ port, path: '/v1/asker', method: 'HEAD' })).status, 401);
  const expecting = { expect: 'something-else' };
  assert.equal((await send({ port, path: '/v1/asker', headers: expecting })).status, 401);
  assert.equal((await send({ socketPath, path: '/v1/asker', headers: expecting })).status, 200);
  assert.equal((await askForUpgrade({ port, path: '/v1/socket' })).status, 401);
  using asking = heldSocket(connect(socketPath));
  asking.write(
    'GET /v1/socket HTTP/1.1\r\nHost: sallyport\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [answer] = await once(asking, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 101 /);
});

test('what is refused and let in on one side is recorded as that side’s', async () => {
  const server = await startEdge();
  const socketPath = await openOperatorSocket(server.edge);
  await send({ socketPath, path: '/v1/items/a' });
  await send({ port: server.port, path: '/v1/items/a', key: 'sp_reader' });
  await send({ port: server.port, path: '/v1/items/a', key: 'sp_nobody' });
  await server.edge.close(0);
  assert.deepEqual(
    server.decisions
      .map(({ code, principal, address }) => `${code} ${principal?.kind ?? 'nobody'} ${address}`)
      .toSorted((a, b) => a.localeCompare(b)),
    ['allowed key 127.0.0.1', 'allowed operator local', 'authentication_failed nobody 127.0.0.1'],
  );
  await assert.rejects(send({ socketPath, path: '/v1/public' }), { code: 'ENOENT' });
});

test('sockets of the operator take no place from those of the network', async () => {
  await using server = await startEdge({ routes: [askers], limits: { sockets: 1 } });
  const socketPath = await openOperatorSocket(server.edge);
  const upgrade =
    'GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const statusOf = async (socket: Socket, more = ''): Promise<string> => {
    socket.write(`${upgrade}${more}\r\n`);
    const [answer] = await once(socket, 'data');
    return String(answer).slice(9, 12);
  };
  using first = heldSocket(connect(socketPath));
  using second = heldSocket(connect(socketPath));
  assert.deepEqual([await statusOf(first), await statusOf(second)], ['101', '101']);
  const key = 'Authorization: Bearer sp_reader\r\n';
  using theirs = heldSocket(connect(server.port, '127.0.0.1'));
  using tooMany = heldSocket(connect(server.port, '127.0.0.1'));
  assert.deepEqual([await statusOf(theirs, key), await statusOf(tooMany, key)], ['101', '429']);
});

test('a socket that is opened while all are closed is closed as well', async () => {
  const { edge } = await startEdge();
  const opening = openOperatorSocket(edge);
  await edge.close(0);
  await assert.rejects(send({ socketPath: await opening, path: '/v1/public' }), { code: 'ENOENT' });
});

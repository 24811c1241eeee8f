import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { heldSocket, socketOver } from '@sallyport/testing/held-socket';
import { askForUpgrade, openWebSocket, textFrame, type SocketClient } from '@sallyport/testing/web-socket';
import { assertProblem, send, startEdge, type Reply, type TestEdge, unbound, writerSession } from './edge-testing.ts';
import type { EdgeNeeds, Refused } from './needs.ts';

const heard: string[] = [];

const sockets: RoutePlugin = async (app) => {
  app.get('/v1/plain', { config: { public: true } }, async () => ({ ok: true }));
  app.get(
    '/v1/socket',
    {
      config: {
        scope: 'alerts:read',
        socket: {
          maxMessageBytes: 1000,
          rate: { messagesPerSecond: 10, bytesPerSecond: 4000 },
          open(socket, { principal }) {
            socket.send(`hello ${principal.id}`);
            return {
              text(text) {
                if (text === 'throw') throw new Error('password=hunter2');
                if (text === 'refuse') throw new CodedError('test_conflict', 'Cannot do that twice');
                heard.push(text);
                socket.send(text);
              },
              bytes: (bytes) => socket.send(bytes),
              closed: () => undefined,
            };
          },
        },
      },
    },
    async () => null,
  );
};

function start(changes: Partial<EdgeNeeds> = {}): Promise<TestEdge> {
  return startEdge({ routes: [sockets], ...changes });
}

const key = { authorization: 'Bearer sp_reader' };
const person = { kind: 'user', id: 'u1', name: 'Maria', scopes: ['alerts:read', 'alerts:write'] } as const;

function openSocket({
  port,
  ...rest
}: {
  readonly port: number;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<SocketClient> {
  return openWebSocket({ url: `ws://127.0.0.1:${port}/v1/socket`, ...rest });
}

async function refusalOf(request: Parameters<typeof askForUpgrade>[0]): Promise<Reply> {
  const answer = await askForUpgrade(request);
  const json: unknown = JSON.parse(answer.text);
  return { ...answer, json: typeof json === 'object' && json !== null ? { ...json } : {} };
}

test('a socket opens for whoever may, by a key in the header, among the subprotocols, or a session from our own page', async () => {
  await using server = await start();
  const origin = `http://127.0.0.1:${server.port}`;
  const ways = [
    { headers: key },
    { protocols: ['camera.1', 'bearer.sp_reader'] },
    // The token of a page goes before the cookie its browser adds by itself.
    { protocols: ['camera.1', 'bearer.sp_reader'], headers: { origin, cookie: `sallyport=${writerSession}` } },
    { headers: { origin, cookie: `sallyport=${writerSession}` } },
  ];
  const names: unknown[] = [];
  for (const way of ways) {
    const socket = await openSocket({ port: server.port, ...way });
    names.push(await socket.next());
    assert.equal(socket.protocol, way.protocols === undefined ? '' : 'camera.1', 'a token is never said back');
    await socket.end();
  }
  assert.deepEqual(names, ['hello reader', 'hello reader', 'hello reader', 'hello u1']);
});

test('nobody else opens a socket, and each is told why as for any request', async () => {
  await using server = await start();
  const { port } = server;
  const origin = `http://127.0.0.1:${port}`;
  const cookie = `sallyport=${writerSession}`;
  const refusals: readonly [Record<string, string>, number, string][] = [
    [{}, 401, 'authentication_required'],
    [{ authorization: 'Bearer sp_nobody' }, 401, 'authentication_failed'],
    [{ 'sec-websocket-protocol': 'camera.1, bearer.sp_nobody' }, 401, 'authentication_failed'],
    [{ 'sec-websocket-protocol': 'bearer.sp_reader, bearer.sp_writer' }, 401, 'authentication_required'],
    [{ ...key, origin: 'https://evil.example' }, 403, 'cross_origin'],
    [{ ...key, origin: 'null' }, 403, 'cross_origin'],
    [{ cookie }, 403, 'csrf_refused'],
    [{ cookie, origin: 'https://evil.example' }, 403, 'csrf_refused'],
    [{ cookie, origin: `https://127.0.0.1:${port}` }, 403, 'csrf_refused'],
    [{ cookie, origin: `http://127.0.0.1:${port + 1}` }, 403, 'csrf_refused'],
    [{ cookie, origin, 'sec-fetch-site': 'cross-site' }, 403, 'csrf_refused'],
    [{ ...key, host: 'rebound.example' }, 421, 'host_not_allowed'],
  ];
  for (const [headers, status, code] of refusals)
    assertProblem(await refusalOf({ port, path: '/v1/socket', headers }), status, code);
  assertProblem(await refusalOf({ port, path: '/v1/none', headers: key }), 404, 'route_not_found');
  assertProblem(await refusalOf({ port, path: '/v1/plain', headers: {} }), 400, 'upgrade_refused');
  assertProblem(await refusalOf({ port, path: '/%zz', headers: {} }), 400, 'request_invalid');
});

test('a socket route without an upgrade says that it is one, and an offer of another protocol is ignored', async () => {
  await using server = await start();
  const { port } = server;
  assertProblem(await send({ port, path: '/v1/socket', key: 'sp_reader' }), 426, 'upgrade_required');
  const offered = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  assert.equal((await send({ port, path: '/v1/plain', headers: offered })).status, 200);
});

test('a socket ends when whoever opened it is signed out, revoked or given other rights', async () => {
  const laters: readonly (() => Promise<Principal | Refused>)[] = [
    async () => ({ refused: 'session_unknown' }),
    async () => ({ ...person, scopes: ['alerts:read'] }),
    async () => Promise.reject(new Error('the database is away')),
  ];
  for (const later of laters) {
    let recheck: () => Promise<Principal | Refused> = async () => person;
    await using server = await start({
      caller: {
        kind: 'network',
        ...unbound,
        authenticate: async () => person,
        authenticateSession: async () => ({ refused: 'session_unknown' }),
        recheck: () => recheck(),
      },
    });
    const socket = await openSocket({ port: server.port, headers: key });
    await socket.next();
    server.tick();
    socket.send('still here');
    assert.equal(await socket.next(), 'still here');
    recheck = later;
    server.tick();
    assert.equal(await socket.closed, 1008);
  }
});

test('a client that resets its connection before it is known harms nobody, whether it is let in or refused', async () => {
  for (const answer of [person, { refused: 'key_unknown' }] as const) {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: known, resolve: know } = Promise.withResolvers<void>();
    let isFirst = true;
    await using server = await start({
      caller: {
        kind: 'network',
        ...unbound,
        async authenticate() {
          if (!isFirst) return person;
          isFirst = false;
          ask();
          await known;
          return answer;
        },
        authenticateSession: async () => ({ refused: 'session_unknown' }),
        recheck: async (principal) => principal,
      },
    });
    using gone = heldSocket(connect(server.port, '127.0.0.1'));
    gone.write(
      'GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer sp_reader\r\n\r\n',
    );
    await asked;
    const closed = socketOver(gone);
    gone.resetAndDestroy();
    await closed;
    know();
    const next = await openSocket({ port: server.port, headers: key });
    assert.equal(await next.next(), 'hello u1');
    await next.end();
  }
});

test('who is cut off is not heard any more, and need not agree to be', async () => {
  let isAllowed = true;
  await using server = await start({ decide: async () => ({ allowed: isAllowed, reason: 'by test' }) });
  const { socket, goodbye } = await askForUpgrade({ port: server.port, path: '/v1/socket', headers: key });
  assert.ok(socket !== undefined);
  heard.length = 0;
  isAllowed = false;
  server.tick();
  const ended = socketOver(socket);
  await goodbye;
  socket.write(textFrame('too late'));
  await ended;
  assert.deepEqual(heard, []);
});

test('too many messages, too many bytes, too large ones, and pings beyond counting close the socket', async () => {
  await using server = await start();
  const floods: readonly [string, (socket: SocketClient) => void, number][] = [
    ['messages', (socket) => Array.from({ length: 21 }, () => socket.send('x')), 1008],
    ['bytes', (socket) => Array.from({ length: 9 }, () => socket.send(new Uint8Array(999))), 1008],
    ['pings', (socket) => Array.from({ length: 21 }, () => socket.ping()), 1008],
    ['a large one', (socket) => socket.send(new Uint8Array(1001)), 1009],
    ['an enormous one', (socket) => socket.send(new Uint8Array(2 * 1024 * 1024 + 1)), 1009],
  ];
  for (const [name, flood, code] of floods) {
    const socket = await openSocket({ port: server.port, headers: key });
    await socket.next();
    flood(socket);
    assert.equal(await socket.closed, code, name);
  }
  await server.edge.close(0);
  assert.ok(server.decisions.some(({ code, outcome }) => code === 'rate_limited' && outcome === 'denied'));
});

test('a message in ever more pieces is given up, though they are small and none is the last', async () => {
  await using server = await start();
  const { socket, goodbye } = await askForUpgrade({ port: server.port, path: '/v1/socket', headers: key });
  assert.ok(socket !== undefined);
  const ended = socketOver(socket);
  heard.length = 0;
  // RFC 6455 section 5.2: masked, without a byte; text that goes on, then continuations that go on.
  const piece = (opcode: number): Buffer => Buffer.from([opcode, 0x80, 0, 0, 0, 0]);
  socket.write(Buffer.concat([piece(1), ...Array.from({ length: 300 }, () => piece(0))]));
  await goodbye;
  await ended;
  assert.deepEqual(heard, []);
});

test('what a listener throws closes its socket: a coded error with its message, anything else without a word', async () => {
  await using server = await start();
  for (const [text, code, reason] of [
    ['refuse', 1008, 'Cannot do that twice'],
    ['throw', 1011, 'internal'],
  ] as const) {
    const socket = await openSocket({ port: server.port, headers: key });
    await socket.next();
    socket.send(text);
    assert.equal(await socket.closed, code);
    assert.equal(socket.reason(), reason);
  }
});

test('sockets are bounded in all and for each caller, and one that answers no ping is given up', async () => {
  await using server = await start({ limits: { sockets: 2, socketsPerPrincipal: 1, socketSilenceMs: 30_000 } });
  const { port } = server;
  const first = await openSocket({ port, headers: key });
  await first.next();
  const refused = await refusalOf({ port, path: '/v1/socket', headers: key });
  assertProblem(refused, 429, 'too_many_sockets');
  const second = await openSocket({ port, headers: { authorization: 'Bearer sp_writer' } });
  await second.next();
  server.clock.advance(30_001);
  server.tick();
  assert.equal(await first.closed, 1006);
  await second.closed;
  const again = await openSocket({ port, headers: key });
  await again.next();
});

test('a server that stops says so to every socket, and waits no longer than it was told', async () => {
  await using server = await start();
  const polite = await openSocket({ port: server.port, headers: key });
  await polite.next();
  const { socket: rude } = await askForUpgrade({ port: server.port, path: '/v1/socket', headers: key });
  assert.ok(rude !== undefined);
  const ended = socketOver(rude);
  await server.edge.close(50);
  assert.equal(await polite.closed, 1001);
  await ended;
});

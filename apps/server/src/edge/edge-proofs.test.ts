import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { openWebSocket } from '@sallyport/testing/web-socket';
import { assertProblem, send, startEdge, type Reply, type TestEdge, writerSession } from './edge-testing.ts';
import type { EdgeNeeds } from './needs.ts';

const person: Principal = {
  kind: 'user',
  id: 'u1',
  name: 'Maria',
  scopes: ['alerts:read', 'alerts:write'],
  sessionId: 's1',
  browserKey: 'k1',
};
const { browserKey: _none, ...unboundPerson } = person;
const streamName = 'a-name-that-nobody-can-guess';
const minuteMs = 60_000;

/** What it said it signed stands in the proof itself: whether the signature is right is for identity to say. */
function boundCaller(goodForMs = 5 * minuteMs): EdgeNeeds['caller'] {
  return {
    kind: 'network',
    authenticate: async () => ({ kind: 'key', id: 'k', name: 'k', scopes: person.scopes }),
    authenticateSession: async (token) => ({
      principal: token.startsWith('unbound') ? unboundPerson : person,
      ...(token.startsWith('unbound') ? {} : { goodForMs }),
    }),
    proveKey: async (_principal, { method, path, proof = '' }) => {
      const [signed, digest] = proof.split('|');
      return signed === `${method} ${path}`
        ? { isProved: true, ...(digest === undefined ? {} : { digest }) }
        : { isProved: false, challenge: 'sign this' };
    },
    recheck: async (principal) => principal,
  };
}

let acted: string[] = [];
const routes: RoutePlugin = async (app) => {
  app.post('/v1/grave', { config: { scope: 'alerts:write', stepUp: true } }, async ({ body }) => {
    acted.push(JSON.stringify(body ?? null));
    return {};
  });
  app.delete('/v1/grave', { config: { scope: 'alerts:write', stepUp: true } }, async () => {
    acted.push('deleted');
    return {};
  });
  app.post('/v1/sometimes-grave', { config: { scope: 'alerts:write' } }, async (asked) => {
    await asked.requireFreshProof();
    acted.push(JSON.stringify(asked.body));
    return {};
  });
  app.register(async (own) => {
    own.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    own.post('/v1/raw', { config: { scope: 'alerts:write', stepUp: true } }, async ({ body }) => {
      const parts: Buffer[] = [];
      if (body instanceof Readable)
        for await (const part of body) if (part instanceof Uint8Array) parts.push(Buffer.from(part));
      acted.push(Buffer.concat(parts).toString());
      return {};
    });
  });
  app.get('/v1/endless', { config: { scope: 'alerts:read' } }, async (_request, reply) => {
    const stream = new Readable({ read: () => undefined });
    stream.push('data: first\n\n');
    return reply.header('content-type', 'text/event-stream').send(stream);
  });
  app.get('/v1/file', { config: { scope: 'alerts:read', endsByItself: true } }, async (_request, reply) => {
    const stream = new Readable({ read: () => undefined });
    stream.push('piece');
    return reply.header('content-type', 'text/plain').send(stream);
  });
  app.get(
    '/v1/socket',
    {
      config: {
        scope: 'alerts:read',
        socket: {
          maxMessageBytes: 1000,
          rate: { messagesPerSecond: 10, bytesPerSecond: 4000 },
          open: (socket) => ({ text: (text) => socket.send(text), bytes: () => undefined, closed: () => undefined }),
        },
      },
    },
    async () => null,
  );
  app.post('/v1/prove', { config: { scope: 'alerts:read', keyProof: true } }, async ({ body }, reply) => {
    if (Array.isArray(body)) reply.proveStreams(body.map(String));
    return {};
  });
};

function start(changes: Partial<EdgeNeeds> = {}): Promise<TestEdge> {
  acted = [];
  return startEdge({
    routes: [routes],
    caller: boundCaller(),
    decide: async () => ({ allowed: true, reason: '' }),
    ...changes,
  });
}

function digestOf(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}

function post(
  server: TestEdge,
  sent: {
    readonly path: string;
    readonly body?: string | Uint8Array;
    readonly proof?: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Reply> {
  const { path, body, proof, method = 'POST', headers = {} } = sent;
  return send({
    port: server.port,
    method,
    path,
    ...(body === undefined ? {} : { body }),
    headers: {
      cookie: `sallyport=${writerSession}`,
      origin: `http://127.0.0.1:${server.port}`,
      'x-sallyport': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
      ...(proof === undefined ? {} : { 'x-sallyport-proof': proof }),
    },
  });
}

test('what was signed is done: this method, this address with its query, this body to the last byte', async () => {
  await using server = await start();
  const body = '{"name":"Zoë"}';
  const path = '/v1/grave?for=a%20b&for=c';
  assert.equal((await post(server, { path, body, proof: `POST ${path}|${digestOf(body)}` })).status, 200);
  assert.equal((await post(server, { path: '/v1/grave', proof: `POST /v1/grave|${digestOf('')}` })).status, 200);
  const deleted = await post(server, {
    path: '/v1/grave',
    method: 'DELETE',
    proof: `DELETE /v1/grave|${digestOf('')}`,
  });
  assert.equal(deleted.status, 200);
  const late = { path: '/v1/sometimes-grave', body, proof: `POST /v1/sometimes-grave|${digestOf(body)}` };
  assert.equal((await post(server, late)).status, 200);
  const chunked = { 'transfer-encoding': 'chunked' };
  const raw = { path: '/v1/raw', body: 'piece', headers: { 'content-type': 'application/octet-stream' } };
  assert.equal((await post(server, { ...raw, proof: `POST /v1/raw|${digestOf('piece')}` })).status, 200);
  const piecewise = await sendChunked(server, '/v1/raw', ['pie', 'ce'], `POST /v1/raw|${digestOf('piece')}`, chunked);
  assert.equal(piecewise.status, 200);
  assert.deepEqual(acted, ['{"name":"Zoë"}', 'null', 'deleted', '{"name":"Zoë"}', 'piece', 'piece']);
});

test('a proof for another query, another body, none, or in the form that covers neither does nothing, and is recorded', async () => {
  await using server = await start();
  const [body, other] = ['{"name":"Ada"}', '{"name":"Eve"}'];
  const proof = `POST /v1/grave?user=ada|${digestOf(body)}`;
  const path = '/v1/grave?user=ada';
  for (const changed of ['/v1/grave?user=eve', '/v1/grave', '/v1/grave?user=ada&user=eve', '/v1/grave?user=%61da'])
    assertProblem(await post(server, { path: changed, body, proof }), 403, 'key_proof_required');
  // Another, a byte more, none.
  for (const sent of [other, `${body} `, undefined])
    assertProblem(
      await post(server, { path, proof, ...(sent === undefined ? {} : { body: sent }) }),
      403,
      'key_proof_mismatch',
    );
  assertProblem(await post(server, { path, body, proof: `POST ${path}` }), 403, 'key_proof_mismatch');
  assertProblem(
    await post(server, { path: '/v1/grave', body, proof: `POST /v1/grave|${digestOf('')}` }),
    403,
    'key_proof_mismatch',
  );
  const late = { path: '/v1/sometimes-grave', body: other, proof: `POST /v1/sometimes-grave|${digestOf(body)}` };
  assertProblem(await post(server, late), 403, 'key_proof_mismatch');
  // Whoever reads a body as it comes gets an error in place of its end.
  const raw = { path: '/v1/raw', body: 'piece', headers: { 'content-type': 'application/octet-stream' } };
  const wrong = await post(server, { ...raw, proof: `POST /v1/raw|${digestOf('other')}` });
  assertProblem(wrong, 403, 'key_proof_mismatch');
  const piecewise = await sendChunked(server, '/v1/raw', ['pie', 'ces'], `POST /v1/raw|${digestOf('piece')}`);
  assertProblem(piecewise, 403, 'key_proof_mismatch');
  assert.deepEqual(acted, []);
  const mismatches = server.decisions.filter(({ code }) => code === 'key_proof_mismatch');
  assert.ok(mismatches.length >= 6 && mismatches.every(({ principal }) => principal?.id === 'u1'));
});

function sendChunked(
  server: TestEdge,
  path: string,
  chunks: readonly string[],
  proof: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: server.port,
        path,
        method: 'POST',
        agent: false,
        headers: {
          cookie: `sallyport=${writerSession}`,
          origin: `http://127.0.0.1:${server.port}`,
          'x-sallyport': '1',
          'content-type': 'application/octet-stream',
          'x-sallyport-proof': proof,
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => {
          const json: Record<string, unknown> = JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    ).on('error', reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}

async function follow(server: TestEdge, path: string, token = writerSession): Promise<IncomingMessage> {
  const headers = { cookie: `sallyport=${token}` };
  const sent = request({ host: '127.0.0.1', port: server.port, path, agent: false, headers }).end();
  const [response] = await once(sent, 'response');
  assert.ok(typeof response === 'object' && response !== null);
  const stream: IncomingMessage = response;
  stream.on('error', () => undefined);
  await once(stream, 'data');
  return stream;
}

const over = (stream: IncomingMessage): Promise<unknown> => new Promise((resolve) => stream.once('close', resolve));

/** After everything that is due has run. */
async function settle(server: TestEdge): Promise<void> {
  server.tick();
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('a stream and a socket that a copied cookie opened end with that cookie; what the browser’s key proves goes on', async () => {
  await using server = await start({ limits: { socketSilenceMs: 60 * minuteMs } });
  const ours = await follow(server, `/v1/endless?stream=${streamName}`);
  const stolen = await follow(server, '/v1/endless');
  const file = await follow(server, '/v1/file');
  const unbound = await follow(server, '/v1/endless', 'unbound'.padEnd(43, '-'));
  const url = `ws://127.0.0.1:${server.port}/v1/socket`;
  const headers = { cookie: `sallyport=${writerSession}`, origin: `http://127.0.0.1:${server.port}` };
  const ourSocket = await openWebSocket({ url: `${url}?stream=the-socket-that-is-ours`, headers });
  const stolenSocket = await openWebSocket({ url: `${url}?stream=a-name-nobody-proves-ever`, headers });
  const proveAll = async (): Promise<number> => {
    const body = JSON.stringify([streamName, 'the-socket-that-is-ours', 'unknown-names-are-no-error']);
    return (await post(server, { path: '/v1/prove', body, proof: `POST /v1/prove|${digestOf(body)}` })).status;
  };
  server.clock.advance(4 * minuteMs);
  await settle(server);
  assert.equal(await proveAll(), 200);
  assertProblem(await post(server, { path: '/v1/prove', body: '["x"]' }), 403, 'key_proof_required');
  assert.equal(stolen.destroyed, false);
  const ended = [over(stolen), stolenSocket.closed];
  server.clock.advance(minuteMs);
  await settle(server);
  await Promise.all(ended);
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await proveAll(), 200);
    server.clock.advance(5 * minuteMs - 1);
    await settle(server);
  }
  for (const stream of [ours, file, unbound]) assert.equal(stream.destroyed, false);
  ourSocket.send('still here');
  assert.equal(await ourSocket.next(), 'still here');
  const last = over(ours);
  server.clock.advance(1);
  await settle(server);
  await Promise.all([last, ourSocket.closed]);
  for (const stream of [file, unbound]) {
    assert.equal(stream.destroyed, false);
    stream.destroy();
  }
  await server.edge.close(0);
  assert.ok(
    server.decisions.some(
      ({ code, principal, route }) =>
        code === 'key_proof_required' && principal?.id === 'u1' && route === '/v1/endless',
    ),
  );
});

test('a name is good for one: of two who have it, who opened last goes on', async () => {
  await using server = await start();
  const first = await follow(server, `/v1/endless?stream=${streamName}`);
  const firstOver = over(first);
  const second = await follow(server, `/v1/endless?stream=${streamName}`);
  await settle(server);
  await firstOver;
  assert.equal(second.destroyed, false);
  // Two names, a short one, one of another session: none can be proved.
  const odd = await Promise.all(
    [`stream=${streamName}&stream=${streamName}x`, 'stream=short', 'stream='].map((query) =>
      follow(server, `/v1/endless?${query}`),
    ),
  );
  const body = JSON.stringify([streamName, `${streamName}x`, 'short', '']);
  assert.equal(
    (await post(server, { path: '/v1/prove', body, proof: `POST /v1/prove|${digestOf(body)}` })).status,
    200,
  );
  const ended = [...odd, second].map(over);
  server.clock.advance(5 * minuteMs - 1);
  await settle(server);
  assert.equal(second.destroyed, false);
  server.clock.advance(1);
  await settle(server);
  await Promise.all(ended);
});

test('a cookie with little time left gives a stream no more than that', async () => {
  await using server = await start({ caller: boundCaller(1000) });
  const stream = await follow(server, `/v1/endless?stream=${streamName}`);
  const ended = over(stream);
  server.clock.advance(1000);
  await settle(server);
  await ended;
});

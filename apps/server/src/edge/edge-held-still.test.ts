import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { MessageSocket, RoutePlugin } from '@sallyport/platform/http';
import { startEdge } from './edge-testing.ts';

/** A client beside this thread, which is held still: sends at "go" on a connection that the server knows, and tells what it was answered. */
const client = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, held, kind } } = require('node:worker_threads');
const get = 'GET /v1/public HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n';
const post = 'POST /v1/anything HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer sp_writer\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n';
const upgrade = 'GET /v1/held-socket HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nAuthorization: Bearer sp_reader\\r\\n\\r\\n';
const answered = (socket) => new Promise((resolve) => {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    if (kind !== 'socket' || socket.isOther) resolve(text.split('\\r\\n', 1)[0]);
    else if (text.includes('still open')) resolve('still open');
  });
  socket.on('error', (error) => resolve(error.code));
  socket.on('close', () => resolve('closed'));
});
const opened = async () => {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
};
(async () => {
  const socket = await opened();
  if (kind === 'kept') { socket.write(get); await new Promise((resolve) => socket.once('data', resolve)); }
  if (kind === 'body') socket.write(post);
  // Connections are taken in by turn, and read a round after that: once this one is answered, the first is known with what it sent.
  if (kind !== 'kept') { const other = await opened(); other.isOther = true; other.write(get); await answered(other); other.destroy(); }
  parentPort.postMessage('ready');
  Atomics.wait(held, 0, 0);
  socket.write(kind === 'body' ? '{}' : kind === 'socket' ? upgrade : get, () => { Atomics.store(held, 1, 1); Atomics.notify(held, 1); });
  parentPort.postMessage(await answered(socket));
  socket.destroy();
})();
`;

const heldSocket: RoutePlugin = async (app) => {
  const open = (socket: MessageSocket) => {
    // Behind what a connection that counts as silent is told.
    setImmediate(() => setImmediate(() => socket.send('still open')));
    return { text: () => undefined, bytes: () => undefined, closed: () => undefined };
  };
  const rate = { messagesPerSecond: 10, bytesPerSecond: 4000 };
  app.get('/v1/public', { config: { public: true } }, async () => ({ ok: true }));
  app.get(
    '/v1/held-socket',
    { config: { scope: 'alerts:read', socket: { maxMessageBytes: 1000, rate, open } } },
    async () => null,
  );
};

// Node keeps a connection a second longer than it says.
const stillMs = 1300;

for (const [kind, limits] of [
  ['kept', { keepAliveTimeoutMs: 50 }],
  ['fresh', { headersTimeoutMs: 100, timeoutCheckMs: 20 }],
  ['socket', { headersTimeoutMs: 100, timeoutCheckMs: 20 }],
  ['body', { requestTimeoutMs: 200 }],
] as const)
  test(`who sent in time while the process was held still is answered: ${kind}`, async () => {
    await using server = await startEdge({ limits, ...(kind === 'socket' ? { routes: [heldSocket] } : {}) });
    const held = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(client, { eval: true, workerData: { port: server.port, held, kind } });
    try {
      assert.deepEqual(await once(worker, 'message'), ['ready']);
      Atomics.store(held, 0, 1);
      Atomics.notify(held, 0);
      assert.notEqual(Atomics.wait(held, 1, 0, 10_000), 'timed-out');
      Atomics.wait(held, 1, 1, stillMs);
      const answer = kind === 'socket' ? 'still open' : 'HTTP/1.1 200 OK';
      assert.deepEqual(await once(worker, 'message'), [answer]);
    } finally {
      await worker.terminate();
    }
  });

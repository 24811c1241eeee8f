import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, beforeEach, test } from 'node:test';
import { createApiClient, parseServer } from './http-client.ts';
import { startFakeServer } from './testing/fake-server.ts';

const server = await startFakeServer();
const elsewhere = await startFakeServer();
after(async () => {
  await server.close();
  await elsewhere.close();
});
beforeEach(() => server.interfere(() => undefined));

const client = createApiClient({ kind: 'server', server: new URL(server.url), key: server.key, caFile: undefined });
const request = { path: '/v1/health', signal: new AbortController().signal };

test('a redirect is refused, so that the key goes nowhere else', async () => {
  server.interfere(() => ({ status: 307, headers: { location: `${elsewhere.url}/v1/health` } }));
  await assert.rejects(client.text(request), { code: 'request_refused', message: /answered 307/ });
  assert.deepEqual(elsewhere.requests, []);
});

test('an answer without end is not held', async () => {
  server.texts.set('/v1/health', 'x'.repeat(65 * 1024 * 1024));
  await assert.rejects(client.text(request), { code: 'server_answer', message: /must be at most 67108864 bytes/ });
  server.texts.delete('/v1/health');
});

test('an answer cut off in the middle counts as a broken connection, not as an answer', async () => {
  const breaking = http.createServer((_, reply) => {
    reply.writeHead(200, { 'content-length': '1000' });
    reply.write('{"status":"ok"}', () => reply.destroy());
  });
  breaking.listen(0, '127.0.0.1');
  await once(breaking, 'listening');
  const address = breaking.address();
  const url = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
  const cut = createApiClient({ kind: 'server', server: url, key: undefined, caFile: undefined });
  await assert.rejects(cut.json(request), { code: 'server_unreachable' });
  breaking.close();
});

test('every status has its code: refused access, a passing failure, a lasting one', async () => {
  const codes: Record<number, string> = {
    401: 'access_denied',
    403: 'access_denied',
    404: 'request_refused',
    429: 'server_busy',
    500: 'server_answer',
    503: 'server_busy',
  };
  for (const [status, code] of Object.entries(codes)) {
    server.interfere(() => ({ status: Number(status), body: { code: 'x', detail: 'Why' } }));
    // What is expected is told by itself; what is not, with who said it.
    const message = Number(status) < 500 ? /^Why$/ : new RegExp(`^http://.* answered ${status} x: Why$`);
    await assert.rejects(client.text(request), { code, message });
  }
});

test('a key is taken to this machine or over https only', () => {
  for (const local of ['http://127.0.0.1:8470', 'http://localhost', 'http://[::1]:1', 'https://example.com'])
    parseServer(local, 'sp_x');
  parseServer('http://example.com', undefined);
  for (const open of [
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
    'http://localhost.evil',
  ]) {
    assert.throws(() => parseServer(open, 'sp_x'), { code: 'usage', message: /not encrypted/ });
  }
  for (const bad of ['', 'x', 'file:///etc/passwd', 'ws://x'])
    assert.throws(() => parseServer(bad, undefined), { code: 'usage' });
});

/** A server of bytes: says what it is told to whoever connects. Returns its address and how to end it. */
async function speaking(say: (socket: net.Socket) => void): Promise<{ url: URL; end(): void }> {
  const sockets = new Set<net.Socket>();
  const speaker = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    say(socket);
  });
  speaker.listen(0, '127.0.0.1');
  await once(speaker, 'listening');
  const address = speaker.address();
  return {
    url: new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`),
    end() {
      for (const socket of sockets) socket.destroy();
      speaker.close();
    },
  };
}

const impatient = { idleTimeoutMs: 5000, answerTimeoutMs: 150, maxAnswerBytes: 1024 };

test('an answer that trickles is given up, in its headers, in its body and in a refusal; so is an open stream without headers', async () => {
  for (const head of ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 500 No\r\n\r\n']) {
    const server = await speaking((socket) => {
      socket.write(head);
      const drip = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    const slow = createApiClient({ kind: 'server', server: server.url, key: undefined, caFile: undefined }, impatient);
    try {
      await assert.rejects(slow.text(request), { code: 'server_unreachable', message: /no complete answer within/ });
      if (!head.endsWith('200 OK\r\n\r\n'))
        await assert.rejects(slow.open(request), { code: 'server_unreachable', message: /no complete answer within/ });
    } finally {
      slow.close();
      server.end();
    }
  }
});

test('an open stream outlives the deadline of an answer', async () => {
  const server = await speaking((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n');
    setTimeout(() => socket.end('data: late\n\n'), 1600);
  });
  const limits = { ...impatient, answerTimeoutMs: 1500 };
  const patient = createApiClient({ kind: 'server', server: server.url, key: undefined, caFile: undefined }, limits);
  const chunks: Buffer[] = [];
  for await (const chunk of await patient.open(request)) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'data: late\n\n');
  patient.close();
  server.end();
});

test('a compressed answer is not unpacked: a bomb stays as small as it came', async () => {
  const server = await speaking((socket) => {
    socket.end(
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\nconnection: close\r\n\r\n\x1f\x8b\x08\x00',
    );
  });
  const bombed = createApiClient({ kind: 'server', server: server.url, key: undefined, caFile: undefined });
  await assert.rejects(bombed.json(request), { code: 'server_answer', message: /must be JSON/ });
  bombed.close();
  server.end();
});

test('JSON nested without end is no answer', async () => {
  server.texts.set('/v1/health', `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  await assert.rejects(client.json(request), { code: 'server_answer' });
  server.texts.delete('/v1/health');
});

test('what speaks something else than HTTP, or nothing, is told in words, with what to look at', async () => {
  for (const [say, message, hint] of [
    ['SSH-2.0-OpenSSH_9.6\r\n', /does not speak HTTP/, /is it http or https/],
    ['\x15\x03\x01\x00\x02\x02\x46', /does not speak HTTP/, /is it http or https/],
    ['', /cut|hang up/, /start the server/],
  ] as const) {
    const server = await speaking((socket) => socket.end(say));
    const lost = createApiClient({ kind: 'server', server: server.url, key: undefined, caFile: undefined });
    await assert.rejects(lost.text(request), { code: 'server_unreachable', message, hint });
    lost.close();
    server.end();
  }
  const refused = createApiClient({
    kind: 'server',
    server: new URL('http://127.0.0.1:1'),
    key: undefined,
    caFile: undefined,
  });
  await assert.rejects(refused.text(request), { message: /: nothing listens there$/ });
  const socket = createApiClient({ kind: 'socket', path: '/nonexistent/operator.sock' });
  await assert.rejects(socket.text(request), {
    message: /there is no such file$/,
    hint: /start the server on this machine/,
  });
});

test('an https server that cannot be verified is not spoken to, whatever the environment says, and a CA must be one', async () => {
  const plain = await speaking((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
  const url = new URL(plain.url.href.replace('http:', 'https:'));
  const secure = createApiClient({ kind: 'server', server: url, key: undefined, caFile: undefined });
  await assert.rejects(secure.text(request), { code: 'server_unreachable', details: { untrusted: true } });
  plain.end();
  const notOne = { kind: 'server', server: url, key: undefined, caFile: import.meta.filename } as const;
  assert.throws(() => createApiClient(notOne), { code: 'usage', message: /must be a certificate in PEM form/ });
});

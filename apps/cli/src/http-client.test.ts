import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
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
    await assert.rejects(client.text(request), { code, message: new RegExp(`answered ${status} x: Why$`) });
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

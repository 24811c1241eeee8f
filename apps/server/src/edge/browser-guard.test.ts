import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, send, sendRaw, startEdge, type Reply } from './edge-testing.ts';

test('a page cannot reach the API through a host name that is not ours', async () => {
  await using server = await startEdge();
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'localhost:65536',
    '[::2]',
  ]) {
    assertProblem(await send({ port: server.port, path: '/v1/public', headers: { host } }), 421, 'host_not_allowed');
  }
  for (const host of [
    'localhost',
    `LOCALHOST:${server.port}`,
    '[::1]:1',
    'console.example.org',
    'console.example.org.',
  ]) {
    assert.equal((await send({ port: server.port, path: '/v1/public', headers: { host } })).status, 200, host);
  }
});

test('a request without a host, with an empty one or with two is refused', async () => {
  await using server = await startEdge();
  for (const hosts of ['', 'Host: \r\n', 'Host: localhost\r\nHost: evil.example\r\n']) {
    const text = await sendRaw(server.port, [`GET /v1/public HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`]);
    assert.match(text, /^HTTP\/1\.1 421 [\s\S]*host_not_allowed/, hosts);
  }
});

test('a page of another origin cannot change anything, and a preflight is not answered', async () => {
  await using server = await startEdge();
  const post = (headers: Record<string, string>): Promise<Reply> =>
    send({ port: server.port, path: '/v1/items', method: 'POST', key: 'sp_writer', body: '{"name":"a"}', headers });
  const own = `127.0.0.1:${server.port}`;
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `https://${own}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    assertProblem(await post(headers), 403, 'cross_origin');
  }
  assert.equal((await post({ origin: `http://${own}`, 'sec-fetch-site': 'same-origin' })).status, 200);
  const preflight = await send({
    port: server.port,
    path: '/v1/items',
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.status, 404);
});

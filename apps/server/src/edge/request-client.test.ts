import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { send, startEdge, type TestEdge } from './edge-testing.ts';
import { describeClient } from './request-client.ts';

async function namesAt({ port }: Pick<TestEdge, 'port'>, host: string): Promise<unknown> {
  const { status, json } = await send({ port, path: '/v1/sign-in', method: 'POST', body: '{}', headers: { host } });
  assert.equal(status, 200, host);
  return json['reachedAs'];
}

test('only a name with a port of ours may be signed for us, whatever port a client writes', async () => {
  await using server = await startEdge();
  const { port } = server;
  for (const host of [
    'console.example.org:9999',
    'console.example.org.:9999',
    'localhost:3000',
    '127.0.0.1:5',
    'console.example.org',
  ])
    assert.deepEqual(await namesAt(server, host), [], host);
  for (const host of [`console.example.org:${port}`, `Console.Example.org.:${port}`])
    assert.deepEqual(await namesAt(server, host), [`console.example.org:${port}`], host);
  assert.deepEqual(await namesAt(server, `localhost:${port}`), [`localhost:${port}`], 'it is on this machine');
});

test('where others reach us by a port of another machine, that is ours as well', async () => {
  await using server = await startEdge({ publicOrigin: () => 'https://gate.example:8443' });
  const { port } = server;
  assert.deepEqual(await namesAt(server, 'console.example.org:9999'), ['gate.example:8443']);
  assert.deepEqual(await namesAt(server, `console.example.org:${port}`), [
    `console.example.org:${port}`,
    'gate.example:8443',
  ]);
  assert.deepEqual(await namesAt(server, 'console.example.org:8443'), [
    'console.example.org:8443',
    'gate.example:8443',
  ]);
});

test('a name of loopback is ours on this machine alone: on another it leads to whatever listens there', async (context) => {
  const app = fastify();
  context.after(() => app.close());
  const edge = { isOperator: false, secure: true, publicOrigin: 'https://localhost:8443' };
  app.get('/', async (request) => describeClient(request, edge).reachedAs);
  const namesFrom = async (remoteAddress: string, host: string): Promise<unknown> =>
    (await app.inject({ url: '/', remoteAddress, headers: { host } })).json();
  for (const host of ['localhost:8443', '127.0.0.1:8443', '[::1]:8443', 'localhost.:8443'])
    assert.deepEqual(await namesFrom('192.0.2.7', host), [], host);
  assert.deepEqual(await namesFrom('192.0.2.7', 'gate.example:8443'), ['gate.example:8443']);
  assert.deepEqual(await namesFrom('127.0.0.1', '[::1]:8443'), ['[::1]:8443', 'localhost:8443']);
});

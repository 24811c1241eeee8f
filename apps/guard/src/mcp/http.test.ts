import assert from 'node:assert/strict';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { freePort } from '@sallyport/testing/free-port';
import { openGate, rawClient, textIn, wicked, type RawClient } from './gateway.fixture.ts';
import { serveHttp, type HttpFront } from './http-front.ts';
import { createHttpServer } from './http-server.ts';
import { defaultLimits } from './limits.ts';
import { createRelay } from './relay.ts';

const everything = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const directory = mkdtempSync(join(tmpdir(), 'sallyport-http-'));
const closing: (() => Promise<unknown> | void)[] = [];
let remote = '';
let front: HttpFront | undefined;
const token = 'a-token-of-twenty-signs';

before(async () => {
  const port = await freePort();
  const child = spawn(process.execPath, [everything, 'streamableHttp'], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  closing.push(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stderr.once('data', resolve));
  remote = `http://127.0.0.1:${port}/mcp`;
  front = await serveHttp({
    port: 0,
    token,
    maxRequestBytes: 100_000,
    say: () => undefined,
    open: ({ toClient, closed }) =>
      createRelay({
        name: 'behind',
        server: wicked('plain'),
        gate: openGate(),
        limits: defaultLimits,
        lets: new Set(),
        nowMs: () => Date.now(),
        newId: () => 'call-00000001',
        toClient,
        closed,
        say: () => undefined,
      }),
  });
  closing.push(() => front?.close());
});
after(async () => {
  for (const close of closing.toReversed()) await close();
  rmSync(directory, { recursive: true, force: true });
});

async function remoteClient(url: string, bearer?: string): Promise<RawClient> {
  const server = createHttpServer({
    url: new URL(url),
    maxAnswerBytes: defaultLimits.maxAnswerBytes,
    say: () => undefined,
    ...(bearer === undefined
      ? {}
      : { credential: { bearer: async () => bearer, refused: async () => ({ isAgain: false }) } }),
  });
  const client = await rawClient(server, { begin: false });
  closing.push(() => client.relay.close());
  return client;
}
const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };

test('a real remote server is used through the gateway: tools, many at once, progress', async () => {
  const client = await remoteClient(remote);
  assert.match(JSON.stringify(await client.ask('initialize', hello)), /serverInfo/);
  client.relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
  assert.deepEqual(
    client.gate.told.flatMap(({ tools }) => tools ?? []),
    [],
  );
  assert.match(JSON.stringify(await client.ask('tools/list')), /"echo"/);
  assert.equal(client.gate.told[0]?.transport, 'http');
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => client.call('echo', { message: `m${at}` })));
  answers.forEach((answer, at) => assert.match(textIn(answer), new RegExp(`m${at}\\b`)));
});

test('a remote server that wants a credential is explained, and the credential is not said', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    if (request.url === '/.well-known/oauth-protected-resource/mcp') {
      response.end(JSON.stringify({ resource: 'x', authorization_servers: ['https://login.example/'] }));
      return;
    }
    if (request.url === '/moved') {
      response.writeHead(307, { location: 'https://evil.example/mcp' }).end();
      return;
    }
    response
      .writeHead(401, {
        'www-authenticate': `Bearer error="invalid_token", scope="mcp:tools", resource_metadata="http://${request.headers.host ?? ''}/.well-known/oauth-protected-resource/mcp"`,
      })
      .end('secret words of the server');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => void server.close());
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const base = `http://127.0.0.1:${bound.port}`;
  const refused = JSON.stringify(await (await remoteClient(`${base}/mcp`, 'top-secret')).ask('initialize', hello));
  assert.match(refused, /wants a credential.*invalid_token.*mcp:tools.*https:\/\/login\.example\/.*--bearer-env/);
  assert.doesNotMatch(refused, /top-secret|secret words/);
  assert.equal(seen[0]?.authorization, 'Bearer top-secret');
  assert.equal(seen.find((headers) => headers.accept === 'application/json')?.authorization, undefined);
  const moved = JSON.stringify(await (await remoteClient(`${base}/moved`, 'top-secret')).ask('initialize', hello));
  assert.match(moved, /sends us to \\"https:\/\/evil\.example\\".*follows nothing/);
});

test('an address without TLS is refused, but for this machine', () => {
  const say = (): void => undefined;
  assert.throws(() => createHttpServer({ url: new URL('http://mcp.example/mcp'), maxAnswerBytes: 1, say }), /https/);
});

test('the SDK’s own client speaks to the gateway over HTTP', async () => {
  const url = new URL(`http://127.0.0.1:${front?.port ?? 0}/mcp`);
  const authorization = `Bearer ${token}`;
  const client = new Client({ name: 'test', version: '1' });
  client.setNotificationHandler(LoggingMessageNotificationSchema, () => undefined);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization } } }));
  assert.equal((await client.listTools()).tools.length, 2);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, at) => client.callTool({ name: 'get_time', arguments: { at } })),
  );
  answers.forEach((answer, at) => assert.match(JSON.stringify(answer), new RegExp(`at[^0-9]*${at}\\}`)));
  await client.close();
});

/** A request as somebody would write it who is no client. */
function raw(
  headers: Record<string, string>,
  { method = 'POST', path = '/mcp', body = '' }: { method?: string; path?: string; body?: string } = {},
): Promise<{ readonly status: number; readonly text: string; readonly session: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port: front?.port, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      answer.on('end', () => {
        const session = answer.headers['mcp-session-id'];
        resolve({ status: answer.statusCode ?? 0, text, session: typeof session === 'string' ? session : undefined });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const good = {
  authorization: `Bearer ${token}`,
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
};
const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello });

test('nobody is heard without the token, from another origin, or by a name that points here', async () => {
  for (const [headers, status] of [
    [{ ...good, authorization: '' }, 401],
    [{ ...good, authorization: 'Bearer wrong' }, 401],
    [{ ...good, origin: 'https://evil.example' }, 403],
    [{ ...good, origin: 'null' }, 403],
    [{ ...good, origin: 'http://localhost.evil.example' }, 403],
    [{ ...good, host: 'evil.example' }, 403],
    [{ ...good, host: '127.0.0.1.evil.example' }, 403],
    [{ ...good, accept: 'application/json' }, 406],
    [{ ...good, 'content-type': 'text/plain' }, 415],
    [{ ...good, 'mcp-session-id': 'none' }, 400],
  ] as const)
    assert.equal((await raw(headers, { body: initialize })).status, status, JSON.stringify(headers));
  assert.equal((await raw({ ...good, origin: 'http://localhost:3000' }, { body: initialize })).status, 200);
  assert.equal((await raw(good, { path: '/other', body: initialize })).status, 404);
  assert.equal((await raw(good, { method: 'PUT', body: initialize })).status, 405);
});

test('batches, what is too long and sessions that are none are refused; a session has an end', async () => {
  assert.match((await raw(good, { body: `[${initialize}]` })).text, /a batch/);
  assert.equal((await raw(good, { body: 'x'.repeat(200_000) })).status, 413);
  const ping = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' });
  assert.equal((await raw(good, { body: ping })).status, 400);
  assert.equal((await raw({ ...good, 'mcp-session-id': 'none' }, { body: ping })).status, 404);
  const { session = '' } = await raw(good, { body: initialize });
  assert.match((await raw({ ...good, 'mcp-session-id': session }, { body: ping })).text, /"id":2,"result":\{\}/);
  assert.equal((await raw({ ...good, 'mcp-session-id': session }, { method: 'DELETE' })).status, 204);
  assert.equal((await raw({ ...good, 'mcp-session-id': session }, { body: ping })).status, 404);
});

import assert from 'node:assert/strict';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { eventually } from '@sallyport/testing/waiting';
import { openGate, rawClient, textIn, wicked, type OpenGate } from './gateway.fixture.ts';
import { serveHttp } from './http-front.ts';
import { createHttpServer } from './http-server.ts';
import { defaultLimits } from './limits.ts';
import { createRelay } from './relay.ts';

const closing: (() => void | Promise<void>)[] = [];
after(async () => {
  for (const close of closing.toReversed()) await close();
});

type Asked = { readonly method: string; readonly lastEventId: string | undefined; readonly body: string };
const result = (id: unknown, value: object): string => JSON.stringify({ jsonrpc: '2.0', id, result: value });
const words = (text: string) => ({ content: [{ type: 'text', text }] });

/** A remote server of which the streams break: what it says to a call, and to who comes back. */
async function remoteOf(
  call: (id: unknown, response: ServerResponse) => void,
  back: (id: unknown, response: ServerResponse, lastEventId: string) => void,
) {
  const asked: Asked[] = [];
  let id: unknown;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const lastEventId = incoming.headers['last-event-id']?.toString();
      const method = incoming.method ?? '';
      if (method === 'GET' && lastEventId === undefined) return response.writeHead(405).end();
      asked.push({ method, lastEventId, body });
      if (lastEventId !== undefined) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return back(id, response, lastEventId);
      }
      const read: unknown = JSON.parse(body);
      const of = (name: string): unknown => (typeof read === 'object' && read !== null ? Reflect.get(read, name) : '');
      const json = (value: object) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(result(of('id'), value));
      if (of('method') === 'initialize')
        return json({
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'r', version: '1' },
        });
      if (of('method') === 'tools/list') return json({ tools: [{ name: 'long', inputSchema: { type: 'object' } }] });
      if (of('method') !== 'tools/call') return response.writeHead(202).end();
      id = of('id');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return call(id, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => void server.close(),
    () => server.closeAllConnections(),
  );
  const bound = server.address();
  return { asked, url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/mcp` };
}

async function clientAt(url: string, gate: OpenGate = openGate()) {
  const server = createHttpServer({ url: new URL(url), maxAnswerBytes: 1_000_000, say: () => undefined });
  const client = await rawClient(server, { gate });
  closing.push(() => client.relay.close());
  return client;
}
const breaks = (_id: unknown, response: ServerResponse): void =>
  void response.write('id: a1\nretry: 100\ndata: \n\n', () => response.destroy());

test('a call whose stream breaks is taken up behind its last event, more than once, and its result is told before the client has it', async () => {
  const { asked, url } = await remoteOf(breaks, (id, response, lastEventId) => {
    if (lastEventId === 'a1')
      response.end('id: a2\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n');
    else response.end(`id: a3\ndata: ${result(id, words('the late answer'))}\n\n`);
  });
  const gate = openGate({ finished: async () => ({ result: words('redacted') }) });
  const client = await clientAt(url, gate);
  assert.match(textIn(await client.call('long')), /redacted/);
  assert.deepEqual(
    asked.flatMap(({ lastEventId = '' }) => (lastEventId === '' ? [] : [lastEventId])),
    ['a1', 'a2'],
  );
  assert.equal(asked.filter(({ body }) => body.includes('tools/call')).length, 1, 'the call is not made twice');
});

test('what comes back on a stream that was taken up is held to what was asked and how long it may be', async () => {
  const other = await remoteOf(breaks, (id, response) =>
    response.end(
      `id: b1\ndata: ${result(4711, words('for nobody'))}\n\ndata: ${'x'.repeat(2_000_000)}\n\ndata: ${result(id, words('right'))}\n\n`,
    ),
  );
  const client = await clientAt(other.url);
  assert.match(textIn(await client.call('long')), /right/);
  const held = await clientAt(other.url, openGate({ finished: async () => ({ withheld: 'Sallyport: not recorded' }) }));
  assert.match(textIn(await held.call('long')), /not recorded/);
});

test('a stream without names of events, and a server that does not take it up, end the call with its reason', async () => {
  const nameless = await remoteOf(
    (_id, response) => response.end('data: \n\n'),
    () => assert.fail('nobody comes back'),
  );
  assert.match(JSON.stringify(await (await clientAt(nameless.url)).call('long')), /ended before it was whole/);
  // A name that could write another header is none.
  const crooked = await remoteOf(
    (_id, response) => response.end('id: a\tb\ndata: \n\n'),
    () => assert.fail('nobody comes back'),
  );
  assert.match(JSON.stringify(await (await clientAt(crooked.url)).call('long')), /ended before it was whole/);
});

const token = 'a-token-of-twenty-signs';

async function frontOf(gate: OpenGate) {
  const front = await serveHttp({
    port: 0,
    token,
    maxRequestBytes: 100_000,
    open: (of) =>
      createRelay({
        ...of,
        name: 'behind',
        server: wicked('plain'),
        gate,
        limits: defaultLimits,
        lets: new Set(),
        nowMs: () => Date.now(),
        newId: () => 'call-00000001',
        say: () => undefined,
      }),
    say: () => undefined,
  });
  closing.push(() => front.close());
  const ask = (method: string, more: Record<string, string>, body?: object): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: front.port,
          path: '/mcp',
          method,
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
            ...more,
          },
        },
        resolve,
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify({ jsonrpc: '2.0', ...body }));
    });
  const begin = async (protocolVersion: string): Promise<string> => {
    const begun = await ask('POST', {}, { id: 1, method: 'initialize', params: { protocolVersion, capabilities: {} } });
    await textOf(begun);
    return String(begun.headers['mcp-session-id']);
  };
  return { ask, begin };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  const body: AsyncIterable<Buffer> = answer;
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

test('a client that lost its connection hears the answer to its question all the same, judged as ever, and nobody else does', async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const open = openGate();
  const gate: OpenGate = { ...open, finished: async () => finished.then(() => ({ result: words('redacted') })) };
  const { ask, begin } = await frontOf(gate);
  const session = { 'mcp-session-id': await begin('2025-11-25') };
  const call = { id: 7, method: 'tools/call', params: { name: 'get_time', arguments: {} } };
  const broken = await ask('POST', session, call);
  const primed = await new Promise<string>((resolve) => broken.once('data', (chunk: Buffer) => resolve(String(chunk))));
  assert.match(primed, /^id: \d+\.0\nretry: \d+\ndata: \n\n$/);
  broken.destroy();
  const lastEventId = /^id: (\S+)/.exec(primed)?.[1] ?? '';
  await eventually({
    what: 'the call',
    timeoutMs: 10_000,
    look: async () => (open.judged.length > 0 ? true : undefined),
  });
  finish();
  const other = { 'mcp-session-id': await begin('2025-11-25') };
  assert.equal((await ask('GET', { ...other, 'last-event-id': '9.0' })).statusCode, 404);
  assert.equal((await ask('GET', { 'mcp-session-id': 'made-up', 'last-event-id': lastEventId })).statusCode, 404);
  const back = await textOf(await ask('GET', { ...session, 'last-event-id': lastEventId }));
  assert.match(back, /^id: \d+\.1\nevent: message\ndata: .*redacted/);
  // Heard again behind the answer there is nothing; behind what nobody said, neither.
  assert.equal(await textOf(await ask('GET', { ...session, 'last-event-id': lastEventId.replace('.0', '.1') })), '');
  for (const wrong of ['', '1', '-1.0', '99.1', `${'9'.repeat(50)}.1`])
    assert.equal((await ask('GET', { ...session, 'last-event-id': wrong })).statusCode, 404, wrong);
});

test('a stream that is taken up and brings nothing, again and again, is given up', async () => {
  for (const nothing of ['', ': alive\n\n', 'id: a1\ndata: \n\n']) {
    const { asked, url } = await remoteOf(breaks, (_id, response) => response.end(nothing));
    assert.match(
      JSON.stringify(await (await clientAt(url)).call('long')),
      /ended before it was whole|aborted|terminated/,
    );
    assert.equal(asked.filter(({ lastEventId }) => lastEventId === 'a1').length, 5);
  }
});

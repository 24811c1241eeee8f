import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { eventually } from '@sallyport/testing/waiting';
import { openGate, rawClient } from './gateway.fixture.ts';
import { createHttpServer } from './http-server.ts';
import type { RpcMessage } from './json-rpc.ts';
import type { ToolServer, ToolServerListener } from './tool-server.ts';
import { createUpstream } from './upstream.ts';

const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.toReversed()) await close();
});
const until = (what: string, is: () => boolean): Promise<true> =>
  eventually({ what, timeoutMs: 20_000, everyMs: 10, look: () => (is() ? true : undefined) });

test('a remote server that asks without end, and answers our answers without end, holds few connections, and none of them long', async () => {
  let all = 0;
  let open = 0;
  const remote = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      if (body.includes('"initialize"'))
        for (let id = 0; id < 500; id += 1) response.write(`data: {"jsonrpc":"2.0","id":${id},"method":"ping"}\n\n`);
      else {
        all += 1;
        open += 1;
        response.on('close', () => (open -= 1));
      }
    });
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  const bound = remote.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const server = createHttpServer({ url: new URL(`http://127.0.0.1:${bound.port}/mcp`), maxAnswerBytes: 1e6, say });
  const upstream = createUpstream({
    server,
    say,
    closed: () => undefined,
    noticed: () => undefined,
    answer: async () => ({ result: {} }),
  });
  closing.push(
    () => upstream.close(),
    () => {
      remote.closeAllConnections();
      remote.close();
    },
  );
  await upstream.open();
  void upstream.ask({ method: 'initialize', params: {}, waitMs: 60_000 });
  await until('each was let go', () => all > 0 && open === 0 && said.length > 0);
  assert.ok(all <= 32, String(all));
  assert.match(said.join(), /asks too much at once/);
});

test('questions beyond so many a minute are refused without asking anybody', async () => {
  let listener: ToolServerListener | undefined;
  const sent: RpcMessage[] = [];
  const server: ToolServer = {
    transport: 'stdio',
    target: 'x',
    async open(heardBy) {
      listener = heardBy;
    },
    async send(message) {
      sent.push(message);
      if (message.kind !== 'request') return;
      const result =
        message.method === 'initialize'
          ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }
          : { tools: [] };
      listener?.message({ kind: 'response', id: message.id, outcome: { result } });
    },
    close: async () => undefined,
  };
  const gate = openGate();
  const client = await rawClient(server, {
    gate,
    lets: ['roots'],
    limits: { questionsAMinute: 2 },
  });
  closing.push(() => client.relay.close());
  const answers = (): number => sent.filter(({ kind }) => kind === 'response').length;
  for (let id = 0; id < 5; id += 1) {
    listener?.message({ kind: 'request', id: `q${id}`, method: 'roots/list', params: {} });
  }
  await until('three refusals', () => answers() === 3 && gate.judged.length === 2);
  assert.deepEqual(
    gate.judged.map(({ kind }) => kind),
    ['question', 'question'],
  );
  assert.match(JSON.stringify(sent), /at most 2 questions a minute/);
});

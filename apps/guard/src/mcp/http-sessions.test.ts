import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { eventually } from '@sallyport/testing/waiting';
import { openGate, wicked } from './gateway.fixture.ts';
import { serveHttp } from './http-front.ts';
import { defaultLimits } from './limits.ts';
import { createModernFront } from './modern-front.ts';
import { createRelay, type Relay, type RelayNeeds } from './relay.ts';

const closing: (() => Promise<void>)[] = [];
after(() => Promise.all(closing.map((close) => close())));

type Front = Pick<RelayNeeds, 'toClient' | 'closed'>;
const relayOf = (mode: string, front: Front): Relay =>
  createRelay({
    ...front,
    name: 'behind',
    server: wicked(mode),
    gate: openGate(),
    limits: defaultLimits,
    lets: new Set(),
    nowMs: () => Date.now(),
    newId: () => 'call-00000001',
    say: () => undefined,
  });

/** Counts those that are open. */
function counting(mode: string) {
  const open = new Set<Relay>();
  let begun = 0;
  return {
    open,
    begun: () => begun,
    relay(front: Front): Relay {
      const relay = relayOf(mode, front);
      begun += 1;
      const counted: Relay = {
        ...relay,
        async close() {
          await relay.close();
          open.delete(counted);
        },
      };
      open.add(counted);
      return counted;
    },
  };
}

const token = 'a-token-of-twenty-signs';
const clientMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

test('a question that is taken back ends its stream, and the end of a session all of them', async () => {
  const front = await serveHttp({
    port: 0,
    token,
    maxRequestBytes: 100_000,
    open: (of) => relayOf('plain', of),
    say: () => undefined,
  });
  closing.push(() => front.close());
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
  const ask = (session: string, init: RequestInit, body?: object) =>
    fetch(`http://127.0.0.1:${front.port}/mcp`, {
      method: 'POST',
      ...init,
      headers: { ...headers, ...(session === '' ? {} : { 'mcp-session-id': session }) },
      ...(body === undefined ? {} : { body: JSON.stringify({ jsonrpc: '2.0', ...body }) }),
    });
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
  const begun = await ask('', {}, { id: 1, method: 'initialize', params: hello });
  await begun.text();
  const session = begun.headers.get('mcp-session-id') ?? '';
  const slow = (id: number) => ask(session, {}, { id, method: 'tools/call', params: { name: 'slow' } });
  const [taken, left, listening] = await Promise.all([slow(2), slow(3), ask(session, { method: 'GET' })]);
  await ask(session, {}, { method: 'notifications/cancelled', params: { requestId: 2 } });
  // Each of these hangs for good where the stream stays open.
  assert.doesNotMatch(await taken.text(), /jsonrpc/, 'no answer, as MCP has it');
  assert.equal((await ask(session, { method: 'DELETE' })).status, 204);
  assert.doesNotMatch(await left.text(), /jsonrpc/);
  assert.doesNotMatch(await listening.text(), /jsonrpc/);
});

test('a handshake that fails leaves no server behind', async () => {
  const how = { signal: new AbortController().signal, notify: () => undefined };
  const request = { kind: 'request', id: 1, method: 'tools/list', params: { _meta: clientMeta } } as const;
  const { open, begun, relay } = counting('old');
  let gone = 0;
  const front = createModernFront({ open: relay, closed: () => (gone += 1) });
  for (let at = 0; at < 2; at += 1) assert.match(JSON.stringify(await front.ask(request, how)), /1999-01-01/);
  assert.deepEqual([begun(), open.size, gone], [2, 0, 0]);
  const refused = createModernFront({
    open: (of) => {
      const opened = relay(of);
      return { ...opened, open: async () => Promise.reject(new Error('Cannot start')) };
    },
    closed: () => undefined,
  });
  await assert.rejects(refused.ask(request, how), /Cannot start/);
  assert.equal(open.size, 0);
});

test('where the server falls the next request starts another, and who listened is told of the end', async () => {
  const { open, begun, relay } = counting('dies');
  let told = 0;
  const front = createModernFront({ open: relay, closed: () => (told += 1) });
  closing.push(() => front.close());
  const ask = (method: string, params: object) =>
    front.ask(
      { kind: 'request', id: 1, method, params: { ...params, _meta: clientMeta } },
      { signal: new AbortController().signal, notify: () => undefined },
    );
  await ask('tools/list', {});
  const listening = ask('subscriptions/listen', { notifications: { toolsListChanged: true } });
  assert.match(JSON.stringify(await ask('tools/call', { name: 'get_time' })), /SIGKILL/);
  assert.match(JSON.stringify(await listening), /complete/);
  assert.match(JSON.stringify(await ask('tools/list', {})), /get_time/);
  assert.deepEqual([begun(), told, open.size], [2, 1, 1]);
});

test('a client that reads nothing of its answer neither ends the gateway nor holds its connection', async () => {
  const front = await serveHttp({
    port: 0,
    token,
    maxRequestBytes: 100_000,
    patience: { aliveMs: 5, lastMs: 200 },
    say: () => undefined,
    open: ({ toClient }) => ({
      open: async () => undefined,
      fromClient(message) {
        if (message.kind === 'request')
          toClient({ kind: 'response', id: message.id, outcome: { result: { long: 'x'.repeat(12_000_000) } } });
      },
      settled: async () => undefined,
      close: async () => undefined,
    }),
  });
  closing.push(() => front.close());
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
  const client = connect(front.port, '127.0.0.1');
  let isCutOff = false;
  client.on('error', () => (isCutOff = true));
  client.on('close', () => (isCutOff = true));
  client.pause();
  client.write(
    `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  // What is written to who is gone fails.
  await eventually({
    what: 'it is cut off',
    timeoutMs: 20_000,
    everyMs: 10,
    look() {
      client.write('\r\n');
      return isCutOff ? true : undefined;
    },
  });
  client.destroy();
  assert.ok(client.bytesRead < 12_000_000);
});

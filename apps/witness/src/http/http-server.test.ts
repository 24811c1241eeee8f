import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { heldSocket, readToEnd, socketOver } from '@sallyport/testing/held-socket';
import { eventually } from '@sallyport/testing/waiting';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { createGrowingLog } from '../testing/growing-log.ts';
import { cosignedAt, createTestState } from '../testing/test-witness.ts';
import { networkOf } from './client-address.ts';
import { createHttpServer, defaultLimits } from './http-server.ts';
import type { HttpLimits } from './http-server.ts';
import { hashOrigin } from '../state/newest-checkpoint.ts';

type TestContext = { after(callback: () => void): void };

async function listen(t: TestContext, limits: Partial<HttpLimits> = {}) {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  const lines: string[] = [];
  const operatorLog = createLog({ clock: state.clock, write: (line) => lines.push(line) });
  const server = createHttpServer({
    clock: createManualClock(0),
    log: operatorLog,
    witness: state.open(),
    limits: { ...defaultLimits, ...limits },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { ...state, log, lines, port: portOf(address), url: `http://127.0.0.1:${portOf(address)}` };
}

function portOf({ port }: AddressInfo): number {
  return port;
}

async function post(
  url: string,
  body: string,
): Promise<{ status: number; type: string; body: string; headers: Headers }> {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  const { status, headers } = response;
  return { status, type: headers.get('content-type') ?? '', body: await response.text(), headers };
}

test('add-checkpoint answers with cosignatures, and with the size in a conflict', async (t) => {
  const { url, log, vkeys } = await listen(t);
  const first = await post(url, log.request(0));
  cosignedAt(first, log.checkpoint(), vkeys);
  const conflict = await post(url, log.request(0));
  assert.deepEqual([conflict.status, conflict.type, conflict.body], [409, 'text/x.tlog.size', '5\n']);
  log.append(3);
  assert.equal((await post(url, log.request(5))).status, 200);
});

test('the newest cosigned checkpoint, its successors, the page and the numbers are there for everybody', async (t) => {
  const { url, log, watch } = await listen(t);
  const path = `${url}/${hashOrigin('log.example/test')}`;
  assert.equal((await fetch(`${path}/checkpoint`)).status, 404);
  assert.equal((await post(url, log.request(0))).status, 200);
  const checkpoint = await fetch(`${path}/checkpoint`);
  assert.equal((await checkpoint.text()).startsWith(log.checkpoint()), true);
  watch(createGrowingLog('log.example/"><script>alert(1)</script>').vkey, 'log.example/2', 'log.example/test');
  assert.equal(await (await fetch(`${path}/successors`)).text(), 'log.example/2\n');
  assert.equal((await fetch(`${url}/${'0'.repeat(64)}/successors`)).status, 404);
  watch(createGrowingLog('other.example').vkey, '<script>alert(1)</script>');
  const page = await fetch(url);
  const html = await page.text();
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  assert.equal(html.includes('<script'), false);
  assert.match(html, /log\.example\/test<\/td><td><a [^>]*>5<\/a>/);
  const status: unknown = await (await fetch(`${url}/status.json`)).json();
  assert(typeof status === 'object' && status !== null && 'logs' in status && 'answers' in status);
  assert.deepEqual(status.answers, { 200: 1 });
  assert.equal(Array.isArray(status.logs) && status.logs.length, 3);
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
});

test('nothing else is answered, and nothing can be written by any other way', async (t) => {
  const { url, log } = await listen(t);
  assert.equal((await fetch(`${url}/add-checkpoint`)).status, 405);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    assert.equal((await fetch(`${url}/status.json`, { method, body: log.request(0) })).status, 405, method);
    assert.equal((await fetch(`${url}/logs`, { method })).status, 404, method);
  }
  for (const path of ['/key.json', '/../key.json', '/%2e%2e/key.json', '/newest', `/${'A'.repeat(64)}/checkpoint`]) {
    assert.equal((await fetch(`${url}${path}`)).status, 404, path);
  }
  assert.equal((await fetch(`${url}/status.json`)).status, 200);
});

test('a body that is too long is cut off, whether its length is told or not', async (t) => {
  const { url, port, lines } = await listen(t);
  const long = 'x'.repeat(200 * 1024);
  const agent = new Agent();
  for (const headers of [{ 'content-length': String(long.length) }, { 'transfer-encoding': 'chunked' }]) {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/add-checkpoint', method: 'POST', headers, agent });
    request.on('error', () => undefined);
    const answered = once(request, 'response');
    request.write(long);
    const [response]: [IncomingMessage] = [firstOf(await answered)];
    assert.equal(response.statusCode, 413);
    assert.equal(response.headers.connection, 'close');
    request.destroy();
  }
  agent.destroy();
  assert.equal(lines.filter((line) => line.includes('"status":413')).length, 2);
  assert.equal((await fetch(url)).status, 200, 'and the next is answered');
});

function firstOf(values: readonly unknown[]): IncomingMessage {
  const [first] = values;
  assert(isMessage(first));
  return first;
}

function isMessage(value: unknown): value is IncomingMessage {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}

test('whoever sends slowly is cut off, in the headers and in the body', async (t) => {
  const { port, url } = await listen(t, { headersTimeoutMs: 300, requestTimeoutMs: 300 });
  for (const start of [
    'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nX-',
    'POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1000\r\n\r\nold 0',
  ]) {
    using socket = heldSocket(connect(port, '127.0.0.1'));
    const cutOff = readToEnd(socket);
    await once(socket, 'connect');
    socket.write(start);
    const trickle = setInterval(() => socket.write('a'), 50);
    t.after(() => clearInterval(trickle));
    // Waits for as long as it takes: without a time-out this test would not end.
    await cutOff;
    clearInterval(trickle);
  }
  assert.equal((await fetch(url)).status, 200);
});

test('one address that asks too often is told to wait', async (t) => {
  const { url, log } = await listen(t, { perAddress: { perSecond: 0.5, burst: 3 } });
  const statuses: number[] = [];
  for (let at = 0; at < 4; at += 1) statuses.push((await post(url, log.request(0))).status);
  assert.deepEqual(statuses, [200, 409, 409, 429]);
  const refused = await post(url, log.request(0));
  assert.equal(refused.headers.get('retry-after'), '2');
});

test('one address cannot hold all connections', async (t) => {
  const { port, url } = await listen(t, { connectionsPerAddress: 2 });
  const hold = async (): Promise<Socket> => {
    const socket = heldSocket(connect(port, '127.0.0.1')).resume();
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const [first] = [await hold(), await hold()];
  const third = await hold();
  await socketOver(third);
  first.destroy();
  const answered = await eventually({
    what: 'a place is free again',
    timeoutMs: 30_000,
    everyMs: 20,
    look: () =>
      fetch(url).then(
        ({ status }) => status,
        () => undefined,
      ),
  });
  assert.equal(answered, 200);
});

test('many requests at once are judged one after another', async (t) => {
  const { url, log, vkeys } = await listen(t);
  assert.equal((await post(url, log.request(0))).status, 200);
  log.append(20);
  const sizes = Array.from({ length: 20 }, (_, at) => 6 + at);
  const answers = await Promise.all(
    sizes.map(async (size) => ({ size, answer: await post(url, log.request(5, size)) })),
  );
  const cosigned = answers.filter(({ answer }) => answer.status === 200);
  assert.equal(cosigned.length, 1);
  const size = cosigned[0]?.size ?? 0;
  cosignedAt(cosigned[0]?.answer ?? { status: 0, body: '' }, log.checkpoint(size), vkeys);
  for (const { answer } of answers) {
    if (answer.status !== 200) assert.deepEqual([answer.status, answer.body], [409, `${size}\n`]);
  }
});

test('an IPv6 network of one customer counts as one address', () => {
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::1'));
  assert.equal(networkOf('2001:0db8:0001:0002::1'), networkOf('2001:db8:1:2::1'));
  assert.notEqual(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'));
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(networkOf(undefined), 'unknown');
});

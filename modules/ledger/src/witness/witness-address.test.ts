import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Server } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { callWitness } from './call-witness.ts';
import { parseWitnessUrl, prefixOf, refuseAddress } from './witness-address.ts';

test('a witness is reached by https, or by http on this machine', () => {
  for (const [given, prefix] of [
    ['https://witness.example', 'https://witness.example'],
    ['https://witness.example:8443/w1/', 'https://witness.example:8443/w1'],
    ['https://10.0.0.7', 'https://10.0.0.7'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://localhost:9000/', 'http://localhost:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
  ] as const)
    assert.equal(prefixOf(parseWitnessUrl(given)), prefix);
});

test('an address without a witness behind it is refused', () => {
  for (const url of [
    '',
    'witness.example',
    'http://witness.example',
    'ftp://witness.example',
    'https://ada:secret@witness.example',
    'https://witness.example?x=1',
    'https://witness.example#x',
    'https://169.254.169.254',
    'https://[::ffff:169.254.169.254]',
    'https://[::ffff:a9fe:a9fe]',
    'https://2852039166',
    'https://[fe80::1]',
    'https://[fd00:ec2::254]',
    'https://0.0.0.0',
    'https://224.0.0.1',
    'https://metadata.google.internal.',
    `https://witness.example/${'x'.repeat(500)}`,
  ])
    assert.throws(() => parseWitnessUrl(url), { code: 'witness_invalid' }, url);
});

async function serve(context: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return listening(server);
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return `http://127.0.0.1:${address.port}`;
}

const post = (url: string, signal = new AbortController().signal) =>
  callWitness({ method: 'POST', url: `${url}/add-checkpoint`, authorityPem: undefined, body: 'old 0\n', signal });

test('an answer is read as it is; a redirect is not followed', async (context) => {
  let asked = 0;
  const url = await serve(context, (request, response) => {
    asked += 1;
    assert.deepEqual([request.method, request.url], ['POST', '/add-checkpoint']);
    response.writeHead(asked === 1 ? 409 : 302, { 'content-type': 'text/x.tlog.size', location: '/elsewhere' });
    response.end('7\n');
  });
  const first = await post(url);
  assert.deepEqual([first.status, first.contentType, first.body.toString()], [409, 'text/x.tlog.size', '7\n']);
  assert.equal((await post(url)).status, 302);
  assert.equal(asked, 2);
});

test('a witness that speaks another protocol, half of one, or hangs up, is given up', async (context) => {
  for (const said of [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'SSH-2.0-x\r\n',
    '',
  ]) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(said));
    });
    context.after(() => server.close());
    await assert.rejects(post(await listening(server)), { code: 'witness_unreachable' }, said);
  }
});

test('in clear a witness is asked on this machine alone, whatever its name leads to', () => {
  refuseAddress('::1', { isInClear: true });
  refuseAddress('192.0.2.1', { isInClear: false });
  assert.throws(() => refuseAddress('192.0.2.1', { isInClear: true }), { code: 'witness_unreachable' });
  for (const isInClear of [false, true])
    assert.throws(() => refuseAddress('169.254.169.254', { isInClear }), { code: 'witness_unreachable' });
});

test('an answer without end is cut off, one that never comes is given up, and nobody there is said', async (context) => {
  const endless = await serve(context, (_request, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (response.write('x'.repeat(10_000)));
      response.once('drain', more);
    };
    more();
  });
  await assert.rejects(post(endless), { code: 'witness_unreachable', message: /more than 65536 bytes/ });
  const arrived = Promise.withResolvers<void>();
  const silent = await serve(context, () => arrived.resolve());
  const controller = new AbortController();
  const waiting = post(silent, controller.signal);
  await arrived.promise;
  controller.abort();
  await assert.rejects(waiting, { code: 'witness_unreachable', message: /no answer in time/ });
  await assert.rejects(post('http://127.0.0.1:1'), { code: 'witness_unreachable', message: /nothing listens there/ });
});

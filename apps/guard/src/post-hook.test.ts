import { createTestAuthority } from '@sallyport/testing/test-authority';
import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { createAskServer } from './mcp/ask-server.ts';
import { createHttpAsk } from './mcp/http-ask.ts';
import { isNobodyThere } from './nobody-there.ts';
import { postHook } from './post-hook.ts';

const hook = Buffer.from('{"tool_name":"Bash"}');
const open: Server[] = [];
after(() => open.forEach((server) => server.close()));

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound: AddressInfo | string | null = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return bound.port;
}
const post = (url: string, more: Partial<Parameters<typeof postHook>[0]> = {}) =>
  postHook({ url: new URL(url), token: 'spa_x', hook, waitMs: 5000, ...more });

/** A server of bare bytes: what it was sent once the whole question is there is handed to `does`. */
async function bare(does: (socket: Socket, question: string) => void): Promise<string> {
  const server = createServer((socket) => {
    let question = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      question += bytes.toString('latin1');
      if (question.endsWith(hook.toString())) does(socket, question);
    });
  });
  return `http://127.0.0.1:${await listen(server)}/v1/agent/hooks/codex?a=b`;
}

test('a question is HTTP of which nothing can be taken for something else', async () => {
  let question = '';
  const url = await bare((socket, said) => {
    question = said;
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
  });
  assert.deepEqual(await post(url, { askMs: 7000 }), { status: 200, body: '{}' });
  assert.equal(
    question,
    [
      'POST /v1/agent/hooks/codex?a=b HTTP/1.1',
      `host: ${new URL(url).host}`,
      'authorization: Bearer spa_x',
      'content-type: application/json',
      `content-length: ${hook.length}`,
      'prefer: wait=7',
      '',
      hook.toString(),
    ].join('\r\n'),
  );
  for (const token of ['', 'spa_x\r\nx: y', 'spa x', 'spa_\u{100}'])
    await assert.rejects(post(url, { token }), /credential of this run is none/);
});

test('a server that breaks off, says nonsense or is silent was there: it is not taken for one that is not', async () => {
  const wicked: [does: (socket: Socket) => void, told: RegExp, more?: { waitMs: number; askMs?: number }][] = [
    [(socket) => socket.resetAndDestroy(), /ECONNRESET|closed/],
    [(socket) => socket.end(), /closed the connection before/],
    [(socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}'), /closed the connection before/],
    [(socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n\r\n'), /no HTTP/],
    [(socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`), /no HTTP/],
    [() => undefined, /no answer within/, { waitMs: 50 }],
    [(socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{'), /no answer within/, { waitMs: 50 }],
    // It says that it asks a person, though nobody gave it leave to.
    [(socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), /no answer within/, { waitMs: 50 }],
  ];
  for (const [does, told, more] of wicked)
    await assert.rejects(post(await bare(does), more), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, told);
      assert.equal(isNobodyThere(error), false);
      return true;
    });
  await assert.rejects(post('http://127.0.0.1:1'), isNobodyThere);
});

test('the credential goes to who shows a certificate of the named authority for that name, and to nobody else', async () => {
  const [ours, theirs] = [createTestAuthority(), createTestAuthority()];
  const certificate = ours.issue({ commonName: 'x', dnsName: 'localhost', use: 'serverAuth' });
  let bytes = 0;
  const server = createTlsServer(certificate, (request, response) => {
    request.on('data', (some: Buffer) => (bytes += some.length));
    request.on('end', () => response.end('{}'));
  });
  const port = await listen(server);
  const ca = ours.certificatePem;
  assert.deepEqual(await post(`https://localhost:${port}/x`, { ca }), { status: 200, body: '{}' });
  assert.equal(bytes, hook.length);
  for (const [url, of] of [
    [`https://localhost:${port}/x`, theirs.certificatePem],
    [`https://localhost:${port}/x`, undefined],
    [`https://127.0.0.1:${port}/x`, ca],
  ] as const)
    await assert.rejects(post(url, of === undefined ? {} : { ca: of }), (error) => !isNobodyThere(error));
  assert.equal(bytes, hook.length);
  await assert.rejects(post(`http://server.example:${port}/`), /must begin with https/);
  await assert.rejects(post('ftp://localhost/'), /must begin with https/);
});

test('an environment that has certificates not looked at gets the credential sent nowhere', async () => {
  const [ours, theirs] = [createTestAuthority(), createTestAuthority()];
  const certificate = theirs.issue({ commonName: 'x', dnsName: 'localhost', use: 'serverAuth' });
  const seen: unknown[] = [];
  const server = createTlsServer(certificate, (request, response) => {
    seen.push(request.headers.authorization);
    request.resume().on('end', () => response.end('{}'));
  });
  const base = `https://localhost:${await listen(server)}`;
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    for (const pinned of [{ ca: ours.certificatePem }, {}]) {
      await assert.rejects(post(`${base}/x`, pinned), /certificate/);
      const ask = createAskServer({ server: base, token: 'spa_x', ...pinned });
      assert.equal((await ask.post({ path: '/x', body: {} })).kind, 'refused');
      ask.close();
    }
    const remote = createHttpAsk(new URL(base));
    const headers = { authorization: 'Bearer x' };
    await assert.rejects(
      remote.send({ method: 'POST', headers, body: {}, signal: new AbortController().signal }),
      /certificate/,
    );
    remote.close();
  } finally {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  }
  assert.deepEqual(seen, []);
});

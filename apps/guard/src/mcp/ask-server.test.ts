import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { createAskServer, type AskServer } from './ask-server.ts';
import { createServerGate } from './server-gate.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

/** A server that does with each request what it is told to, and can fall. */
async function serverOf(answer: (request: IncomingMessage, response: ServerResponse, fall: () => void) => void) {
  let asked = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      asked += 1;
      answer(request, response, () => {
        server.close();
        request.socket.resetAndDestroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const ask: AskServer = createAskServer({ server: `http://127.0.0.1:${bound.port}`, token: 'spa_x' });
  closing.push(
    () => ask.close(),
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  return { ask, asked: () => asked };
}
const question = { path: '/v1/agent/gateway/calls', body: { a: 1 }, waitSeconds: 240 };
const yes = (response: ServerResponse): void => void response.end('{"verdict":"allow"}');

test('a server that falls while a person is asked has not let the call', async () => {
  let isFirst = true;
  const { ask, asked } = await serverOf((_request, response, fall) => {
    // The first goes well, so that the second comes on a connection that was kept open.
    if (isFirst) yes(response);
    else response.writeProcessing(() => setImmediate(fall));
    isFirst = false;
  });
  assert.equal((await ask.post(question)).kind, 'answer');
  assert.deepEqual(await ask.post(question), { kind: 'refused', reason: 'the server broke the connection off' });
  assert.equal(asked(), 2, 'it is not asked again: a second person would be asked, or nobody');
  assert.equal((await ask.post(question)).kind, 'unreachable', 'the next one nobody took');
});

test('with "--fail open" a call that waits for a person does not go ahead when the server falls', async () => {
  const kept: string[] = [];
  const { ask } = await serverOf((_request, response, fall) => response.writeProcessing(() => setImmediate(fall)));
  const gate = createServerGate({
    name: 'files',
    ask,
    spool: { keep: ({ name }) => void kept.push(name), drain: async () => undefined },
    nowMs: () => 0,
    say: () => undefined,
  });
  const call = { id: 'call-00000001', kind: 'tool', name: 'delete_all', input: {} } as const;
  const judged = await gate.judge(call, new AbortController().signal);
  assert.deepEqual(judged, { isLet: false, reason: 'Sallyport: the server broke the connection off' });
  assert.deepEqual(kept, []);
  // Asked anew nobody takes it: that is what open is for.
  assert.equal((await gate.judge(call, new AbortController().signal)).isLet, true);
  assert.deepEqual(kept, ['delete_all']);
});

test('a server that took the question on a new connection and falls without a word has not let it either', async () => {
  const { ask, asked } = await serverOf((_request, _response, fall) => fall());
  assert.deepEqual(await ask.post(question), { kind: 'refused', reason: 'the server broke the connection off' });
  assert.equal(asked(), 1);
});

test('a connection that was closed at the other end is made anew, once', async () => {
  const sockets = new Map<unknown, number>();
  const { ask, asked } = await serverOf((request, response) => {
    const before = sockets.get(request.socket) ?? 0;
    sockets.set(request.socket, before + 1);
    if (before === 0) yes(response);
    else request.socket.resetAndDestroy();
  });
  for (let at = 0; at < 3; at += 1) assert.equal((await ask.post(question)).kind, 'answer');
  assert.deepEqual([asked(), sockets.size], [5, 3]);
});

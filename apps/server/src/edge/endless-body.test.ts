import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { startEdge, unbound } from './edge-testing.ts';
import type { Refused } from './needs.ts';

let begun = (): void => undefined;

const routes: RoutePlugin = async (app) => {
  app.addContentTypeParser(/^text\/(?:x-row|plain)/, (_request, payload, done) => done(null, payload));
  const count = async ({ body }: { readonly body: unknown }): Promise<object> => {
    let bytes = 0;
    begun();
    if (body instanceof Readable)
      for await (const chunk of body) bytes += chunk instanceof Uint8Array ? chunk.length : 0;
    return { bytes };
  };
  app.post('/v1/endless', { config: { scope: 'alerts:write', endlessBody: 'text/x-row' } }, count);
  app.post('/v1/bounded', { config: { scope: 'alerts:write' } }, count);
};

test('a body without an end may take longer and be larger than others may, and no other may', async () => {
  const limits = { bodyBytes: 100, headersTimeoutMs: 5000, requestTimeoutMs: 100, timeoutCheckMs: 20 };
  await using server = await startEdge({ routes: [routes], limits });
  const statusOf = async (path: string, pieces: number, size: number, type = 'text/x-row'): Promise<number> => {
    const sent = request({
      host: '127.0.0.1',
      port: server.port,
      path,
      method: 'POST',
      agent: false,
      headers: { authorization: 'Bearer sp_writer', 'content-type': type },
    });
    const answered = new Promise<number>((resolve) => {
      sent.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', () => resolve(0));
    });
    for (let piece = 0; piece < pieces; piece += 1) {
      sent.write('x'.repeat(size));
      await wait(50);
    }
    sent.end();
    return answered;
  };
  assert.equal(await statusOf('/v1/endless', 6, 50), 200);
  // Refused, or cut off before it read why.
  assert.ok([0, 408].includes(await statusOf('/v1/bounded', 6, 1)));
  assert.ok([0, 408].includes(await statusOf('/v1/endless', 6, 1, 'text/plain')));
});

test('a body without an end is over when whoever sends it would not be let in again', async () => {
  const sender: Principal = { kind: 'device', id: 'd1', name: 'board', scopes: ['alerts:write'] };
  let current: Principal | Refused = sender;
  await using server = await startEdge({
    routes: [routes],
    caller: {
      kind: 'network',
      ...unbound,
      authenticate: async () => sender,
      authenticateSession: async () => ({ refused: 'session_unknown' }),
      recheck: async () => current,
    },
  });
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const sent = request({
    host: '127.0.0.1',
    port: server.port,
    path: '/v1/endless',
    method: 'POST',
    agent: false,
    headers: { authorization: 'Bearer spd_board', 'content-type': 'text/x-row; boundary=x' },
  });
  const ended = new Promise((resolve) => sent.on('error', resolve));
  sent.write('x');
  await hasBegun;
  server.tick();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(sent.destroyed, false);
  current = { refused: 'device_revoked' };
  server.tick();
  await ended;
});

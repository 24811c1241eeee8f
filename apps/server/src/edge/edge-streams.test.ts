import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { startEdge, type TestEdge, unbound, writerSession } from './edge-testing.ts';
import type { Refused } from './needs.ts';

const begun: Readable[] = [];
const endless: RoutePlugin = async (app) => {
  app.get('/v1/endless', { config: { scope: 'alerts:read' } }, async (_request, reply) => {
    const stream = new Readable({ read: () => undefined });
    stream.push('data: first\n\n');
    begun.push(stream);
    return reply.header('content-type', 'text/event-stream').send(stream);
  });
};

const person = { kind: 'user', id: 'u1', name: 'Maria', scopes: ['alerts:read', 'alerts:write'] } as const;

async function startWith(
  recheck: () => Promise<Principal | Refused>,
  changes: { allowed: boolean },
): Promise<TestEdge> {
  return startEdge({
    routes: [endless],
    decide: async () => ({ allowed: changes.allowed, reason: 'by test' }),
    caller: {
      kind: 'network',
      ...unbound,
      authenticate: async () => ({ refused: 'key_unknown' }),
      authenticateSession: async () => ({ principal: person }),
      recheck,
    },
  });
}

async function follow(port: number, method = 'GET'): Promise<IncomingMessage> {
  const headers = { cookie: `sallyport=${writerSession}` };
  const sent = request({ host: '127.0.0.1', port, path: '/v1/endless', method, agent: false, headers }).end();
  const [response] = await once(sent, 'response');
  assert.ok(typeof response === 'object' && response !== null);
  return response;
}

test('a stream goes on for whoever may have it, and ends for whoever was signed out, disabled or given other rights', async () => {
  for (const [later, code] of [
    [async () => ({ refused: 'session_unknown' }), 'authentication_failed'],
    [async () => ({ ...person, scopes: ['alerts:read'] }), 'scope_missing'],
    [async () => Promise.reject(new Error('the database is away')), 'authentication_unavailable'],
    [undefined, 'scope_missing'],
  ] as const) {
    const changes = { allowed: true };
    let recheck: () => Promise<Principal | Refused> = async () => person;
    await using server = await startWith(() => recheck(), changes);
    const response = await follow(server.port);
    await once(response, 'data');
    server.tick();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(begun.at(-1)?.destroyed, false);
    if (later === undefined) changes.allowed = false;
    else recheck = later;
    response.on('error', () => undefined);
    const ended = new Promise((resolve) => response.once('close', resolve));
    server.tick();
    await ended;
    assert.equal(begun.at(-1)?.destroyed, true);
    await server.edge.close(0);
    assert.ok(
      server.decisions.some((decision) => decision.outcome === 'denied' && decision.code === code),
      code,
    );
  }
});

test('asking for the head of a stream leaves none open', async () => {
  await using server = await startWith(async () => person, { allowed: true });
  const response = await follow(server.port, 'HEAD');
  assert.equal(response.statusCode, 200);
  while (begun.at(-1)?.destroyed === false) await new Promise((resolve) => setImmediate(resolve));
});

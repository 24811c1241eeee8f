import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Decision } from './index.ts';
import { send, startEdge, unbound } from './edge-testing.ts';

test(
  'a client that resets while it is decided who it is is counted then, and not kept until the server stops',
  { timeout: 30_000 },
  async (t) => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    let told = (): void => undefined;
    const isCounted = new Promise<void>((resolve) => (told = resolve));
    const decisions: Decision[] = [];
    const server = await startEdge({
      async recordDecision(decision) {
        decisions.push(decision);
        if (decision.principal?.id === 'sp_slow') told();
      },
      caller: {
        kind: 'network',
        async authenticate(token) {
          if (token === 'sp_slow') {
            asked();
            await held;
          }
          return { kind: 'key', id: token, name: token, scopes: ['alerts:write'] };
        },
        authenticateSession: async () => ({ refused: 'session_unknown' }),
        recheck: async (principal) => principal,
        ...unbound,
      },
    });
    t.after(() => server.edge.close(0));
    const replies: ServerResponse[] = [];
    const see = (told: unknown): void => {
      if (typeof told !== 'object' || told === null || !('response' in told)) return;
      if (told.response instanceof ServerResponse) replies.push(told.response);
    };
    subscribe('http.server.request.start', see);
    const client = connect(server.port, '127.0.0.1');
    await once(client, 'connect');
    client.write(
      'POST /v1/leaves/a-record HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sp_slow\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    );
    await isAsked;
    unsubscribe('http.server.request.start', see);
    const reply = replies.find(({ req }) => req.headers.authorization === 'Bearer sp_slow');
    assert.ok(reply !== undefined && !reply.closed);
    const closed = once(reply, 'close');
    client.resetAndDestroy();
    await closed;
    letGo();
    // It was decided before this one, which came later, is answered.
    await send({ port: server.port, path: '/v1/leaves/nothing', method: 'POST', key: 'sp_next', body: '{}' });
    await isCounted;
    await server.edge.close(0);
    const counted = decisions.filter(({ principal }) => principal?.id === 'sp_slow');
    assert.deepEqual(
      counted.map(({ outcome, route, count }) => [outcome, route, count]),
      [['allowed', '/v1/leaves/:what', 1]],
    );
  },
);

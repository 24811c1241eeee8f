import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { createTestEdge } from './edge/edge-testing.ts';
import { probeTls } from './inventory/tls-probe.ts';
import { createOwnHandshakes } from './own-handshakes.ts';

const { signal } = new AbortController();
const certificate = createTestAuthority().issue({ commonName: 'localhost', dnsName: 'localhost', use: 'serverAuth' });

test('what the inventory has refused to itself is no denial, and what others are refused still is', async () => {
  const ownHandshakes = createOwnHandshakes();
  await using server = await createTestEdge({ tls: certificate, ownHandshakes });
  const port = Number(new URL(await server.edge.listen({ host: '0.0.0.0', port: 0 })).port);
  const target = { host: '127.0.0.1', port, serverName: 'localhost' };
  const offers = await probeTls({ ...target, ownHandshakes }, signal);
  assert.deepEqual(
    offers.map(({ version }) => version),
    ['1.3'],
  );
  await new Promise<void>((resolve) => {
    const options = { host: target.host, port, maxVersion: 'TLSv1.2' as const, rejectUnauthorized: false };
    connect(options)
      .on('error', () => undefined)
      .on('close', () => resolve());
  });
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  await server.edge.close();
  assert.deepEqual(
    server.decisions.map(({ code, count }) => [code, count]),
    [['request_malformed', 1]],
  );
});

test('an end counts for one refusal alone, and those nobody asks for do not add up', () => {
  const ends = createOwnHandshakes();
  ends.add({ localAddress: '127.0.0.1', localPort: 4000 });
  assert.equal(ends.take({ remoteAddress: '127.0.0.1', remotePort: 4001 }), false);
  assert.equal(ends.take({ remoteAddress: '::ffff:127.0.0.1', remotePort: 4000 }), true);
  assert.equal(ends.take({ remoteAddress: '127.0.0.1', remotePort: 4000 }), false);
  for (let localPort = 1; localPort <= 1000; localPort += 1) ends.add({ localAddress: '::1', localPort });
  assert.equal(ends.take({ remoteAddress: '::1', remotePort: 1 }), false);
  assert.equal(ends.take({ remoteAddress: '::1', remotePort: 1000 }), true);
});

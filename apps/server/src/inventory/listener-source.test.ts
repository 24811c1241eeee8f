import assert from 'node:assert/strict';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { createListenerSource } from './listener-source.ts';
import type { ListenerPlace } from './listener-source.ts';

const certificate = createTestAuthority().issue({ commonName: 'localhost', dnsName: 'localhost', use: 'serverAuth' });
const noEnd = (): AbortSignal => new AbortController().signal;

async function listen(context: TestContext, options: TlsOptions): Promise<ListenerPlace> {
  const server = createServer({ ...certificate, ...options });
  server.on('tlsClientError', () => undefined);
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  context.after(() => server.close());
  return { name: 'Test listener', owner: 'test', usedFor: 'testing', host: '127.0.0.1', port, names: ['localhost'] };
}

test('a listener is said to offer exactly what it agrees to, old versions included', async (context) => {
  const place = await listen(context, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0',
    ecdhCurve: 'P-256',
  });
  const source = createListenerSource({ places: () => [place], monotonicMs: () => 0 });
  const found = await source.gather(noEnd());
  const offered = found.flatMap((asset) =>
    asset.kind === 'protocol' && asset.side === 'server'
      ? [{ version: asset.version, suites: asset.cipherSuites.map(({ name }) => name), groups: asset.groups }]
      : [],
  );
  const old = { suites: ['ECDHE-ECDSA-AES256-SHA'], groups: ['P-256'] };
  assert.deepEqual(
    offered.map(({ suites, ...one }) => ({ ...one, suites: suites.toSorted() })),
    [
      { version: '1.0', ...old },
      { version: '1.1', ...old },
      { version: '1.2', suites: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-SHA'], groups: ['P-256'] },
    ],
  );
});

test('the certificate is the one that is shown, and the handshakes are not made anew each time', async (context) => {
  const place = await listen(context, { minVersion: 'TLSv1.3' });
  let nowMs = 0;
  const source = createListenerSource({ places: () => [place], monotonicMs: () => nowMs });
  const [first] = await source.gather(noEnd());
  assert.ok(first?.kind === 'certificate' && first.id === `certificate/tls-listener/127.0.0.1:${place.port}`);
  const again = await source.gather(noEnd());
  const offers = again.filter(({ kind }) => kind === 'protocol');
  assert.deepEqual(
    offers.map(({ name }) => name),
    [`TLS 1.3 at 127.0.0.1:${place.port}`, 'TLS 1.2 to 1.3 towards others'],
  );
  nowMs = 90_000_000;
  const later = await source.gather(noEnd());
  assert.deepEqual(
    later.map(({ id }) => id),
    again.map(({ id }) => id),
  );
});

test('a listener that is not there is a source that cannot say, not one without protocols', async (context) => {
  const place = await listen(context, {});
  const source = createListenerSource({ places: () => [{ ...place, port: 1 }], monotonicMs: () => 0 });
  await assert.rejects(source.gather(noEnd()), /Cannot shake hands with the listener at 127\.0\.0\.1:1: /);
});

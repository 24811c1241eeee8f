import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createPlainServer, type Server } from 'node:net';
import { createServer } from 'node:tls';
import { test } from 'node:test';
import { createTestAuthority, type TestCertificate } from '@sallyport/testing/test-authority';
import { CameraWatchError } from '../errors.ts';
import { createCameraConnections, fingerprintFrom } from './camera-connection.ts';
import { lookAtCertificate, trustedFingerprint } from './camera-trust.ts';

type Cleanup = { after(task: () => unknown): void };

const authority = createTestAuthority('House');
const own = authority.issue({ commonName: 'camera', dnsName: 'localhost', use: 'serverAuth' });
const swapped = authority.issue({ commonName: 'camera', dnsName: 'localhost', use: 'serverAuth' });
const old = authority.issue({ commonName: 'camera', dnsName: 'localhost', use: 'serverAuth', days: -1 });
const fingerprintOf = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256;
const { signal } = new AbortController();
const knowing = createCameraConnections({ allowLoopback: true, authorities: [authority.certificatePem] });
const unknowing = createCameraConnections({ allowLoopback: true });

async function listen(context: Cleanup, server: Server): Promise<number> {
  const closing = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => closing.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of closing) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What it was sent over TLS, too. */
async function startSecure(context: Cleanup, certificate: TestCertificate) {
  const heard: Buffer[] = [];
  const server = createServer(certificate, (socket) => {
    socket.on('error', () => undefined).on('data', (bytes) => heard.push(bytes));
  });
  server.on('tlsClientError', () => undefined);
  return { port: await listen(context, server), heard };
}

async function refusal(promise: Promise<unknown>): Promise<CameraWatchError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CameraWatchError, String(error));
  return error;
}

test('a certificate is trusted by an authority this machine knows and the name it has, or by its fingerprint alone', async (context) => {
  const { port } = await startSecure(context, own);
  const named = new URL(`rtsps://localhost:${port}/`);
  const numbered = new URL(`https://127.0.0.1:${port}/`);
  (await knowing({ url: named, fingerprint: undefined, signal })).destroy();
  (await unknowing({ url: numbered, fingerprint: fingerprintOf(own), signal })).destroy();
  assert.equal(
    (await refusal(knowing({ url: numbered, fingerprint: undefined, signal }))).code,
    'camera_certificate_untrusted',
  );
});

test('nothing is sent to a camera whose certificate nobody vouches for, is out of date or was swapped; which one is told', async (context) => {
  for (const [certificate, fingerprint, code] of [
    [own, undefined, 'camera_certificate_untrusted'],
    [old, undefined, 'camera_certificate_untrusted'],
    [swapped, fingerprintOf(own), 'camera_certificate_changed'],
  ] as const) {
    const { port, heard } = await startSecure(context, certificate);
    const connect = certificate === old ? knowing : unknowing;
    const error = await refusal(connect({ url: new URL(`rtsps://a:hunter2@localhost:${port}/`), fingerprint, signal }));
    assert.deepEqual([error.code, error.details['tls_fingerprint']], [code, fingerprintOf(certificate)]);
    assert.doesNotMatch(`${error.message}${error.hint ?? ''}`, /hunter2|localhost/);
    assert.equal(heard.length, 0);
  }
  // An authority does not outweigh what was pinned.
  const { port } = await startSecure(context, swapped);
  const pinned = knowing({ url: new URL(`rtsps://localhost:${port}/`), fingerprint: fingerprintOf(own), signal });
  assert.equal((await refusal(pinned)).code, 'camera_certificate_changed');
});

test('this machine, what speaks no TLS, what is not there and what is called off are no connection', async (context) => {
  const strict = createCameraConnections({ allowLoopback: false });
  for (const url of ['rtsp://127.0.0.1:9/', 'http://localhost:9/', 'rtsps://[::1]/'])
    assert.equal(
      (await refusal(strict({ url: new URL(url), fingerprint: undefined, signal }))).code,
      'camera_url_refused',
    );
  const plain = await listen(
    context,
    createPlainServer((socket) => socket.end('RTSP/1.0 200 OK\r\n\r\n')),
  );
  for (const port of [plain, 9]) {
    const url = new URL(`rtsps://127.0.0.1:${port}/`);
    assert.match((await refusal(unknowing({ url, fingerprint: undefined, signal }))).message, /not reached/);
  }
  const mute = await listen(context, createPlainServer());
  const stop = new AbortController();
  const opening = unknowing({
    url: new URL(`https://127.0.0.1:${mute}/`),
    fingerprint: undefined,
    signal: stop.signal,
  });
  stop.abort(new Error('stopped'));
  await assert.rejects(opening, /stopped/);
});

test('a trusted certificate belongs to one address, and is taken back when somebody says so', () => {
  const url = new URL('rtsps://192.0.2.7/a');
  const fingerprint = fingerprintOf(own);
  const before = { url, fingerprint };
  assert.equal(trustedFingerprint(url, fingerprint.replaceAll(':', '').toLowerCase()), fingerprint);
  assert.equal(trustedFingerprint(new URL('rtsps://192.0.2.7/b'), undefined, before), fingerprint);
  assert.equal(trustedFingerprint(new URL('rtsps://192.0.2.8/a'), undefined, before), undefined);
  assert.equal(trustedFingerprint(url, null, before), undefined);
  assert.throws(() => trustedFingerprint(new URL('rtsp://192.0.2.7/'), fingerprint), { code: 'camera_url_refused' });
  assert.equal(fingerprintFrom(fingerprint), fingerprint);
});

test('who adds a camera is told of its certificate at once, and not of one that is switched off', async (context) => {
  const { port } = await startSecure(context, own);
  const url = new URL(`https://localhost:${port}/`);
  const error = await refusal(lookAtCertificate(unknowing, { url, fingerprint: undefined }));
  assert.equal(error.details['tls_fingerprint'], fingerprintOf(own));
  await lookAtCertificate(unknowing, { url, fingerprint: fingerprintOf(own) });
  await lookAtCertificate(unknowing, { url: new URL('https://127.0.0.1:9/'), fingerprint: undefined });
});

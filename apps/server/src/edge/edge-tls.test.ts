import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCertificateAuthority, type CertificateAuthority } from '@sallyport/certificate-authority';
import { systemClock } from '@sallyport/platform/clock';
import { openDatabase } from '@sallyport/platform/database';
import { heldSocket, socketOver } from '@sallyport/testing/held-socket';
import { createTestEdge } from './edge-testing.ts';

function get(options: RequestOptions): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', agent: false, path: '/v1/public', ...options }, (response) => {
      response.on('error', reject);
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function createAuthority(): Promise<{ authority: CertificateAuthority } & AsyncDisposable> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-edge-tls-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  const sealed = new Map<string, Uint8Array>();
  const authority = await createCertificateAuthority(
    {
      secrets: {
        open: async (name) => sealed.get(name),
        seal: async (name, bytes) => void sealed.set(name, Uint8Array.from(bytes)),
      },
      outbox: { record: async () => undefined, flushed: async () => undefined },
      database,
      clock: systemClock,
      random: randomBytes,
    },
    { names: ['console.example.org'] },
  );
  return {
    authority,
    [Symbol.asyncDispose]: async () => {
      await close();
      rmSync(directory, { recursive: true });
    },
  };
}

test('with a certificate the edge speaks TLS 1.3 and nothing else, on any address, and takes a renewed one', async () => {
  await using made = await createAuthority();
  const { authority } = made;
  const first = await authority.serverCertificate(['localhost']);
  await using server = await createTestEdge({ tls: first.tlsOptions() });
  const port = Number(new URL(await server.edge.listen({ host: '0.0.0.0', port: 0 })).port);
  const client = { port, ca: authority.certificatePem, servername: 'localhost' };
  const reply = await get(client);
  assert.equal(reply.status, 200);
  assert.match(String(reply.headers['strict-transport-security']), /max-age=\d{8}/);
  await assert.rejects(get({ ...client, maxVersion: 'TLSv1.2' }), /protocol version/);
  await assert.rejects(get({ ...client, servername: 'console.example.org' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  server.edge.setTls((await authority.serverCertificate(['console.example.org'])).tlsOptions());
  assert.equal((await get({ ...client, servername: 'console.example.org' })).status, 200);
});

test(
  'a client that is silent in the middle of its handshake keeps neither the edge nor a door from closing',
  { timeout: 60_000 },
  async () => {
    await using made = await createAuthority();
    const { authority } = made;
    const tls = (await authority.serverCertificate(['localhost'])).tlsOptions();
    // Far longer than the test may take: nothing else ends these connections.
    const limits = { headersTimeoutMs: 3_600_000, idleTimeoutMs: 3_600_000 };
    await using server = await createTestEdge({ tls, limits });
    const main = Number(new URL(await server.edge.listen({ host: '127.0.0.1', port: 0 })).port);
    const door = await server.edge.openDoor({ host: '127.0.0.1', port: 0, hostNames: [], tls });
    const ends: Promise<unknown>[] = [];
    for (const port of [main, door.port]) {
      const silent = heldSocket(connect(port, '127.0.0.1'));
      ends.push(socketOver(silent));
      await once(silent, 'connect');
      // A handshake record that promises 512 bytes and brings one.
      silent.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
      // Connections are taken in order: after this one, the silent one was.
      await get({ port, ca: authority.certificatePem, servername: 'localhost' });
    }
    await door.close(0);
    await server.edge.close(0);
    await Promise.all(ends);
  },
);

import assert from 'node:assert/strict';
import { X509Certificate, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import type { AuditEvent, Outbox } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { openDatabase } from '@sallyport/platform/database';
import {
  createCertificateAuthority,
  type CertificateAuthority,
  type CertificateAuthorityNeeds,
  type TlsOptions,
} from './index.ts';

const dayMs = 24 * 60 * 60 * 1000;
const directory = mkdtempSync(join(tmpdir(), 'sallyport-certificates-'));
const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
after(async () => {
  await opened.close();
  rmSync(directory, { recursive: true });
});

type Setting = CertificateAuthorityNeeds & {
  clock: ReturnType<typeof createManualClock>;
  sealed: Map<string, Uint8Array>;
  events: AuditEvent[];
};

/** `outbox` fails when told; `sealed` is what the vault would hold. */
function setUp(options: { failOutbox?: boolean } = {}): Setting {
  const sealed = new Map<string, Uint8Array>();
  const events: AuditEvent[] = [];
  const outbox: Outbox = {
    async record(_transaction, event) {
      if (options.failOutbox === true) throw new Error('outbox is full');
      events.push(event);
    },
    flushed: async () => undefined,
  };
  return {
    secrets: {
      open: async (name) => sealed.get(name),
      seal: async (name, bytes) => void sealed.set(name, Uint8Array.from(bytes)),
    },
    database: opened.database,
    outbox,
    clock: createManualClock(Date.now()),
    random: randomBytes,
    sealed,
    events,
  };
}

/** Connects once; resolves with the protocol, or rejects as the client saw it. */
async function handshake(server: TlsOptions, client: ConnectionOptions): Promise<string | null> {
  const listener = createServer(server);
  // A refused handshake is what some tests are after; the client's side is what they look at.
  listener.on('tlsClientError', () => undefined);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  const socket = connect({ host: '127.0.0.1', port: address.port, ...client });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } finally {
    socket.destroy();
    listener.close();
  }
}

async function serverOptions(authority: CertificateAuthority, names: readonly string[]): Promise<TlsOptions> {
  return (await authority.serverCertificate(names)).tlsOptions();
}

test('a client that trusts the authority speaks TLS 1.3 with the server, by name and by address', async () => {
  const authority = await createCertificateAuthority(setUp(), { names: ['console.example.org', '2001:db8::7'] });
  const names = [
    'a.console.example.org',
    'console.example.org',
    'localhost',
    '127.0.0.1',
    '::1',
    '2001:db8::7',
    'fd00::1',
    '10.1.2.3',
  ];
  const server = await serverOptions(authority, names);
  const ca = authority.certificatePem;
  assert.equal(await handshake(server, { ca, servername: 'console.example.org' }), 'TLSv1.3');
  assert.equal(await handshake(server, { ca, servername: 'localhost' }), 'TLSv1.3');
  assert.equal(await handshake(server, { ca }), 'TLSv1.3');
});

test('a client that speaks only TLS 1.2 is refused', async () => {
  const authority = await createCertificateAuthority(setUp(), { names: [] });
  const server = await serverOptions(authority, ['localhost']);
  await assert.rejects(
    handshake(server, { ca: authority.certificatePem, servername: 'localhost', maxVersion: 'TLSv1.2' }),
    /protocol version/,
  );
});

test('a client refuses the server under another name, and without the authority', async () => {
  const authority = await createCertificateAuthority(setUp(), { names: [] });
  const server = await serverOptions(authority, ['localhost']);
  await assert.rejects(handshake(server, { ca: authority.certificatePem, servername: 'example.org' }), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  await assert.rejects(handshake(server, { servername: 'localhost' }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  const other = await createCertificateAuthority(setUp(), { names: [] });
  await assert.rejects(handshake(server, { ca: other.certificatePem, servername: 'localhost' }));
});

test('the authority certifies no name outside its constraints', async () => {
  const authority = await createCertificateAuthority(setUp(), { names: ['example.org', '203.0.113.7'] });
  for (const name of ['example.com', 'anexample.org', '203.0.113.8', '2001:db8::1']) {
    await assert.rejects(authority.serverCertificate([name]), { code: 'server_name_not_permitted' }, name);
  }
  await authority.serverCertificate(['a.example.org', '203.0.113.7', '10.1.2.3', 'fd00::1']);
});

test('a client refuses a name outside the constraints, also when the authority’s key signed it', async () => {
  const { issueAuthority, issueServer } = await import('./issue-certificate.ts');
  const { permittedFor } = await import('./server-name.ts');
  const validity = {
    serialNumber: '41',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
  };
  const stolen = await issueAuthority('stolen', permittedFor([]), validity);
  const ca = stolen.certificate.toString();
  for (const [kind, value, client] of [
    ['dns', 'bank.example', { ca, servername: 'bank.example' }],
    ['ip', '203.0.113.7', { ca, checkServerIdentity: () => undefined }],
  ] as const) {
    const { certificate, privateKey } = await issueServer(stolen, [{ kind, value }], validity);
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await assert.rejects(
      handshake({ key, cert: certificate.toString(), minVersion: 'TLSv1.3' }, client),
      /permitted subtree violation/,
    );
  }
});

test('names that are not names are refused', async () => {
  const authority = await createCertificateAuthority(setUp(), { names: [] });
  for (const name of [
    '',
    '*.localhost',
    'a b',
    '-a',
    'a..b',
    '1.2.3',
    'fe80::1%eth0',
    'a\nb',
    `${'a'.repeat(64)}.org`,
  ]) {
    await assert.rejects(authority.serverCertificate([name]), { code: 'server_name_invalid' }, name);
  }
  await assert.rejects(authority.serverCertificate([]), { code: 'server_name_not_permitted' });
});

test('the certificates say what they may be used for', async () => {
  const authority = await createCertificateAuthority(setUp(), { names: [] });
  const root = new X509Certificate(authority.certificatePem);
  const server = new X509Certificate((await authority.serverCertificate(['localhost'])).certificatePem);
  assert.equal(root.ca, true);
  assert.equal(server.ca, false);
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(server.subjectAltName, 'DNS:localhost');
  assert.ok(root.verify(root.publicKey) && server.verify(root.publicKey) && server.checkIssued(root));
  assert.equal(authority.fingerprint, root.fingerprint256);
  assert.notEqual(root.serialNumber, server.serialNumber);
});

test('the authority and the certificate are the same after a restart', async () => {
  const needs = setUp();
  const first = await createCertificateAuthority(needs, { names: ['example.org'] });
  const certificate = await first.serverCertificate(['example.org', '::1']);
  const second = await createCertificateAuthority(needs, { names: [] });
  assert.equal(second.certificatePem, first.certificatePem);
  assert.equal((await second.serverCertificate(['example.org', '::1'])).certificatePem, certificate.certificatePem);
  assert.equal(needs.events.length, 2);
});

test('a new certificate is issued for other names, and when a third of the lifetime remains', async () => {
  const needs = setUp();
  const authority = await createCertificateAuthority(needs, { names: [] });
  const first = await authority.serverCertificate(['localhost']);
  const wider = await authority.serverCertificate(['localhost', '127.0.0.1']);
  assert.notEqual(wider.certificatePem, first.certificatePem);
  needs.clock.setWall(wider.renewAtMs - 1);
  assert.equal((await authority.serverCertificate(['localhost', '127.0.0.1'])).certificatePem, wider.certificatePem);
  needs.clock.setWall(wider.renewAtMs);
  const renewed = await authority.serverCertificate(['localhost', '127.0.0.1']);
  assert.notEqual(renewed.certificatePem, wider.certificatePem);
  assert.ok(wider.notAfterMs - wider.renewAtMs > 30 * dayMs);
});

test('an expired authority issues nothing', async () => {
  const needs = setUp();
  const authority = await createCertificateAuthority(needs, { names: [] });
  needs.clock.advance(3651 * dayMs);
  await assert.rejects(authority.serverCertificate(['localhost']), { code: 'authority_expired' });
});

test('each issuance leaves one event, and no key is made when it cannot be recorded', async () => {
  const needs = setUp();
  await (await createCertificateAuthority(needs, { names: [] })).serverCertificate(['localhost']);
  assert.deepEqual(
    needs.events.map(({ classUid, event }) => [classUid, event['activity_id']]),
    [
      [3004, 1],
      [3004, 1],
    ],
  );
  const failing = setUp({ failOutbox: true });
  await assert.rejects(createCertificateAuthority(failing, { names: [] }), /outbox is full/);
  assert.equal(failing.sealed.size, 0);
});

test('no event and nothing public holds a private key', async () => {
  const needs = setUp();
  const authority = await createCertificateAuthority(needs, { names: [] });
  const certificate = await authority.serverCertificate(['localhost']);
  assert.doesNotMatch(JSON.stringify([needs.events, authority, certificate]), /PRIVATE KEY/);
});

test('a sealed authority that cannot be read is an error, never a new authority', async () => {
  const needs = setUp();
  await createCertificateAuthority(needs, { names: [] });
  const name = 'certificate-authority/authority';
  const whole = Buffer.from(needs.sealed.get(name) ?? '');
  const other = setUp();
  await createCertificateAuthority(other, { names: [] });
  const [, key = ''] = Buffer.from(other.sealed.get(name) ?? '')
    .toString()
    .split('-----END CERTIFICATE-----');
  const [certificate = ''] = whole.toString().split('-----END CERTIFICATE-----');
  for (const broken of [
    Buffer.alloc(0),
    whole.subarray(0, 100),
    Buffer.from(`${certificate}-----END CERTIFICATE-----${key}`),
  ]) {
    needs.sealed.set(name, broken);
    await assert.rejects(createCertificateAuthority(needs, { names: [] }), { code: 'authority_unreadable' });
  }
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import type { AuditEvent } from '@sallyport/ledger';
import { freePort } from '@sallyport/testing/free-port';
import { heldSocket, readToEnd } from '@sallyport/testing/held-socket';
import { admin, byAuthority, byPem, createHouse, foreignCertificate, getTls, type House } from './https.fixture.ts';
import type { HttpsRequest } from './https-change.ts';
import { describeHttps } from './https-status.ts';

const dayMs = 24 * 60 * 60 * 1000;

async function occupied(port = 0): Promise<{ port: number } & AsyncDisposable> {
  const squatter = createServer().listen(port, '127.0.0.1');
  await once(squatter, 'listening');
  const address = squatter.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => squatter[Symbol.asyncDispose](),
  };
}

const authorityOf = ({ https }: House): string => https.authority()?.certificatePem ?? '';
const actionsOf = ({ events }: House): unknown[] => events.map(({ event }) => event['message']);

test('the listener opens with the own authority, on TLS 1.3 only, and closes again', async () => {
  await using house = await createHouse();
  const port = await freePort();
  assert.equal(describeHttps(house.https.moment()).state, 'off');
  await house.https.change(byAuthority(port), admin);
  const ca = authorityOf(house);
  const reply = await getTls({ port, ca });
  assert.equal(reply.status, 200);
  assert.match(String(reply.headers['strict-transport-security']), /max-age/);
  using old = heldSocket(
    connect({ host: '127.0.0.1', port, ca, servername: 'gate.example.test', maxVersion: 'TLSv1.2' }),
  );
  await assert.rejects(once(old, 'secureConnect'), /protocol version/);
  assert.equal(house.https.publicOrigin(), `https://gate.example.test:${port}`);
  await house.https.change(undefined, admin);
  await assert.rejects(getTls({ port, ca }), { code: 'ECONNREFUSED' });
  assert.equal(house.https.publicOrigin(), undefined);
  assert.deepEqual(actionsOf(house), ['authority.create', 'certificate.issue', 'https.open', 'https.close']);
});

test('a listener answers to its own names, and only there; localhost is never told to insist on TLS', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port, ['gate.example.test', 'localhost']), admin);
  const ca = authorityOf(house);
  const plain = Number(new URL(await house.server.edge.listen({ host: '127.0.0.1', port: 0 })).port);
  const onPlain = await fetch(`http://127.0.0.1:${plain}/v1/public`);
  assert.equal(onPlain.status, 200);
  assert.equal(onPlain.headers.get('strict-transport-security'), null);
  const foreign = await getTls({ port, ca, headers: { host: 'evil.example.test' } });
  assert.equal(foreign.status, 421);
  const local = await getTls({ port, ca, name: 'localhost' });
  assert.deepEqual([local.status, local.headers['strict-transport-security']], [200, undefined]);
  // Names change with the next request, the certificate with the next handshake.
  await house.https.change(byAuthority(port, ['a.gate.example.test']), admin);
  assert.equal((await getTls({ port, ca, name: 'a.gate.example.test' })).status, 200);
  await assert.rejects(getTls({ port, ca, name: 'gate.example.test' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('a certificate is swapped without a connection falling', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  using kept = heldSocket(
    connect({ host: '127.0.0.1', port, ca: authorityOf(house), servername: 'gate.example.test' }),
  );
  await once(kept, 'secureConnect');
  const foreign = await foreignCertificate(['gate.example.test']);
  await house.https.change(byPem(port, foreign), admin);
  assert.equal((await getTls({ port, ca: foreign.authority.certificatePem })).status, 200);
  await assert.rejects(getTls({ port, ca: authorityOf(house) }), /unable to/);
  kept.write('GET /v1/public HTTP/1.1\r\nhost: gate.example.test\r\nconnection: close\r\n\r\n');
  assert.match(await readToEnd(kept), /^HTTP\/1.1 200/);
});

test('moving to another port answers on the new one and lets go of the old one', async () => {
  await using house = await createHouse();
  const [first, second] = [await freePort(), await freePort()];
  await house.https.change(byAuthority(first), admin);
  await house.https.change(byAuthority(second), admin);
  const ca = authorityOf(house);
  assert.equal((await getTls({ port: second, ca })).status, 200);
  await assert.rejects(getTls({ port: first, ca }), { code: 'ECONNREFUSED' });
  // The same port under another address: the old one must make room first.
  await house.https.change({ ...byAuthority(second), host: '0.0.0.0' }, admin);
  assert.equal((await getTls({ port: second, ca })).status, 200);
});

test('what is refused leaves the old listener as it was, and no trace', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  const ca = authorityOf(house);
  const before = actionsOf(house).length;
  await using squatter = await occupied();
  const foreign = await foreignCertificate(['other.example.test']);
  const refused = async (request: HttpsRequest, code: string): Promise<void> => {
    await assert.rejects(house.https.change(request, admin), { code });
    assert.equal((await getTls({ port, ca })).status, 200, code);
    assert.equal(house.https.publicOrigin(), `https://gate.example.test:${port}`);
  };
  await refused(byAuthority(squatter.port), 'port_in_use');
  await refused({ ...byAuthority(await freePort()), host: '192.0.2.1' }, 'host_not_here');
  await refused({ ...byAuthority(port), host: '192.0.2.1' }, 'host_not_here');
  await refused({ ...byAuthority(port), host: 'example.org' }, 'https_host_invalid');
  await refused(byAuthority(port, []), 'https_names_invalid');
  await refused(byAuthority(port, ['a b']), 'server_name_invalid');
  await refused(byAuthority(port, ['elsewhere.example']), 'server_name_not_permitted');
  await refused(byAuthority(await freePort(), ['elsewhere.example']), 'server_name_not_permitted');
  await refused(byPem(port, foreign), 'certificate_names_missing');
  await refused({ ...byAuthority(port), certificate: { kind: 'own', pem: undefined } }, 'https_certificate_needed');
  assert.equal(actionsOf(house).length, before);
});

test('a failed record of the change undoes it, key included', async () => {
  await using house = await createHouse();
  const port = await freePort();
  const first = await foreignCertificate(['gate.example.test']);
  const second = await foreignCertificate(['gate.example.test']);
  await house.https.change(byPem(port, first), admin);
  const sealed = Buffer.from(house.sealed.get('https/own-certificate') ?? []);
  Object.assign(house.needs.outbox, {
    record: async () => {
      throw new Error('outbox is full');
    },
  });
  await assert.rejects(house.https.change(byPem(await freePort(), second), admin), /outbox is full/);
  assert.equal((await getTls({ port, ca: first.authority.certificatePem })).status, 200);
  assert.deepEqual(Buffer.from(house.sealed.get('https/own-certificate') ?? []), sealed);
});

test('a new authority is taken back when the change that asked for it fails', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  const old = authorityOf(house);
  const { record } = house.needs.outbox;
  Object.assign(house.needs.outbox, {
    async record(transaction: never, event: AuditEvent) {
      if (event.event['message'] === 'https.open') throw new Error('outbox is full');
      await record(transaction, event);
    },
  });
  const wanted = byAuthority(port, ['elsewhere.example']);
  const change = house.https.change({ ...wanted, certificate: { kind: 'authority', replace: true } }, admin);
  await assert.rejects(change, /outbox is full/);
  assert.equal(authorityOf(house), old);
  house.clock.advance(61 * dayMs);
  Object.assign(house.needs.outbox, { record });
  await house.https.tick();
  const renewed = house.https.moment().shown?.chain.certificate;
  assert.equal(renewed?.verify(new X509Certificate(old).publicKey), true);
  assert.equal(house.logLines.join(''), '');
});

test('a new authority takes the place of the old one only when asked, and vouches for the new names', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  const old = authorityOf(house);
  const wanted = byAuthority(port, ['elsewhere.example']);
  await house.https.change({ ...wanted, certificate: { kind: 'authority', replace: true } }, admin);
  assert.notEqual(authorityOf(house), old);
  assert.equal((await getTls({ port, ca: authorityOf(house), name: 'elsewhere.example' })).status, 200);
  await assert.rejects(getTls({ port, ca: old, name: 'elsewhere.example' }), /unable to|certificate/);
});

test('after a restart the listener is there by itself, with the same certificate, for all that was chosen', async () => {
  await using begun = await createHouse();
  let house: House = begun;
  const port = await freePort();
  const foreign = await foreignCertificate(['gate.example.test']);
  for (const request of [byAuthority(port), byPem(port, foreign)]) {
    await house.https.change(request, admin);
    const before = house.https.moment().shown?.chain.certificate.serialNumber;
    house = await house.restart();
    assert.equal(house.https.moment().shown?.chain.certificate.serialNumber, before);
    const ca = request.certificate.kind === 'own' ? foreign.authority.certificatePem : authorityOf(house);
    assert.equal((await getTls({ port, ca })).status, 200);
  }
  // Without PEM: the certificate given before, on another port.
  const other = await freePort();
  await house.https.change({ ...byAuthority(other), certificate: { kind: 'own', pem: undefined } }, admin);
  assert.equal((await getTls({ port: other, ca: foreign.authority.certificatePem })).status, 200);
});

test('a start on a taken port, or with a damaged vault entry, costs HTTPS only, says why, and is made good later', async () => {
  await using begun = await createHouse();
  let house: House = begun;
  const port = await freePort();
  const foreign = await foreignCertificate(['gate.example.test']);
  await house.https.change(byPem(port, foreign), admin);
  const sealed = house.sealed.get('https/own-certificate') ?? new Uint8Array();
  house.sealed.set('https/own-certificate', Buffer.from('nonsense'));
  house = await house.restart();
  const failed = describeHttps(house.https.moment());
  assert.deepEqual(
    [failed.state, failed.problem?.code, failed.origin],
    ['failed', 'certificate_sealed_unreadable', null],
  );
  assert.ok(failed.warnings.some(({ code }) => code === 'https_not_listening'));
  assert.match(await house.server.edge.listen({ host: '127.0.0.1', port: 0 }), /^http:/);
  house.sealed.set('https/own-certificate', sealed);
  await house.https.tick();
  assert.equal((await getTls({ port, ca: foreign.authority.certificatePem })).status, 200);

  await house.https.change({ ...byAuthority(port), certificate: { kind: 'own', pem: undefined } }, admin);
  await house.server.edge.close(0);
  {
    await using _taker = await occupied(port);
    house = await house.restart();
    assert.equal(describeHttps(house.https.moment()).problem?.code, 'port_in_use');
  }
  await house.https.tick();
  assert.equal(describeHttps(house.https.moment()).state, 'open');
});

test('an authority that cannot be read keeps no listener closed that does without', async () => {
  await using begun = await createHouse();
  let house: House = begun;
  const port = await freePort();
  const foreign = await foreignCertificate(['gate.example.test']);
  await house.https.change(byPem(port, foreign), admin);
  house.sealed.set('certificate-authority/authority', Buffer.from('nonsense'));
  house = await house.restart();
  assert.equal((await getTls({ port, ca: foreign.authority.certificatePem })).status, 200);
  assert.match(house.logLines.join(''), /authority_unreadable/);
});

test('when neither the new nor the old listener can be had, nobody is told that it is open, and it comes back later', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  const { edge } = house.server;
  const { openDoor } = edge;
  Object.assign(edge, { openDoor: () => Promise.reject(new Error('no more handles')) });
  await assert.rejects(house.https.change({ ...byAuthority(port), host: '127.0.0.2' }, admin), /no more handles/);
  assert.equal(describeHttps(house.https.moment()).state, 'failed');
  Object.assign(edge, { openDoor });
  await house.https.tick();
  assert.equal(describeHttps(house.https.moment()).state, 'open');
  assert.equal((await getTls({ port, ca: authorityOf(house) })).status, 200);
});

test('a change to another ACME server that fails gives the account at the first one back', async () => {
  await using house = await createHouse();
  const account = Buffer.from('bound elsewhere');
  house.sealed.set('https/acme-account', account);
  Object.assign(house.needs.outbox, {
    record: async () => {
      throw new Error('outbox is full');
    },
  });
  const certificate = {
    kind: 'acme',
    directoryUrl: 'https://127.0.0.1:1/directory',
    directoryCaPem: undefined,
    challenge: 'tls-alpn-01',
    challengePort: 80,
    email: undefined,
    termsAgreed: true,
    externalAccount: undefined,
  } as const;
  await assert.rejects(house.https.change({ ...byAuthority(await freePort()), certificate }, admin), /outbox is full/);
  assert.deepEqual(Buffer.from(house.sealed.get('https/acme-account') ?? []), account);
});

test('the own authority’s certificate is renewed while running; somebody else’s is warned about, then called expired', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  const first = house.https.moment().shown?.chain.certificate.serialNumber;
  house.clock.advance(61 * dayMs);
  await house.https.tick();
  assert.notEqual(house.https.moment().shown?.chain.certificate.serialNumber, first);

  const foreign = await foreignCertificate(['gate.example.test'], house.clock.nowMs());
  await house.https.change(byPem(port, foreign), admin);
  const codes = (): string[] => describeHttps(house.https.moment()).warnings.map(({ code }) => code);
  assert.deepEqual(codes(), ['certificate_root_unknown']);
  house.clock.advance(61 * dayMs);
  assert.ok(codes().includes('certificate_expires_soon'));
  house.clock.advance(30 * dayMs);
  assert.ok(codes().includes('certificate_expired'));
});

test('no answer, event or line of the log holds a key, and a key no longer used is forgotten', async () => {
  await using house = await createHouse();
  const port = await freePort();
  const foreign = await foreignCertificate(['gate.example.test']);
  const secret = foreign.key.split('\n')[1] ?? '';
  await house.https.change(byPem(port, foreign), admin);
  const told = JSON.stringify([describeHttps(house.https.moment()), house.events]) + house.logLines.join('');
  assert.ok(secret.length > 30 && !told.includes(secret.slice(0, 30)));
  assert.match(Buffer.from(house.sealed.get('https/own-certificate') ?? []).toString(), /PRIVATE KEY/);
  await house.https.change(byAuthority(port), admin);
  assert.equal(house.sealed.get('https/own-certificate')?.length, 0);
});

test('two changes at once: the second is told to wait', async () => {
  await using house = await createHouse();
  const [first, second] = [await freePort(), await freePort()];
  const changing = house.https.change(byAuthority(first), admin);
  await assert.rejects(house.https.change(byAuthority(second), admin), { code: 'https_change_under_way' });
  await changing;
  assert.equal((await getTls({ port: first, ca: authorityOf(house) })).status, 200);
});

test('a session cookie of plain HTTP is none on TLS, and the other way round', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await house.https.change(byAuthority(port), admin);
  const ca = authorityOf(house);
  const token = 'writer'.padEnd(43, '-');
  const read = async (cookie: string): Promise<number> =>
    (await getTls({ port, ca, path: '/v1/items/1', headers: { cookie } })).status;
  assert.equal(await read(`__Host-sallyport=${token}`), 200);
  assert.equal(await read(`sallyport=${token}`), 401);
  const plain = await house.server.edge.listen({ host: '127.0.0.1', port: 0 });
  const readPlain = async (cookie: string): Promise<number> =>
    (await fetch(`${plain}/v1/items/1`, { headers: { cookie } })).status;
  assert.equal(await readPlain(`sallyport=${token}`), 200);
  assert.equal(await readPlain(`__Host-sallyport=${token}`), 401);
});

test('the server looks at itself: reached and trusted, or somebody else’s certificate, or nobody', async () => {
  await using house = await createHouse();
  const port = await freePort();
  await assert.rejects(house.https.test(), { code: 'https_not_on' });
  await house.https.change(byAuthority(port, ['localhost', '127.0.0.1', '10.255.255.1']), admin);
  const [local, address] = await house.https.test();
  assert.deepEqual([local?.outcome, local?.isTrusted], ['reached', true]);
  assert.deepEqual([address?.outcome, address?.isTrusted], ['reached', true]);
});

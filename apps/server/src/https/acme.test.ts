import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import type { AuditEvent } from '@sallyport/ledger';
import { freePort } from '@sallyport/testing/free-port';
import { heldSocket, readToEnd } from '@sallyport/testing/held-socket';
import { admin, createHouse, getTls, type House } from './https.fixture.ts';
import type { HttpsRequest } from './https-change.ts';
import { describeHttps } from './https-status.ts';
import { pebbleMissing, startPebble, type Pebble } from './pebble.fixture.ts';

const dayMs = 24 * 60 * 60 * 1000;
const skip = pebbleMissing ?? false;
let pebble: Pebble;
before(async () => {
  if (skip === false) pebble = await startPebble();
});
after(() => pebble?.stop());

type Acme = Extract<HttpsRequest['certificate'], { kind: 'acme' }>;

function byAcme(
  port: number,
  changes: Partial<Acme> = {},
  names = ['gate.example.test', 'www.example.test'],
): HttpsRequest {
  return {
    names,
    host: '127.0.0.1',
    port,
    publicPort: undefined,
    certificate: {
      kind: 'acme',
      directoryUrl: pebble.directoryUrl,
      directoryCaPem: pebble.caPem,
      challenge: 'http-01',
      challengePort: pebble.httpPort,
      email: 'ada@example.org',
      termsAgreed: true,
      externalAccount: undefined,
      ...changes,
    },
  };
}

async function ordered(house: House, request: HttpsRequest): Promise<void> {
  await house.https.change(request, admin);
  await house.https.settled();
  const { problem } = house.https.moment().order;
  assert.equal(problem, undefined, problem?.message);
}

test(
  'http-01: an order ends in a certificate that browsers of that root accept, for every name',
  { skip },
  async () => {
    await using house = await createHouse();
    const port = await freePort();
    await house.https.change(byAcme(port), admin);
    assert.equal(describeHttps(house.https.moment()).state, 'waiting');
    // No certificate yet: nobody is shown anything.
    await assert.rejects(getTls({ port, ca: pebble.caPem }), /handshake failure/);
    await house.https.settled();
    assert.equal(house.https.moment().order.problem, undefined);
    const ca = await pebble.rootPem();
    for (const name of ['gate.example.test', 'www.example.test'])
      assert.equal((await getTls({ port, ca, name })).status, 200, name);
    const described = describeHttps(house.https.moment());
    assert.equal(described.state, 'open');
    assert.equal(described.origin, `https://gate.example.test:${port}`);
    assert.equal(described.certificate?.chain_length, 2);
    // The challenge's port is closed again.
    await assert.rejects(fetch(`http://127.0.0.1:${pebble.httpPort}/`));
    const actions = house.events.map(({ event }) => event['message']);
    assert.deepEqual(actions, ['https.open', 'certificate.obtain']);
    // What is secret is in the vault and nowhere else.
    const account = Buffer.from(house.sealed.get('https/acme-account') ?? []).toString();
    assert.match(account, /PRIVATE KEY/);
    for (const told of [JSON.stringify(described), JSON.stringify(house.events), house.logLines.join('')])
      assert.doesNotMatch(told, /PRIVATE KEY/);
  },
);

test(
  'tls-alpn-01: the listener answers the challenge itself, and other clients meanwhile see its own certificate',
  { skip },
  async () => {
    await using house = await createHouse();
    const before = { kind: 'authority', replace: false } as const;
    const listening = byAcme(pebble.tlsPort);
    await house.https.change({ ...listening, certificate: before }, admin);
    const own = house.https.authority()?.certificatePem ?? '';
    const changed = house.https.change(byAcme(pebble.tlsPort, { challenge: 'tls-alpn-01' }), admin);
    await changed;
    assert.match((await getTls({ port: pebble.tlsPort, ca: own })).issuer, /Sallyport authority/);
    await house.https.settled();
    assert.equal(house.https.moment().order.problem, undefined);
    assert.equal((await getTls({ port: pebble.tlsPort, ca: await pebble.rootPem() })).status, 200);
    await assert.rejects(getTls({ port: pebble.tlsPort, ca: own }), /unable to/);
    // After the order nobody is shown a challenge any more.
    using socket = heldSocket(
      connect({
        host: '127.0.0.1',
        port: pebble.tlsPort,
        servername: 'gate.example.test',
        ALPNProtocols: ['acme-tls/1'],
      }),
    );
    await assert.rejects(once(socket, 'secureConnect'), /application protocol/);
  },
);

test(
  'a certificate is renewed after two thirds of its life, connections go on, and a restart orders none',
  { skip },
  async () => {
    await using begun = await createHouse();
    let house: House = begun;
    const port = await freePort();
    await ordered(house, byAcme(port));
    const first = house.https.moment();
    const firstSerial = first.shown?.chain.certificate.serialNumber;
    const life = new X509Certificate(first.shown?.tls.cert ?? '');
    const caller = { host: '127.0.0.1', port, ca: await pebble.rootPem(), servername: 'gate.example.test' };
    using open = heldSocket(connect(caller));
    await once(open, 'secureConnect');
    const cutOff = readToEnd(open);
    // A connection that is open keeps no process from ending.
    house = await house.restart();
    assert.equal(await cutOff, '');
    await house.https.tick();
    await house.https.settled();
    assert.equal(house.https.moment().shown?.chain.certificate.serialNumber, firstSerial, 'the same after a restart');
    assert.equal((await getTls({ port, ca: await pebble.rootPem() })).status, 200);
    using kept = heldSocket(connect({ ...caller, ca: await pebble.rootPem() }));
    await once(kept, 'secureConnect');

    const renewAtMs = house.https.moment().renewAtMs ?? 0;
    const lifeMs = life.validToDate.getTime() - life.validFromDate.getTime();
    assert.ok(Math.abs(renewAtMs - (life.validFromDate.getTime() + (lifeMs * 2) / 3)) < 1000);
    house.clock.setWall(renewAtMs - 1);
    await house.https.tick();
    assert.equal(house.https.moment().order.phase, 'idle');
    house.clock.setWall(renewAtMs);
    await house.https.tick();
    assert.equal(house.https.moment().order.phase, 'running');
    await house.https.settled();
    // The real clock is Pebble's: to ours the new certificate begins in the past, and is due again.
    assert.equal(house.https.moment().order.problem, undefined);
    assert.notEqual(house.https.moment().shown?.chain.certificate.serialNumber, firstSerial);
    kept.write('GET /v1/public HTTP/1.1\r\nhost: gate.example.test\r\nconnection: close\r\n\r\n');
    assert.match(await readToEnd(kept), /^HTTP\/1.1 200/);
  },
);

test(
  'a name that leads elsewhere is told of in words, tried again with growing pauses, and given up after five',
  { skip },
  async () => {
    await using house = await createHouse();
    const port = await freePort();
    // Nobody answers there.
    await pebble.resolveTo('127.0.0.9');
    try {
      await house.https.change(byAcme(port), admin);
      const pauses: number[] = [];
      for (let attempt = 1; attempt <= 6; attempt += 1) {
        await house.https.settled();
        const { order } = house.https.moment();
        assert.equal(order.failures, attempt);
        assert.equal(order.problem?.code, 'acme_challenge_refused', order.problem?.message);
        assert.match(order.problem?.message ?? '', /"gate\.example\.test" leads here/);
        assert.match(order.problem?.hint ?? '', /port 80/);
        if (order.nextAtMs === undefined) break;
        pauses.push((order.nextAtMs - house.clock.nowMs()) / 60_000);
        house.clock.setWall(order.nextAtMs - 1);
        await house.https.tick();
        assert.equal(house.https.moment().order.phase, 'waiting');
        house.clock.advance(1);
        await house.https.tick();
      }
      assert.deepEqual(pauses, [1, 5, 30, 120, 720]);
      assert.equal(house.https.moment().order.phase, 'stopped');
      house.clock.advance(30 * dayMs);
      await house.https.tick();
      assert.equal(house.https.moment().order.phase, 'stopped', 'nobody is asked again');
      assert.ok(describeHttps(house.https.moment()).warnings.some(({ code }) => code === 'acme_gave_up'));
    } finally {
      await pebble.resolveTo('127.0.0.1');
    }
    house.clock.setWall(Date.now());
    house.https.tryAgain();
    await house.https.settled();
    assert.equal(describeHttps(house.https.moment()).state, 'open');
  },
);

test(
  'an unknown directory, one nobody vouches for, plain HTTP and a page that is none are told apart',
  { skip },
  async () => {
    await using house = await createHouse();
    assert.deepEqual(
      { ...(await house.https.readDirectory(pebble.directoryUrl, pebble.caPem)), termsUrl: 'x' },
      { termsUrl: 'x', externalAccountRequired: false },
    );
    const refused = async (url: string, ca: string | undefined, code: string): Promise<void> =>
      assert.rejects(house.https.readDirectory(url, ca), { code }, url);
    await refused(pebble.directoryUrl, undefined, 'acme_unreachable');
    await refused(`https://127.0.0.1:${await freePort()}/dir`, undefined, 'acme_unreachable');
    await refused(pebble.directoryUrl.replace('https', 'http'), undefined, 'acme_directory_invalid');
    await refused('file:///etc/passwd', undefined, 'acme_directory_invalid');
    await refused(pebble.directoryUrl.replace('/dir', '/nonce-plz'), pebble.caPem, 'acme_directory_invalid');
  },
);

test(
  'terms not agreed to, an address instead of a name, and a taken challenge port change nothing',
  { skip },
  async () => {
    await using house = await createHouse();
    const port = await freePort();
    const refused = async (request: HttpsRequest, code: string): Promise<void> => {
      await assert.rejects(house.https.change(request, admin), { code });
      assert.equal(house.https.moment().settings, undefined);
      await assert.rejects(getTls({ port, ca: pebble.caPem }), { code: 'ECONNREFUSED' });
    };
    await refused(byAcme(port, { termsAgreed: false }), 'acme_terms_not_agreed');
    await refused(byAcme(port, {}, ['192.0.2.1']), 'acme_name_unsupported');
    await refused(byAcme(port, { directoryUrl: 'http://127.0.0.1/dir' }), 'acme_directory_invalid');
    await using squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    await refused(byAcme(port, { challengePort: taken }), 'challenge_port_in_use');
    assert.deepEqual(house.events, []);
  },
);

test('an order that ends while another certificate is chosen is not shown in its place', { skip }, async () => {
  await using house = await createHouse();
  const { record, flushed } = house.needs.outbox;
  const [isObtained, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let last: unknown;
  let opened = 0;
  Object.assign(house.needs.outbox, {
    async record(transaction: never, event: AuditEvent) {
      last = event.event['message'];
      await record(transaction, event);
    },
    // The order waits here, with its certificate, until the other choice is committed.
    async flushed() {
      const before = last;
      last = undefined;
      if (before === 'certificate.obtain') {
        isObtained.resolve();
        await release.promise;
      }
      if (before === 'https.open') opened += 1;
      if (opened === 2) setImmediate(release.resolve);
      await flushed();
    },
  });
  const port = await freePort();
  await house.https.change(byAcme(port), admin);
  await isObtained.promise;
  await house.https.change({ ...byAcme(port), certificate: { kind: 'authority', replace: false } }, admin);
  await house.https.settled();
  const own = house.https.authority()?.certificatePem ?? '';
  assert.match((await getTls({ port, ca: own })).issuer, /Sallyport authority/);
});

test('an account bound to another elsewhere is opened with its key, and refused without', { skip }, async () => {
  const externalAccount = {
    keyId: 'kid-1',
    hmacKey: 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W',
  };
  const bound = await startPebble({ externalAccount });
  try {
    await using house = await createHouse();
    const changes = { directoryUrl: bound.directoryUrl, directoryCaPem: bound.caPem, challengePort: bound.httpPort };
    assert.equal((await house.https.readDirectory(bound.directoryUrl, bound.caPem)).externalAccountRequired, true);
    await house.https.change(byAcme(await freePort(), changes), admin);
    await house.https.settled();
    assert.equal(house.https.moment().order.problem?.code, 'acme_refused');
    await ordered(house, byAcme(await freePort(), { ...changes, externalAccount }));
    const told = JSON.stringify([describeHttps(house.https.moment()), house.events]);
    assert.doesNotMatch(told, new RegExp(externalAccount.hmacKey.slice(0, 20)));
  } finally {
    await bound.stop();
  }
});

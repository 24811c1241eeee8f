import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { createKeptSink, listenerNeeds, over, until } from './listener-testing.ts';
import { openStreamListener } from './stream-listener.ts';

const authority = createTestAuthority();
const senders = createTestAuthority('Authority of senders');
const strangers = createTestAuthority('Authority of senders');
const shown = authority.issue({ commonName: 'localhost', dnsName: 'localhost', use: 'serverAuth' });

/** A connection whose handshake is done. Rejects when it is refused; under TLS 1.3 a client learns that later. */
async function reach(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    ca: authority.certificatePem,
    ...options,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

async function say(port: number, text: string, options: ConnectionOptions = {}): Promise<void> {
  const socket = await reach(port, options);
  socket.end(text);
  socket.resume();
  await over(socket);
}

test('TLS 1.2 and 1.3 with authenticated encryption are spoken, nothing weaker, and what is refused is counted', async (t) => {
  const sink = createKeptSink();
  const needs = listenerNeeds(sink);
  const listener = await openStreamListener(needs, shown);
  t.after(() => listener.close());
  await say(listener.port, '<13>new\n', { minVersion: 'TLSv1.3' });
  await say(listener.port, '<13>old\n', { maxVersion: 'TLSv1.2' });
  await until(() => sink.texts.length === 2);
  const weak: readonly ConnectionOptions[] = [
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA:AES256-SHA:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:@SECLEVEL=0' },
  ];
  for (const options of weak) await assert.rejects(reach(listener.port, options), JSON.stringify(options));
  await until(() => needs.refusals.counts().handshake === weak.length);
  assert.equal(needs.counts.refused, weak.length);
  assert.equal(sink.texts.length, 2);
});

test('what the server has refused to itself is not told, whoever it is made to look like', async (t) => {
  const own = new Set<number>();
  const needs = {
    ...listenerNeeds(createKeptSink()),
    ownHandshakes: {
      take: ({ remotePort = 0 }: { readonly remotePort?: number | undefined }) => own.delete(remotePort),
    },
  };
  const listener = await openStreamListener(needs, shown);
  t.after(() => listener.close());
  const refused = async (isOwn: boolean): Promise<void> => {
    const socket = connect({
      host: '127.0.0.1',
      port: listener.port,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    socket.on('error', () => undefined).on('connect', () => isOwn && own.add(socket.localPort ?? 0));
    await over(socket);
  };
  await refused(true);
  await refused(false);
  await until(() => needs.counts.refused > 0);
  assert.deepEqual([needs.counts.refused, own.size], [1, 0]);
});

test('no session is taken up again and none is negotiated anew', async (t) => {
  const listener = await openStreamListener(listenerNeeds(createKeptSink()), shown);
  t.after(() => listener.close());
  const first = await reach(listener.port, { maxVersion: 'TLSv1.2' });
  const session = first.getSession();
  first.resume();
  const refused = once(first, 'error');
  first.renegotiate({}, (error) => assert.ok(error instanceof Error));
  assert.match(String(await refused), /no.renegotiation/i);
  first.destroy();
  assert.ok(session !== undefined);
  const second = await reach(listener.port, { maxVersion: 'TLSv1.2', session });
  assert.equal(second.isSessionReused(), false);
  second.destroy();
});

test('a renewed certificate is shown from then on, to old and new senders alike; connections that are open stay', async (t) => {
  const sink = createKeptSink();
  const listener = await openStreamListener(listenerNeeds(sink), shown);
  t.after(() => listener.close());
  const open = await reach(listener.port);
  open.write('<13>before\n');
  await until(() => sink.texts.length === 1);
  const renewed = authority.issue({ commonName: 'localhost', dnsName: 'localhost', use: 'serverAuth' });
  // As the server's own certificates come: the terms of this listener hold for them too.
  listener.setTls?.({ ...renewed, minVersion: 'TLSv1.3' });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const later = await reach(listener.port, { maxVersion });
    assert.notEqual(later.getPeerX509Certificate()?.fingerprint256, open.getPeerX509Certificate()?.fingerprint256);
    later.destroy();
  }
  await assert.rejects(
    reach(listener.port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0' }),
  );
  open.end('<13>after\n');
  await until(() => sink.texts.length === 2);
});

test('with an authority for senders the certificate’s name is the sender; everybody else is refused, counted and not read', async (t) => {
  const sink = createKeptSink();
  const needs = listenerNeeds(sink);
  const listener = await openStreamListener(needs, { ...shown, ca: senders.certificatePem, requestCert: true });
  t.after(() => listener.close());
  await say(listener.port, '<13>one\n', senders.issue({ commonName: 'x', dnsName: 'web-1.example' }));
  await until(() => sink.texts.length === 1);
  assert.deepEqual([...sink.senders], ['certificate web-1.example']);
  const others: readonly ConnectionOptions[] = [
    {},
    strangers.issue({ commonName: 'web-1', dnsName: 'web-1.example' }),
    senders.issue({ commonName: 'web-1', dnsName: 'web-1.example', days: -1 }),
    senders.issue({ commonName: 'web-1', dnsName: 'web-1.example', use: 'serverAuth' }),
    shown,
  ];
  for (const [index, options] of others.entries()) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const before = needs.refusals.counts().certificate;
      await say(listener.port, `<13>stranger ${index}\n`, { ...options, maxVersion }).catch(() => undefined);
      await until(() => needs.refusals.counts().certificate === before + 1);
    }
  }
  listener.setTls?.({ ...shown, ca: senders.certificatePem });
  await say(listener.port, '<13>still not\n').catch(() => undefined);
  await until(() => needs.refusals.counts().certificate === 11);
  assert.deepEqual(sink.texts, ['<13>one']);
  assert.deepEqual([needs.counts.refused, needs.counts.accepted], [11, 1]);
});

test('who speaks no TLS, or nothing at all, is cut off after its time; who only looks is no refusal', async (t) => {
  const sink = createKeptSink();
  const needs = listenerNeeds(sink, { limits: { handshakeMs: 1500 } });
  const listener = await openStreamListener(needs, shown);
  t.after(() => listener.close());
  const plain = connectPlain({ host: '127.0.0.1', port: listener.port });
  plain.on('error', () => undefined);
  plain.write('<13>in the clear\n');
  plain.resume();
  await over(plain);
  const silent = connectPlain({ host: '127.0.0.1', port: listener.port });
  silent.on('error', () => undefined);
  silent.resume();
  await over(silent);
  assert.equal(needs.refusals.counts().handshake, 2);
  const looking = connectPlain({ host: '127.0.0.1', port: listener.port });
  looking.on('error', () => undefined);
  await once(looking, 'connect');
  looking.resetAndDestroy();
  await say(listener.port, '<13>well\n');
  await until(() => sink.texts.length === 1 && listener.connections() === 0);
  assert.equal(needs.counts.refused, 2);
});

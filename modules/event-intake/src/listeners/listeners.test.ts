import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createManualClock } from '@sallyport/platform/clock';
import { EventIntakeError } from '../errors.ts';
import type { EventIntake, IntakeMessages } from '../event-intake.ts';
import { openDatagramListener } from './datagram-listener.ts';
import { allowedBy, fromDocument, listenersOff, plainAddress, toDocument } from './listener-settings.ts';
import { createKeptSink, listenerNeeds, quietLog, over, sendText, until } from './listener-testing.ts';
import { addressSender } from './sender.ts';
import { openStreamListener } from './stream-listener.ts';
import { createSyslogSink } from './syslog-sink.ts';

test('messages over TCP arrive in order, counted or a line each, the last one without an end too', async (t) => {
  const sink = createKeptSink();
  const needs = listenerNeeds(sink);
  const listener = await openStreamListener(needs);
  t.after(() => listener.close());
  await sendText(listener.port, '<13>one\n<13>two\n<13>three');
  await sendText(listener.port, '8 <13>four8 <13>five');
  await until(() => sink.texts.length === 5);
  assert.deepEqual(sink.texts, ['<13>one', '<13>two', '<13>three', '<13>four', '<13>five']);
  assert.deepEqual([needs.counts.accepted, [...sink.senders]], [5, ['address 127.0.0.1']]);
});

test('while the ledger is behind, a sender over TCP has to wait, and nothing it sent is lost', async (t) => {
  const sink = createKeptSink();
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.gate = promise;
  const listener = await openStreamListener(listenerNeeds(sink));
  t.after(() => listener.close());
  const socket = connect({ host: '127.0.0.1', port: listener.port });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const line = `<13>${'x'.repeat(995)}\n`;
  // More than the system's buffers hold.
  const total = 32_768;
  for (let sent = 0; sent < total; sent += 64) socket.write(line.repeat(64));
  const drained = once(socket, 'drain');
  assert.ok(
    await Promise.race([drained.then(() => false), sleep(300).then(() => true)]),
    'the sender was never stopped',
  );
  assert.ok(socket.writableLength > 0);
  resolve();
  socket.end();
  await over(socket);
  await until(() => sink.texts.length === total);
  assert.ok(sink.texts.every((text) => text.length === 999));
});

test('who may not send, sends too slowly or opens too many connections is cut off and counted', async (t) => {
  const sink = createKeptSink();
  const closed = listenerNeeds(sink, { isAllowed: () => false });
  const refusing = await openStreamListener(closed);
  const clock = createManualClock(0);
  const bounded = listenerNeeds(sink, { clock, limits: { maxConnectionsPerAddress: 1 } });
  const listener = await openStreamListener(bounded);
  t.after(() => Promise.all([refusing.close(), listener.close()]));
  const stranger = connect({ host: '127.0.0.1', port: refusing.port });
  stranger.on('error', () => undefined);
  await over(stranger);
  assert.equal(closed.counts.refused, 1);
  const slow = connect({ host: '127.0.0.1', port: listener.port });
  slow.on('error', () => undefined);
  await once(slow, 'connect');
  slow.write('<13>never en');
  await until(() => listener.connections() === 1);
  const second = connect({ host: '127.0.0.1', port: listener.port });
  second.on('error', () => undefined);
  await over(second);
  assert.equal(bounded.counts.refused, 1);
  clock.advance(60_000);
  slow.write('d');
  await over(slow);
  // What it had said is kept, though it is not whole.
  await until(() => sink.texts.length === 1);
});

test('datagrams are messages; what finds no room is dropped and counted', async (t) => {
  const sink = createKeptSink();
  const { promise, resolve } = Promise.withResolvers<void>();
  const needs = listenerNeeds(sink);
  const listener = await openDatagramListener(needs);
  const socket = createSocket('udp4');
  t.after(async () => {
    socket.close();
    await listener.close();
  });
  const send = (text: string): Promise<void> =>
    new Promise((sent) => socket.send(text, listener.port, '127.0.0.1', () => sent()));
  await send('<13>hello');
  await until(() => sink.texts.length === 1);
  sink.gate = promise;
  const long = `<13>${'x'.repeat(60_000)}`;
  for (let index = 0; index < 120; index += 1) await send(long);
  await until(() => needs.counts.dropped > 0);
  resolve();
  await until(() => sink.texts.length === needs.counts.accepted && needs.counts.accepted > 30);
  assert.equal(sink.texts[0], '<13>hello');
});

test('a ledger that refuses is asked again, without the messages that are durable already', async () => {
  const taken: string[] = [];
  let refusals = 1;
  const intake: Pick<EventIntake, 'acceptEvents'> = {
    async acceptEvents({ events }: IntakeMessages) {
      const texts = events.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));
      if (refusals > 0) {
        refusals -= 1;
        taken.push(...texts.slice(0, 1));
        throw new EventIntakeError('too_many_sources', 'Cannot', { details: { next_sequence: 1 } });
      }
      taken.push(...texts);
      return { accepted: texts.length, alreadyKnown: 0, keptRaw: 0, runs: [], reasons: [], isIdempotent: false };
    },
  };
  const sink = createSyslogSink({ intake, log: quietLog, signal: new AbortController().signal });
  const events = ['a', 'b', 'c'].map((text) => ({ bytes: Buffer.from(text) }));
  assert.equal(await sink.deliver(addressSender('::1'), events, 0), true);
  assert.deepEqual(taken, ['a', 'b', 'c']);
});

test('networks are read strictly, and settings come back as they were kept', () => {
  const isAllowed = allowedBy(['10.0.0.0/8', '::1', 'fd00::/8']);
  assert.deepEqual(
    ['10.2.3.4', '11.0.0.1', '::1', '::2', 'fd12::1', 'host'].map((address) => isAllowed(address)),
    [true, false, true, false, true, false],
  );
  for (const network of ['', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'lan', '::/129', '10.0.0.0/-1'])
    assert.throws(() => allowedBy([network]), { code: 'listener_settings_invalid' }, network);
  assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1');
  const settings = { ...listenersOff, ports: { tcp: 5514 }, allowedNetworks: ['::1'], zoneMinutes: 330 };
  assert.deepEqual(fromDocument(toDocument(settings)), settings);
  assert.deepEqual(fromDocument('[]'), listenersOff);
});

const skip = existsSync('/usr/bin/logger') ? false : 'no logger (bsdutils)';

test('logger is understood over UDP and TCP', { skip }, async (t) => {
  const sink = createKeptSink();
  const stream = await openStreamListener(listenerNeeds(sink));
  const datagrams = await openDatagramListener(listenerNeeds(sink));
  t.after(() => Promise.all([stream.close(), datagrams.close()]));
  for (const [kind, port] of [
    ['-T', stream.port],
    ['-d', datagrams.port],
  ] as const) {
    for (const form of ['--rfc5424', '--rfc3164']) {
      const run = spawnSync('/usr/bin/logger', [
        '-n',
        '127.0.0.1',
        '-P',
        String(port),
        kind,
        form,
        '-t',
        'probe',
        'told',
      ]);
      assert.equal(run.status, 0, String(run.stderr));
    }
  }
  await until(() => sink.texts.length === 4);
  for (const text of sink.texts) assert.match(text, /^<13>.*probe.*told$/);
});

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { openDatagramListener } from './datagram-listener.ts';
import { createKeptSink, listenerNeeds, over, sendText, until } from './listener-testing.ts';
import { createMessageRate } from './message-rate.ts';
import { openStreamListener } from './stream-listener.ts';

async function reach(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('who sends too fast over TCP is read from later, is counted, and loses nothing', async (t) => {
  const clock = createManualClock(0);
  const pauses: number[] = [];
  const { promise: later, resolve: goOn } = Promise.withResolvers<void>();
  const sink = createKeptSink();
  const needs = listenerNeeds(sink, {
    clock,
    rate: createMessageRate({ clock, perSecond: 10 }),
    async pause(ms) {
      pauses.push(ms);
      await later;
    },
  });
  const listener = await openStreamListener(needs);
  t.after(() => listener.close());
  const socket = await reach(listener.port);
  const lines = (from: number, count: number): string =>
    Array.from({ length: count }, (_, index) => `<13>line ${from + index}\n`).join('');
  socket.write(lines(0, 150));
  await until(() => pauses.length === 1);
  const taken = sink.texts.length;
  assert.ok(taken >= 101 && taken <= 150, `${taken} were taken`);
  assert.equal(pauses[0], (taken - 100) * 100);
  socket.end(lines(150, 20_000));
  assert.equal(needs.counts.overRate, taken);
  goOn();
  await until(() => sink.texts.length === 20_150);
  assert.deepEqual([sink.texts[0], sink.texts.at(-1)], ['<13>line 0', '<13>line 20149']);
  assert.deepEqual([needs.counts.accepted, needs.counts.dropped], [20_150, 0]);
});

test('datagrams over the rate are dropped, counted and told with their reason; another sender is not touched', async (t) => {
  const clock = createManualClock(0);
  const sink = createKeptSink();
  const needs = listenerNeeds(sink, { clock, rate: createMessageRate({ clock, perSecond: 1 }) });
  const listener = await openDatagramListener(needs);
  const [loud, calm] = [createSocket('udp4'), createSocket('udp4')];
  t.after(async () => {
    loud.close();
    calm.close();
    await listener.close();
  });
  const send = (text: string, from: ReturnType<typeof createSocket>): Promise<void> =>
    new Promise((sent) => from.send(text, listener.port, '127.0.0.1', () => sent()));
  await new Promise<void>((bound) => calm.bind(0, '127.0.0.2', bound));
  for (let index = 0; index < 50; index += 1) await send(`<13>loud ${index}`, loud);
  await send('<13>calm', calm);
  await until(() => sink.texts.includes('<13>calm') && needs.counts.accepted === 11);
  assert.deepEqual([needs.counts.overRate, needs.counts.dropped], [40, 40]);
  assert.equal(needs.refusals.counts().rate, 40);
});

test('a flood of empty datagrams finds room for as many as memory has, not as their bytes would have', async (t) => {
  const sink = createKeptSink();
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.gate = promise;
  const needs = listenerNeeds(sink);
  const listener = await openDatagramListener(needs);
  const socket = createSocket('udp4');
  t.after(async () => {
    socket.close();
    resolve();
    await listener.close();
  });
  const send = (): Promise<void> => new Promise((sent) => socket.send('x', listener.port, '127.0.0.1', () => sent()));
  let sent = 0;
  for (; sent < 50_000 && needs.refusals.counts().room === 0; sent += 1) await send();
  await until(() => needs.refusals.counts().room > 0);
});

test('a message that never ends holds no more than its beginning, and the next one is read', async (t) => {
  const sink = createKeptSink();
  const listener = await openStreamListener(listenerNeeds(sink, { limits: { maxMessageBytes: 2048 } }));
  t.after(() => listener.close());
  await sendText(listener.port, `<13>${'x'.repeat(5_000_000)}\n<13>next\n`);
  await until(() => sink.texts.at(-1) === '<13>next');
  assert.equal(sink.texts.length, 2);
  assert.match(sink.texts[0] ?? '', /^message_cut<13>x+$/);
  assert.ok((sink.texts[0] ?? '').length < 3000);
});

test('counted messages with a length that lies are cut off, not waited for without end', async (t) => {
  const sink = createKeptSink();
  const needs = listenerNeeds(sink, { limits: { messageMs: 50 } });
  const listener = await openStreamListener(needs);
  t.after(() => listener.close());
  for (const text of ['999999999999 <13>x', '65536 <13>short', '7 <13>one7 <13>two-and-more']) {
    const socket = await reach(listener.port);
    socket.write(text);
    await over(socket);
  }
  await until(() => sink.texts.some((text) => text.includes('<13>one')) && listener.connections() === 0);
});

test('slow lorises get their minute and no more, and leave room for others', async (t) => {
  const sink = createKeptSink();
  const clock = createManualClock(0);
  const needs = listenerNeeds(sink, { clock, limits: { maxConnections: 4, maxConnectionsPerAddress: 4 } });
  const listener = await openStreamListener(needs);
  t.after(() => listener.close());
  const lorises = await Promise.all(Array.from({ length: 4 }, () => reach(listener.port)));
  const drips = lorises.map((socket) => setInterval(() => socket.writable && socket.write('x'), 20));
  t.after(() => drips.forEach((drip) => clearInterval(drip)));
  for (const socket of lorises) socket.write('<13>');
  await until(() => listener.connections() === 4);
  const fifth = await reach(listener.port);
  await over(fifth);
  assert.equal(needs.refusals.counts().connections, 1);
  // A byte now and then does not put it off.
  clock.advance(60_000);
  await Promise.all(lorises.map((socket) => over(socket)));
  await sendText(listener.port, '<13>honest\n');
  await until(() => sink.texts.includes('<13>honest'));
});

test('a listener that closes tells its senders and delivers what they had sent by then', async () => {
  const sink = createKeptSink();
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.gate = promise;
  const listener = await openStreamListener(listenerNeeds(sink));
  const socket = await reach(listener.port);
  const lines = Array.from({ length: 5000 }, (_, index) => `<13>line ${index}\n`);
  socket.write(lines.slice(0, 2000).join(''));
  await until(() => listener.connections() === 1);
  const ended = once(socket, 'end');
  socket.resume();
  // As rsyslog does: what it had begun goes out, then it sees the end and hangs up.
  socket.write(lines.slice(2000).join(''), () => resolve());
  const closed = listener.close();
  await ended;
  await closed;
  assert.equal(sink.texts.length, 5000);
});

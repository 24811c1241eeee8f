import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@sallyport/platform/clock';
import type { Log } from '@sallyport/platform/log';
import type { EventBytes } from '../event-bytes.ts';
import { createMessageRate } from './message-rate.ts';
import { createRefusals } from './refusals.ts';
import type { Refusals } from './refusals.ts';
import type { Sender } from './sender.ts';
import type { ListenerNeeds } from './stream-listener.ts';
import type { SyslogSink } from './syslog-sink.ts';

const silent = (): void => undefined;
export const quietLog: Log = { debug: silent, info: silent, warn: silent, error: silent, with: () => quietLog };

export type KeptSink = SyslogSink & { readonly texts: string[]; readonly senders: Set<string>; gate: Promise<void> };

/** A sink that remembers, and waits while it is told to. */
export function createKeptSink(): KeptSink {
  const kept: KeptSink = {
    texts: [],
    senders: new Set(),
    gate: Promise.resolve(),
    async deliver(sender: Sender, events: readonly EventBytes[]) {
      await kept.gate;
      kept.senders.add(`${sender.kind} ${sender.name}`);
      for (const { bytes, fault } of events) kept.texts.push(`${fault ?? ''}${Buffer.from(bytes).toString('utf8')}`);
      return true;
    },
  };
  return kept;
}

export type TestedNeeds = ListenerNeeds & { readonly refusals: Refusals };

export function listenerNeeds(sink: SyslogSink, more: Partial<ListenerNeeds> = {}): TestedNeeds {
  const clock = systemClock;
  return {
    host: '127.0.0.1',
    port: 0,
    zoneMinutes: 0,
    isAllowed: () => true,
    sink,
    counts: { accepted: 0, dropped: 0, overRate: 0, refused: 0 },
    clock,
    rate: createMessageRate({ clock, perSecond: 1_000_000 }),
    ...more,
    refusals: createRefusals({ clock, record: async () => undefined }),
  };
}

/** Asks until it is so, for half a minute: other tests run beside. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let times = 0; times < 3000 && !isTrue(); times += 1) await sleep(10);
  assert.ok(isTrue(), 'it did not come true within half a minute');
}

/** Resolves once the connection is over: cut off with bytes on the way, it ends by a reset, which is an end as well. */
export function over(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => undefined);
  if (socket.closed) resolve();
  else socket.once('close', () => resolve());
  return promise;
}

/** One connection that says this and hangs up. */
export async function sendText(port: number, text: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  const ended = over(socket);
  socket.end(text);
  socket.resume();
  await ended;
}

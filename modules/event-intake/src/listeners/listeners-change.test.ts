import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { systemClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { freePort } from '@sallyport/testing/free-port';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { EventIntakeError } from '../errors.ts';
import { eventIntakeMigrations } from '../index.ts';
import { quietLog, until } from './listener-testing.ts';
import { listenersOff } from './listener-settings.ts';
import { createSyslogListeners } from './listeners.ts';
import type { SyslogListeners } from './listeners.ts';

/** Listeners over a real database, whose senders are over their quota until told otherwise. */
async function startListeners(t: TestContext): Promise<{
  listeners: SyslogListeners;
  quota: { isOver: boolean; asked: number };
  port: number;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-listeners-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
  const ledger = createMemoryLedger({ clock: systemClock });
  let drawn = 0;
  const random = (length: number): Buffer => Buffer.alloc(length, (drawn += 1));
  const quota = { isOver: true, asked: 0 };
  const listeners = createSyslogListeners({
    intake: {
      async acceptEvents({ events }) {
        quota.asked += 1;
        if (quota.isOver) throw new EventIntakeError('source_quota_exceeded', 'Cannot take in more today');
        return { accepted: events.length, alreadyKnown: 0, keptRaw: 0, runs: [], reasons: [], isIdempotent: false };
      },
    },
    database,
    outbox: createOutbox({ database, ledger, key: Buffer.alloc(32, 7), random, nowMs: systemClock.nowMs }),
    clock: systemClock,
    log: quietLog,
    tls: async () => undefined,
    every: () => () => undefined,
    closeGraceMs: 50,
  });
  t.after(async () => {
    await listeners.close();
    await close();
    rmSync(directory, { recursive: true, force: true });
  });
  const port = await freePort();
  await listeners.change({ ...settings, ports: { tcp: port } }, by);
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.resume();
  t.after(() => socket.destroy());
  socket.write('<13>waits until midnight\n');
  await until(() => quota.asked > 0);
  return { listeners, quota, port };
}

const by = { kind: 'user', id: 'u', name: 'kim' };
const settings = { ...listenersOff, host: '127.0.0.1', allowedNetworks: ['127.0.0.1'] };

test('a sender that waits for its limit holds up no change of the listeners, and loses nothing by one', async (t) => {
  const { listeners, quota, port } = await startListeners(t);
  const changed = await listeners.change({ ...settings, ports: { tcp: port }, messagesPerSecond: 7 }, by);
  assert.deepEqual([changed.settings.messagesPerSecond, changed.status.tcp.port], [7, port]);
  const other = connect({ host: '127.0.0.1', port });
  other.on('error', () => undefined);
  await once(other, 'connect');
  other.destroy();
  quota.isOver = false;
  await until(() => listeners.moment().status.tcp.accepted === 1);
  assert.equal(listeners.moment().status.tcp.dropped, 0);
});

test('a stop waits no longer than its grace for a sender that waits, and counts what it gives up', async (t) => {
  const { listeners } = await startListeners(t);
  await listeners.close();
  const { accepted, dropped } = listeners.moment().status.tcp;
  assert.deepEqual([accepted, dropped], [0, 1]);
});

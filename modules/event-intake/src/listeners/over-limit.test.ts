import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@sallyport/platform/log';
import { systemClock } from '@sallyport/platform/clock';
import { EventIntakeError } from '../errors.ts';
import type { EventIntake } from '../event-intake.ts';
import { startHouse } from '../intake-testing.ts';
import { addressSender } from './sender.ts';
import { createSyslogSink } from './syslog-sink.ts';

const message = (text: string) => ({ bytes: Buffer.from(`<13>Oct  9 08:52:20 h app: ${text}`) });

test('over UDP a sender over its limits loses what is over, and nobody waits with it; over TCP it waits', async (t) => {
  const house = await startHouse(t);
  const stopped = new AbortController();
  const log = createLog({ clock: systemClock, write: () => undefined });
  const sink = createSyslogSink({ intake: house.intake, log, signal: stopped.signal });
  const loud = addressSender('192.0.2.1');
  assert.equal(await sink.deliver(loud, [message('first')], 0, 'drop'), true);
  const by = { kind: 'user', id: 'u', name: 'kim' };
  await house.intake.sources.change({ keyId: 'syslog', name: '192.0.2.1', by, bytesPerDay: 1 });

  assert.equal(await sink.deliver(loud, [message('lost')], 0, 'drop'), false);
  assert.equal(await sink.deliver(addressSender('192.0.2.2'), [message('quiet one')], 0, 'drop'), true);
  const waits = sink.deliver(loud, [message('waits')], 0);
  assert.equal(await sink.deliver(addressSender('192.0.2.2'), [message('goes on')], 0), true);
  stopped.abort();
  assert.equal(await waits, false);
  assert.equal(house.bodies().length, 3);
  const { figures } = await house.intake.sources.read('syslog', '192.0.2.1');
  assert.equal(figures.totals.refused.get('source_quota_exceeded'), 2);
});

test('over UDP nobody waits for a sender of whom nothing can be recorded, not even among the others', async () => {
  const intake: Pick<EventIntake, 'acceptEvents'> = {
    async acceptEvents() {
      throw new EventIntakeError('too_many_sources', 'Cannot add source');
    },
  };
  const log = createLog({ clock: systemClock, write: () => undefined });
  const sink = createSyslogSink({ intake, log, signal: new AbortController().signal });
  assert.equal(await sink.deliver(addressSender('192.0.2.1'), [message('lost')], 0, 'drop'), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { createRefusals } from './refusals.ts';

test('a hundred thousand refusals are counted each and told in one short event', async () => {
  const clock = createManualClock(1000);
  const told: JsonObject[] = [];
  const refusals = createRefusals({ clock, record: async (details) => void told.push(details) });
  await refusals.record();
  assert.equal(told.length, 0, 'nothing refused, nothing told');
  for (let index = 0; index < 100_000; index += 1)
    refusals.count({
      reason: index % 2 === 0 ? 'certificate' : 'rate',
      address: `10.0.${index % 200}.1`,
      detail: 'x'.repeat(5000),
    });
  clock.advance(60_000);
  await refusals.record();
  await refusals.record();
  assert.equal(told.length, 1);
  const [event] = told;
  assert.deepEqual(event?.['refused'], { certificate: 50_000, rate: 50_000 });
  assert.deepEqual([event?.['since_ms'], event?.['until_ms']], [1000, 61_000]);
  assert.ok(JSON.stringify(event).length < 4000);
  assert.equal(refusals.counts().certificate, 50_000);
});

test('a name that is cut in the middle of a character is still text', async () => {
  const told: JsonObject[] = [];
  const clock = createManualClock(0);
  const refusals = createRefusals({ clock, record: async (details) => void told.push(details) });
  refusals.count({ reason: 'certificate', address: '10.0.0.1', detail: `${'x'.repeat(199)}\u{1f600}` });
  await refusals.record();
  assert.ok(!/\\ud83d/i.test(JSON.stringify(told)), JSON.stringify(told));
});

test('what could not be told is told the next time, with what came since', async () => {
  const told: JsonObject[] = [];
  let isAway = true;
  const refusals = createRefusals({
    clock: createManualClock(0),
    async record(details) {
      refusals.count({ reason: 'network', address: '10.0.0.9' });
      if (isAway) throw new Error('the ledger is away');
      told.push(details);
    },
  });
  refusals.count({ reason: 'network', address: '10.0.0.9' });
  await assert.rejects(refusals.record());
  isAway = false;
  await refusals.record();
  assert.deepEqual(told[0]?.['refused'], { network: 2 });
  assert.deepEqual(told[0]['first_senders'], [{ reason: 'network', address: '10.0.0.9', times: 2 }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createDecisionRecorder, type SingleDecision } from './decision-recorder.ts';
import type { Decision } from './needs.ts';

const denial: SingleDecision = {
  outcome: 'denied',
  code: 'authentication_failed',
  method: 'GET',
  route: '/v1/a',
  address: '192.0.2.1',
};

function setUp(recordDecision?: (decision: Decision) => Promise<void>): {
  recorder: ReturnType<typeof createDecisionRecorder>;
  recorded: Decision[];
  clock: ReturnType<typeof createManualClock>;
} {
  const recorded: Decision[] = [];
  const clock = createManualClock(1000);
  const log = createLog({ clock, write: () => undefined });
  const recorder = createDecisionRecorder({
    clock,
    log,
    recordDecision: recordDecision ?? (async (decision) => void recorded.push(decision)),
  });
  return { recorder, recorded, clock };
}

test('decisions alike are recorded as one with their number and times', async () => {
  const { recorder, recorded, clock } = setUp();
  recorder.count(denial);
  clock.advance(300);
  recorder.count(denial);
  recorder.count({ ...denial, address: '192.0.2.2' });
  await recorder.close();
  assert.deepEqual(recorded, [
    { ...denial, count: 2, firstAtMs: 1000, lastAtMs: 1300 },
    { ...denial, address: '192.0.2.2', count: 1, firstAtMs: 1300, lastAtMs: 1300 },
  ]);
});

test('a flood from many addresses is bounded, and every decision of it is counted', async () => {
  const { recorder, recorded } = setUp();
  for (let address = 0; address < 5000; address += 1) recorder.count({ ...denial, address: `192.0.2.${address}` });
  await recorder.close();
  assert.ok(recorded.length <= 1001);
  assert.equal(
    recorded.reduce((sum, { count }) => sum + count, 0),
    5000,
  );
  assert.equal(recorded.find(({ address }) => address === 'various')?.count, 4000);
});

test('what cannot be recorded is kept and recorded with what follows', async () => {
  const recorded: Decision[] = [];
  let failures = 1;
  const { recorder } = setUp(async (decision) => {
    if (decision.address === '192.0.2.2' && failures > 0) {
      failures -= 1;
      throw new Error('ledger is gone');
    }
    recorded.push(decision);
  });
  for (const last of [1, 2, 3]) recorder.count({ ...denial, address: `192.0.2.${last}` });
  await assert.rejects(recorder.close(), /ledger is gone/);
  recorder.count({ ...denial, address: '192.0.2.2' });
  await recorder.close();
  assert.deepEqual(
    recorded.map(({ address, count }) => [address, count]),
    [
      ['192.0.2.1', 1],
      ['192.0.2.2', 2],
      ['192.0.2.3', 1],
    ],
  );
});
